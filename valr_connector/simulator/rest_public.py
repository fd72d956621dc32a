"""Public REST, and the market data that only a key may read (protocol 7, 8)."""

from __future__ import annotations

from collections.abc import Sequence

from valr_connector.simulator.answers import Answer, error_answer, ok
from valr_connector.simulator.authentication import VIEW
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.market_wire import pair_object, public_currency_object, public_trade_object
from valr_connector.simulator.order_entry import unsupported_pair
from valr_connector.simulator.order_requests import invalid_field
from valr_connector.simulator.rest_call import Call, Route
from valr_connector.simulator.vocabulary import Rejection
from valr_connector.simulator.wire import currency_of, precise_time_text

_NS_PER_S = 1_000_000_000
_PAIR_KINDS = ("SPOT", "FUTURE")


class PublicRest:
    """What the market is."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    @classmethod
    def routes(cls) -> Sequence[Route]:
        """The lines of the route table. Ages of cached answers are those of protocol 3.4."""
        public, market = "/v1/public", "/v1/marketdata"
        return (
            Route("GET", "/v2/healthz", cls, cls._health),
            Route("GET", f"{public}/time", cls, cls._time),
            Route("GET", f"{public}/status", cls, cls._status),
            Route("GET", f"{public}/currencies", cls, cls._currencies, max_age_s=60),
            Route("GET", f"{public}/pairs", cls, cls._pairs, max_age_s=60),
            Route("GET", f"{public}/pairs/{{kind}}", cls, cls._pairs_of_kind, max_age_s=60),
            Route("GET", f"{public}/ordertypes", cls, cls._all_order_types, max_age_s=60),
            Route("GET", f"{public}/{{pair}}/ordertypes", cls, cls._order_types, max_age_s=60),
            Route("GET", f"{public}/marketsummary", cls, cls._summaries, max_age_s=60),
            Route("GET", f"{public}/{{pair}}/marketsummary", cls, cls._summary, max_age_s=10),
            Route("GET", f"{public}/{{pair}}/orderbook", cls, cls._book, max_age_s=30),
            Route("GET", f"{public}/{{pair}}/orderbook/full", cls, cls._full_book, max_age_s=30),
            Route("GET", f"{public}/{{pair}}/trades", cls, cls._trades, max_age_s=30),
            Route("GET", f"{market}/{{pair}}/orderbook", cls, cls._book, VIEW, max_age_s=1),
            Route("GET", f"{market}/{{pair}}/orderbook/full", cls, cls._full_book, VIEW, max_age_s=1),
            Route("GET", f"{market}/{{pair}}/tradehistory", cls, cls._trades, VIEW, max_age_s=1),
        )

    async def _health(self, _call: Call) -> Answer:
        return Answer(200)

    async def _time(self, _call: Call) -> Answer:
        now = self._floor.clock()
        return ok({"epochTime": now // _NS_PER_S, "time": precise_time_text(now)})

    async def _status(self, _call: Call) -> Answer:
        return ok({"status": "read-only" if self._floor.read_only else "online"})

    async def _currencies(self, _call: Call) -> Answer:
        pairs = self._floor.venue.pairs.values()
        codes = dict.fromkeys(code for pair in pairs for code in (pair.quote, pair.base))
        return ok([public_currency_object(currency_of(code)) for code in codes])

    async def _pairs(self, _call: Call) -> Answer:
        return ok([pair_object(pair) for pair in self._floor.venue.pairs.values()])

    async def _pairs_of_kind(self, call: Call) -> Answer:
        kind = call.path["kind"]
        if kind not in _PAIR_KINDS:
            raise invalid_field("currencyPairType", f"must be one of {', '.join(_PAIR_KINDS)}")
        return ok([pair_object(pair) for pair in self._floor.venue.pairs.values() if pair.kind == kind])

    async def _all_order_types(self, call: Call) -> Answer:
        with_inactive = call.flag("includeInactivePairs")
        return ok(
            [
                {"currencyPair": pair.symbol, "orderTypes": list(pair.order_types)}
                for pair in self._floor.venue.pairs.values()
                if pair.active or with_inactive
            ]
        )

    async def _order_types(self, call: Call) -> Answer:
        return ok(list(self._floor.venue.pairs[self._symbol(call)].order_types))

    async def _summaries(self, _call: Call) -> Answer:
        pairs = self._floor.venue.pairs
        return ok([self._floor.market.summary(symbol, "currencyPair") for symbol in pairs])

    async def _summary(self, call: Call) -> Answer:
        symbol = call.path["pair"]
        if symbol not in self._floor.venue.pairs:
            return error_answer(Rejection(-111, "Market summary not found", status=404))
        return ok(self._floor.market.summary(symbol, "currencyPair"))

    async def _book(self, call: Call) -> Answer:
        return ok(self._floor.market.book(self._symbol(call)))

    async def _full_book(self, call: Call) -> Answer:
        return ok(self._floor.market.full_book(self._symbol(call)))

    async def _trades(self, call: Call) -> Answer:
        trades = self._floor.venue.public_trades(self._symbol(call))
        page = call.page().cut(
            trades, time=lambda trade: trade.traded_at, entry_id=lambda trade: trade.trade_id
        )
        return ok([public_trade_object(trade) for trade in page])

    def _symbol(self, call: Call) -> str:
        symbol = call.path["pair"]
        if symbol not in self._floor.venue.pairs:
            raise unsupported_pair()
        return symbol
