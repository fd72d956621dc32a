"""What VALR's records say of the account: fees, trades, orders, transactions (protocol 9, 10.10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec.structs import replace

from valr_connector.core.trading_rules import TradingRules
from valr_connector.model.account import AccountOrder, AccountTrade, FeeRates, Transaction
from valr_connector.net.rest import RestClient
from valr_connector.protocol import account_values as values
from valr_connector.protocol import endpoints
from valr_connector.protocol.requests import Lane, Request

T = TypeVar("T")


class AccountData:
    """The whole account, by REST: also what other programs did, what was done by hand, and what was long ago.

    The orders of this instance are in `ValrExchange.orders`, and their fills are told as they happen; this is
    for fees, reports and tax. Each call is one question, which counts in the key's limit of 2000 a minute and
    waits behind everything that concerns orders.

    Every call raises `InvalidArgumentError` for an argument that breaks its rule, `ThrottledError` where the
    limits leave no room in time, `TransportError` where VALR was not reached, `ExchangeError` and
    `DecodeError` for what it answered, and `ClosedError` after closing.

    Args:
        rest: sends the questions.
        rules: the pairs' names.
    """

    def __init__(self, *, rest: RestClient, rules: TradingRules) -> None:
        self._rest = rest
        self._rules = rules

    async def fees(self) -> Mapping[str, FeeRates]:
        """What the account pays for trades in each pair that VALR lists."""
        rows = await self._ask(endpoints.fees())
        pairs = ((self._rules.pair_of(row.currency_pair), row) for row in rows)
        return {pair: values.to_fee_rates(pair, row) for pair, row in pairs if pair is not None}

    async def trades(
        self,
        *,
        skip: int = 0,
        limit: int = 100,
        start: datetime | None = None,
        end: datetime | None = None,
        before_id: str | None = None,
    ) -> Sequence[AccountTrade]:
        """The account's fills in all pairs, newest first.

        Args:
            limit: 1 to 100.
            start, end: aware times; without them VALR may go back 30 days only.
            before_id: only those before the fill of this id, to go back page by page.
        """
        rows = await self._ask(
            endpoints.trade_history(skip=skip, limit=limit, start=start, end=end, before_id=before_id)
        )
        return tuple(values.to_account_trade(self._rules.pair_of(row.pair_symbol), row) for row in rows)

    async def pair_trades(self, pair: str, *, skip: int = 0, limit: int = 100) -> Sequence[AccountTrade]:
        """The account's fills in one pair, newest first; VALR takes no times here.

        Raises:
            UnknownPairError: VALR lists no such pair.
        """
        info = self._rules.pair(pair)
        rows = await self._ask(endpoints.pair_trade_history(info.symbol, skip=skip, limit=limit))
        return tuple(values.to_account_trade(info.pair, row) for row in rows)

    async def orders(
        self,
        *,
        pair: str | None = None,
        skip: int = 0,
        limit: int = 100,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Sequence[AccountOrder]:
        """The account's orders, open and ended, those that failed or were cancelled without a fill included.

        Newest change first.

        Args:
            pair: only those in ``BTC-ZAR``.
            limit: 1 to 100.
            start, end: aware times of the last change.

        Raises:
            UnknownPairError: VALR lists no such pair.
        """
        symbol = None if pair is None else self._rules.symbol_of(pair)
        rows = await self._ask(
            endpoints.order_history(symbol=symbol, skip=skip, limit=limit, start=start, end=end)
        )
        return tuple(values.to_account_order(self._rules.pair_of(row.pair_symbol), row) for row in rows)

    async def transactions(
        self,
        *,
        types: Sequence[str] = (),
        currency: str | None = None,
        skip: int = 0,
        limit: int = 100,
        start: datetime | None = None,
        end: datetime | None = None,
        before_id: str | None = None,
    ) -> Sequence[Transaction]:
        """Everything that changed the account's wallets, newest first.

        Args:
            types: only these, in VALR's words, such as ``["LIMIT_BUY", "LIMIT_SELL"]``; all where empty.
            currency: only what concerns this one, ``ZAR``.
            limit: 1 to 100.
            start, end: aware times.
            before_id: only those before the transaction of this id, to go back page by page.
        """
        rows = await self._ask(
            endpoints.transaction_history(
                types=types,
                currency=currency,
                skip=skip,
                limit=limit,
                start=start,
                end=end,
                before_id=before_id,
            )
        )
        return tuple(values.to_transaction(self._rules.pair_of(row.pair_symbol or ""), row) for row in rows)

    async def _ask(self, request: Request[T]) -> T:
        """Behind the reconciliation's questions, of which some are the same."""
        return await self._rest.call(replace(request, lane=Lane.READ))
