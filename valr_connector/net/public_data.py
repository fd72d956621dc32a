"""What VALR tells everybody by REST, asked no more often than there is something new (protocol 7, 8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from valr_connector.core.trading_rules import TradingRules
from valr_connector.model.events import TradingRulesChanged
from valr_connector.model.ids import Pair
from valr_connector.model.market import (
    CachedBook,
    CachedFullBook,
    Candle,
    Currency,
    FundingRate,
    FuturesInfo,
    MarketSummary,
    PairInfo,
    PublicTrade,
    RiskLimit,
)
from valr_connector.net.shared_calls import SharedCalls
from valr_connector.protocol import endpoints
from valr_connector.protocol import market_requests as market
from valr_connector.protocol import market_values as values
from valr_connector.protocol.pair_rules import to_pair_infos


class PublicData:
    """VALR's market data, without a key or with one.

    The same question asked by many is sent once, and again only when VALR's own cache has a new answer;
    without a key 30 questions a minute are all there is.

    Every call raises `ThrottledError` where the limits leave no room in time, `TransportError` where VALR was
    not reached, `ExchangeError` and `DecodeError` for what it answered; a call about a pair raises
    `UnknownPairError` for one that VALR does not list.

    Args:
        calls: sends the questions.
        rules: the pairs' names; filled by the first question that needs them.
        has_key: whether `calls` has a key: books and trades are then a second old instead of 30, and count in
            the key's limit of 2000 a minute (protocol 8).
        on_rules: told of each pair that is new or changed.
    """

    def __init__(
        self,
        *,
        calls: SharedCalls,
        rules: TradingRules,
        has_key: bool,
        on_rules: Callable[[TradingRulesChanged], object] = lambda _: None,
    ) -> None:
        self._rules = rules
        self._calls = calls
        self._has_key = has_key
        self._on_rules = on_rules

    # --- pairs and currencies ----------------------------------------------------------------------

    async def pairs(self) -> Sequence[PairInfo]:
        """Every pair with its rules, at most a minute old."""
        rows = await self._calls.call(endpoints.pairs())
        for change in self._rules.replace(to_pair_infos(rows)):
            self._on_rules(change)
        return tuple(self._rules)

    async def order_types(self) -> Mapping[Pair, tuple[str, ...]]:
        """Which order types each active pair takes, in VALR's words, at most a minute old."""
        rows = await self._calls.call(endpoints.order_types())
        await self._know_pairs()
        pairs = ((self._rules.pair_of(row.currency_pair), row.order_types) for row in rows)
        return {pair: tuple(sorted(types)) for pair, types in pairs if pair is not None}

    async def pair_order_types(self, pair: str) -> tuple[str, ...]:
        """Which order types one pair takes, active or not."""
        info = await self._info(pair)
        words = await self._calls.call(endpoints.pair_order_types(info.symbol))
        return tuple(sorted(words))

    async def currencies(self) -> Sequence[Currency]:
        """Every currency, at most a minute old."""
        rows = await self._calls.call(market.currencies())
        return tuple(values.to_currency(row) for row in rows)

    # --- prices ------------------------------------------------------------------------------------

    async def summaries(self) -> Sequence[MarketSummary]:
        """The last 24 hours of every pair, at most a minute old."""
        rows = await self._calls.call(market.summaries())
        await self._know_pairs()
        pairs = ((self._rules.pair_of(row.pair_symbol), row) for row in rows)
        return tuple(values.to_summary(pair, row) for pair, row in pairs if pair is not None)

    async def summary(self, pair: str) -> MarketSummary:
        """The last 24 hours of one pair, at most ten seconds old."""
        info = await self._info(pair)
        row = await self._calls.call(market.summary(info.symbol))
        return values.to_summary(info.pair, row)

    async def order_book(self, pair: str) -> CachedBook:
        """Up to 40 levels a side, up to 30 s old without a key: for looking at, never for quoting.

        A live book comes from the socket alone (`ValrExchange.book`); this one is never mixed into it.
        """
        info = await self._info(pair)
        request = market.book(info.symbol, is_signed=self._has_key)
        return values.to_cached_book(info.pair, await self._calls.call(request), market.max_age_s(request))

    async def full_order_book(self, pair: str) -> CachedFullBook:
        """Every order of the book, as old as `order_book` and for the same use: never for quoting.

        A live one comes from the socket alone, with ``books=BookFeed.FULL``.
        """
        info = await self._info(pair)
        request = market.full_book(info.symbol, is_signed=self._has_key)
        answer = await self._calls.call(request)
        return values.to_cached_full_book(info.pair, answer, market.max_age_s(request))

    async def trades(
        self,
        pair: str,
        *,
        skip: int = 0,
        limit: int = 100,
        start: datetime | None = None,
        end: datetime | None = None,
        before_id: str | None = None,
    ) -> Sequence[PublicTrade]:
        """Trades of the whole market, newest first, up to 30 s late without a key.

        Args:
            limit: 1 to 100.
            start, end: aware times.
            before_id: only those before the trade of this id, to go back page by page.

        Raises:
            InvalidArgumentError: an argument breaks its rule.
        """
        info = await self._info(pair)
        request = market.trades(
            info.symbol,
            is_signed=self._has_key,
            skip=skip,
            limit=limit,
            start=start,
            end=end,
            before_id=before_id,
        )
        return tuple(values.to_trade(info.pair, row) for row in await self._calls.call(request))

    async def candles(
        self,
        pair: str,
        *,
        period_s: int = 60,
        skip: int = 0,
        limit: int = 300,
        start: datetime | None = None,
        end: datetime | None = None,
        include_empty: bool = False,
    ) -> Sequence[Candle]:
        """Candles of one pair, newest first.

        Args:
            period_s: 60, 300, 900, 1800, 3600, 21600 or 86400.
            limit: 1 to 300.
            start, end: aware times; whole seconds count.
            include_empty: whether periods without a trade have a candle too.

        Raises:
            InvalidArgumentError: an argument breaks its rule.
        """
        info = await self._info(pair)
        request = market.candles(
            info.symbol,
            period_s=period_s,
            skip=skip,
            limit=limit,
            start=start,
            end=end,
            include_empty=include_empty,
        )
        return tuple(values.to_candle(info.pair, row) for row in await self._calls.call(request))

    async def mark_price_candles(
        self,
        pair: str,
        *,
        period_s: int = 60,
        skip: int = 0,
        limit: int = 100,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Sequence[Candle]:
        """Candles of the mark price, newest first, without volumes; as `candles`, and 100 at most."""
        info = await self._info(pair)
        request = market.mark_price_candles(
            info.symbol, period_s=period_s, skip=skip, limit=limit, start=start, end=end
        )
        return tuple(values.to_candle(info.pair, row) for row in await self._calls.call(request))

    # --- futures -----------------------------------------------------------------------------------

    async def futures_info(self) -> Sequence[FuturesInfo]:
        """Funding and open interest of every perpetual, at most a minute old."""
        rows = await self._calls.call(market.futures_info())
        await self._know_pairs()
        pairs = ((self._rules.pair_of(row.currency_pair), row) for row in rows)
        return tuple(values.to_futures_info(pair, row) for pair, row in pairs if pair is not None)

    async def funding_rates(
        self,
        pair: str,
        *,
        skip: int = 0,
        limit: int = 100,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Sequence[FundingRate]:
        """Past funding of one perpetual, newest first; the last 30 days unless there are times."""
        info = await self._info(pair)
        request = market.funding_rates(info.symbol, skip=skip, limit=limit, start=start, end=end)
        return tuple(values.to_funding_rate(info.pair, row) for row in await self._calls.call(request))

    async def risk_limits(self, pair: str) -> Sequence[RiskLimit]:
        """How large a position of one perpetual may be, for each leverage; VALR refuses any other pair."""
        info = await self._info(pair)
        rows = await self._calls.call(market.risk_limits(info.symbol))
        return tuple(values.to_risk_limit(info.pair, row) for row in rows)

    # --- VALR itself -------------------------------------------------------------------------------

    async def is_online(self) -> bool:
        """False while VALR is in read-only mode and takes no orders (protocol 3.5)."""
        return (await self._calls.call(endpoints.exchange_status())).is_online

    async def time(self) -> datetime:
        """VALR's clock, UTC."""
        return (await self._calls.call(endpoints.server_time())).time

    # ------------------------------------------------------------------------------------------------

    async def _info(self, pair: str) -> PairInfo:
        await self._know_pairs()
        return self._rules.pair(pair)

    async def _know_pairs(self) -> None:
        if not len(self._rules):
            await self.pairs()
