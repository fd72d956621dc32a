"""REST about an account: key, balances, trades, transactions, fees (protocol 9)."""

from __future__ import annotations

from collections.abc import Sequence

from valr_connector.simulator.account_wire import (
    balance_object,
    fee_object,
    trade_history_object,
    transaction_object,
)
from valr_connector.simulator.answers import Answer, ok
from valr_connector.simulator.authentication import VIEW
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.order_entry import unsupported_pair
from valr_connector.simulator.rest_call import Call, Page, Route
from valr_connector.simulator.vocabulary import AccountTrade
from valr_connector.simulator.wire import time_text

_MOST_TRANSACTIONS = 200
"""In one page (9.5)."""


class AccountRest:
    """What an account has and did."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    @classmethod
    def routes(cls) -> Sequence[Route]:
        """The lines of the route table."""
        account = "/v1/account"
        return (
            Route("GET", f"{account}/api-keys/current", cls, cls._current_key, VIEW),
            Route("GET", f"{account}/balances", cls, cls._balances, VIEW, max_age_s=1),
            Route("GET", f"{account}/balances/all", cls, cls._all_balances, VIEW, is_primary_only=True),
            Route("GET", f"{account}/tradehistory", cls, cls._trades, VIEW),
            Route("GET", f"{account}/{{pair}}/tradehistory", cls, cls._pair_trades, VIEW),
            Route("GET", f"{account}/transactionhistory", cls, cls._transactions, VIEW),
            Route("GET", f"{account}/fees/trade", cls, cls._fees, VIEW),
        )

    async def _current_key(self, call: Call) -> Answer:
        key = call.caller.key
        return ok(
            {
                "label": key.label,
                "permissions": list(key.permissions),
                "addedAt": time_text(key.added_at),
                "isSubAccount": not call.caller.is_primary,
            }
        )

    async def _balances(self, call: Call) -> Answer:
        without_zero = call.flag("excludeZeroBalances")
        wallets = self._floor.venue.wallets(call.account_id)
        return ok([balance_object(wallet) for wallet in wallets if not (without_zero and wallet.is_empty)])

    async def _all_balances(self, _call: Call) -> Answer:
        """Of the primary account and its subaccounts, without empty wallets (9.3)."""
        venue = self._floor.venue
        return ok(
            [
                {
                    "account": {"label": label, "id": account_id},
                    "balances": [
                        balance_object(wallet) for wallet in venue.wallets(account_id) if not wallet.is_empty
                    ],
                }
                for account_id, label in self._floor.labels().items()
            ]
        )

    async def _trades(self, call: Call) -> Answer:
        """Of all pairs: a pair in the query is ignored, as by VALR (9.4)."""
        return self._page_of(call.page(), self._floor.venue.trades(call.account_id))

    async def _pair_trades(self, call: Call) -> Answer:
        symbol = call.path["pair"]
        if symbol not in self._floor.venue.pairs:
            raise unsupported_pair()
        trades = self._floor.venue.trades(call.account_id)
        page = call.page(takes_id=False, takes_times=False)
        return self._page_of(page, [trade for trade in trades if trade.symbol == symbol])

    def _page_of(self, page: Page, trades: Sequence[AccountTrade]) -> Answer:
        entries = page.cut(trades, time=lambda trade: trade.traded_at, entry_id=lambda trade: trade.trade_id)
        return ok([trade_history_object(trade) for trade in entries])

    async def _transactions(self, call: Call) -> Answer:
        """Of all types and currencies unless the query names some; an unknown one finds nothing (9.5)."""
        types, currencies = call.names("transactionTypes"), call.names("currency")
        page = call.page(_MOST_TRANSACTIONS).cut(
            [
                transaction
                for transaction in self._floor.venue.transactions(call.account_id)
                if not types or transaction.type in types
                if not currencies or not currencies.isdisjoint(transaction.currencies)
            ],
            time=lambda transaction: transaction.at,
            entry_id=self._floor.record_id,
        )
        return ok([transaction_object(each, self._floor.record_id(each)) for each in page])

    async def _fees(self, call: Call) -> Answer:
        venue = self._floor.venue
        fees = venue.fees(call.account_id)
        return ok([fee_object(pair, fees) for pair in venue.pairs.values()])
