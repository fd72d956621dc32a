"""Candles, and what is public of perpetuals, by REST (protocol 7.10 to 7.12)."""

from __future__ import annotations

from collections.abc import Sequence

from valr_connector.simulator.answers import Answer, ok
from valr_connector.simulator.candles import PERIODS_S, Candle, CandleChart
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.futures import FUTURE, funding_runs, futures_info_object, risk_limit_objects
from valr_connector.simulator.market_wire import candle_object, mark_candle_object
from valr_connector.simulator.order_entry import unsupported_pair
from valr_connector.simulator.order_requests import invalid_field
from valr_connector.simulator.rest_call import Call, Route
from valr_connector.simulator.vocabulary import PairSpec

_NS_PER_S = 1_000_000_000
_MOST_CANDLES = 300
_MOST_MARK_CANDLES = 100


class CandleRest:
    """What the market was."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    @classmethod
    def routes(cls) -> Sequence[Route]:
        """The lines of the route table."""
        public = "/v1/public"
        return (
            Route("GET", f"{public}/{{pair}}/buckets", cls, cls._candles),
            Route("GET", f"{public}/{{pair}}/markprice/buckets", cls, cls._mark_candles),
            Route("GET", f"{public}/futures/info", cls, cls._futures_info, max_age_s=60),
            Route("GET", f"{public}/futures/funding/history", cls, cls._funding),
            Route("GET", f"{public}/risklimit/{{pair}}", cls, cls._risk_limits),
        )

    async def _candles(self, call: Call) -> Answer:
        symbol = self._pair(call.path["pair"]).symbol
        chart = self._floor.market.chart(symbol)
        period_s = _period(call)
        span = (call.number("startTime", 0), call.number("endTime", self._now_s()))
        candles = self._cut(
            call, chart, period_s, span, _MOST_CANDLES, include_empty=call.flag("includeEmpty")
        )
        return ok([candle_object(symbol, candle, period_s) for candle in candles])

    async def _mark_candles(self, call: Call) -> Answer:
        symbol = self._pair(call.path["pair"]).symbol
        chart = self._floor.market.mark_chart(symbol)
        period_s = _period(call)
        span = (
            _seconds(call.moment("startTime"), 0),
            _seconds(call.moment("endTime"), self._now_s()),
        )
        candles = self._cut(call, chart, period_s, span, _MOST_MARK_CANDLES)
        return ok([mark_candle_object(symbol, candle, period_s) for candle in candles])

    async def _futures_info(self, _call: Call) -> Answer:
        perpetuals = [pair for pair in self._floor.venue.pairs.values() if pair.kind == FUTURE]
        return ok([futures_info_object(pair, self._now_s()) for pair in perpetuals])

    async def _funding(self, call: Call) -> Answer:
        pair = self._perpetual(call.query.get("currencyPair", ""))
        start, end = call.moment("startTime"), call.moment("endTime")
        runs = funding_runs(
            pair,
            self._now_s(),
            start_s=None if start is None else start // _NS_PER_S,
            end_s=None if end is None else end // _NS_PER_S,
        )
        skip, limit = call.number("skip", 0), call.number("limit", 100, 100)
        return ok(runs[skip : skip + limit])

    async def _risk_limits(self, call: Call) -> Answer:
        return ok(risk_limit_objects(self._perpetual(call.path["pair"])))

    def _cut(
        self,
        call: Call,
        chart: CandleChart,
        period_s: int,
        span: tuple[int, int],
        most: int,
        *,
        include_empty: bool = False,
    ) -> list[Candle]:
        skip, limit = call.number("skip", 0), call.number("limit", most, most)
        candles = chart.periods(period_s, until_s=self._now_s(), include_empty=include_empty)
        start_s, end_s = span
        return [candle for candle in candles if start_s <= candle.start_s <= end_s][skip : skip + limit]

    def _pair(self, symbol: str) -> PairSpec:
        pair = self._floor.venue.pairs.get(symbol)
        if pair is None:
            raise unsupported_pair()
        return pair

    def _perpetual(self, symbol: str) -> PairSpec:
        pair = self._pair(symbol)
        if pair.kind != FUTURE:
            raise unsupported_pair()
        return pair

    def _now_s(self) -> int:
        return self._floor.clock() // _NS_PER_S


def _period(call: Call) -> int:
    period_s = call.number("periodSeconds", PERIODS_S[0])
    if period_s not in PERIODS_S:
        raise invalid_field("periodSeconds", f"must be one of {', '.join(map(str, PERIODS_S))}")
    return period_s


def _seconds(moment_ns: int | None, default_s: int) -> int:
    return default_s if moment_ns is None else moment_ns // _NS_PER_S
