"""Somebody to take a picture of: what a dashboard reads of a `ValrExchange`, set by hand."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

from tests.unit.core.builders import NOW
from valr_connector.core.rate_limits import SECOND, LimitUse
from valr_connector.core.readiness import Part, PartStatus
from valr_connector.dashboard.watch import Watch
from valr_connector.errors import ClosedError, ValrError
from valr_connector.model.account import Balance
from valr_connector.model.enums import CircuitPath, CircuitState, SessionState, Socket
from valr_connector.model.events import Event
from valr_connector.model.ids import ClientOrderId
from valr_connector.model.market import PriceLevel
from valr_connector.model.order import InFlightOrder
from valr_connector.net.event_stream import EventPublisher
from valr_connector.observe.metrics import Metrics

AGE_S = 12.5
WALL_MS = 1_767_225_600_000

E = TypeVar("E", bound=Event)


class Sitter:
    """A `Watched` that stands still unless a test changes it."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.ready = True
        self.failure: ValrError | None = None
        self.is_closed = False
        self.status = {Part.ACCOUNT_STREAM: PartStatus(ready=True)}
        self.connections = {Socket.ACCOUNT: SessionState.LIVE, Socket.TRADE: SessionState.LIVE}
        self.circuits = dict.fromkeys(CircuitPath, CircuitState.CLOSED)
        self.limits = (LimitUse("requests of a key per minute", 250, 2000, 60),)
        self.orders: dict[ClientOrderId, InFlightOrder] = {}
        self.balances = {"ZAR": Balance("ZAR", Decimal("1E+3"), Decimal(50), Decimal(1050))}
        self.followed_pairs: tuple[str, ...] = ("BTC-ZAR",)
        self.publisher = EventPublisher(metrics=self.metrics)
        self.has_book = True

    def best_bid(self, pair: str) -> PriceLevel | None:
        return self._price(pair, "999990")

    def best_ask(self, pair: str) -> PriceLevel | None:
        return self._price(pair, "1000010")

    def mid_price(self, pair: str) -> Decimal | None:
        level = self._price(pair, "1000000")
        return None if level is None else level.price

    def book_age_s(self, pair: str) -> float | None:
        return 0.2 if self._price(pair, "1") else None

    def on(self, event_type: type[E], callback: Callable[[E], object]) -> Callable[[], None]:
        return self.publisher.on(event_type, callback)

    def add(self, *orders: InFlightOrder) -> None:
        """Have these orders in flight."""
        self.orders.update({order.client_order_id: order for order in orders})

    def watch(self) -> Watch:
        """Watched at a moment when orders made at `NOW` are `AGE_S` old."""
        return Watch(
            self,
            title="a sitter",
            monotonic=lambda: NOW + round(AGE_S * SECOND),
            wall=lambda: WALL_MS * 1_000_000,
        )

    def _price(self, pair: str, price: str) -> PriceLevel | None:
        assert pair in self.followed_pairs
        if self.is_closed:
            raise ClosedError("closed")
        return PriceLevel(Decimal(price), Decimal(1)) if self.has_book else None
