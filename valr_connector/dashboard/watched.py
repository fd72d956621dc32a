"""What of a `ValrExchange` is looked at. Nothing in it acts: a dashboard cannot place, cancel or change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Protocol, TypeVar

from valr_connector.core.rate_limits import LimitUse
from valr_connector.core.readiness import Part, PartStatus
from valr_connector.errors import ValrError
from valr_connector.model.account import Balance
from valr_connector.model.enums import CircuitPath, CircuitState, SessionState, Socket
from valr_connector.model.events import Event
from valr_connector.model.ids import ClientOrderId
from valr_connector.model.market import PriceLevel
from valr_connector.model.order import InFlightOrder
from valr_connector.observe.metrics import Metrics

E = TypeVar("E", bound=Event)


class Watched(Protocol):
    """The reading side of `ValrExchange`; see there."""

    metrics: Metrics

    @property
    def ready(self) -> bool: ...
    @property
    def failure(self) -> ValrError | None: ...
    @property
    def is_closed(self) -> bool: ...
    @property
    def status(self) -> Mapping[Part, PartStatus]: ...
    @property
    def connections(self) -> Mapping[Socket, SessionState]: ...
    @property
    def circuits(self) -> Mapping[CircuitPath, CircuitState]: ...
    @property
    def limits(self) -> tuple[LimitUse, ...]: ...
    @property
    def orders(self) -> Mapping[ClientOrderId, InFlightOrder]: ...
    @property
    def balances(self) -> Mapping[str, Balance]: ...
    @property
    def followed_pairs(self) -> tuple[str, ...]: ...

    def best_bid(self, pair: str) -> PriceLevel | None: ...
    def best_ask(self, pair: str) -> PriceLevel | None: ...
    def mid_price(self, pair: str) -> Decimal | None: ...
    def book_age_s(self, pair: str) -> float | None: ...
    def on(self, event_type: type[E], callback: Callable[[E], object]) -> Callable[[], None]: ...
