"""Watches one connector: remembers what a picture of the moment could not show, and takes pictures."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from valr_connector.dashboard import views
from valr_connector.dashboard.log_lines import TELLINGS
from valr_connector.dashboard.picture import FillView, LatencyView, LogLine, PairView, Picture, Quote
from valr_connector.dashboard.watched import Watched
from valr_connector.model.events import Event, FillAmended, OrderEvent, OrderFilled
from valr_connector.model.order import InFlightOrder
from valr_connector.observe.metrics import CLOCK_OFFSET, Metric

MOST_LINES: Final = 200
MOST_FILLS: Final = 50
MOST_ENDED: Final = 20
MOST_QUOTES: Final = 600
"""Pictures whose prices are remembered: five minutes of two a second."""

_GROUPS: Final = ("order", "command", "ws", "loop", "event", "limit", "account", "book", "rest")
"""How the names of latencies begin, the most telling first."""

_Series = tuple[Metric, tuple[str, ...]]


class Watch:
    """Follows one `ValrExchange` from now on; everything it keeps is bounded.

    Args:
        watched: whom to follow; started.
        title: whom that talks to, for people.
        monotonic, wall: nanoseconds.
    """

    def __init__(
        self,
        watched: Watched,
        *,
        title: str,
        monotonic: Callable[[], int] = time.monotonic_ns,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        self._watched = watched
        self._title = title
        self._monotonic = monotonic
        self._wall = wall
        self._log: deque[LogLine] = deque(maxlen=MOST_LINES)
        self._lines = 0
        self._ended: deque[InFlightOrder] = deque(maxlen=MOST_ENDED)
        self._fills: dict[tuple[str, str], FillView] = {}
        self._quotes: dict[str, deque[Quote]] = {
            pair: deque(maxlen=MOST_QUOTES) for pair in watched.followed_pairs
        }
        self._latencies: dict[_Series, LatencyView] = {}
        self._unsubscribe = [watched.on(kind, self._tell) for kind in TELLINGS]
        self._unsubscribe.append(watched.on(OrderEvent, self._follow))

    def close(self) -> None:
        """Follow it no more."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe.clear()

    @property
    def quotes(self) -> dict[str, tuple[Quote, ...]]:
        """The prices in the pictures taken so far, by pair, oldest first."""
        return {pair: tuple(quotes) for pair, quotes in self._quotes.items()}

    def story(self, client_order_id: str) -> str | None:
        """What was said and done about an order, a line each; None for one that is not in the picture."""
        shown = (*self._watched.orders.values(), *self._ended)
        return next((order.story() for order in shown if order.client_order_id == client_order_id), None)

    def take(self) -> Picture:
        """A picture of the moment."""
        watched, now, at_ms = self._watched, self._monotonic(), self._wall() // 1_000_000
        return Picture(
            at_ms=at_ms,
            title=self._title,
            ready=watched.ready,
            failure="" if watched.failure is None else str(watched.failure),
            is_closed=watched.is_closed,
            parts=views.parts(watched),
            sockets=views.states(watched.connections),
            circuits=views.states(watched.circuits),
            pairs=tuple(self._pair(name, at_ms) for name in self._quotes),
            orders=tuple(views.order(order, now) for order in watched.orders.values()),
            ended=tuple(views.order(order, now) for order in self._ended if order.is_done),
            fills=tuple(reversed(self._fills.values())),
            balances=views.balances(watched.balances.values()),
            latencies=self._current_latencies(),
            figures=views.figures(watched.metrics),
            limits=views.limits(watched),
            log=tuple(reversed(self._log)),
            clock_offset_s=watched.metrics.gauge(CLOCK_OFFSET).value,
        )

    def _pair(self, name: str, at_ms: int) -> PairView:
        view = views.pair(self._watched, name, at_ms)
        self._quotes[name].append(view.quote)
        return view

    def _current_latencies(self) -> tuple[LatencyView, ...]:
        """Summing a histogram up takes 0.1 ms of the loop: only those that grew are looked at again."""
        for metric, labels, histogram in self._watched.metrics.histograms():
            known = self._latencies.get((metric, labels))
            if histogram.count and (known is None or known.count != histogram.count):
                self._latencies[metric, labels] = views.latency(metric, labels, histogram)
        return tuple(sorted(self._latencies.values(), key=_rank))

    def _tell(self, event: Event) -> None:
        telling = TELLINGS[type(event)]
        self._lines += 1
        self._log.append(
            LogLine(
                number=self._lines,
                at_ms=self._wall() // 1_000_000,
                severity=telling.severity_of(event),
                text=telling.words(event),
                client_order_id=event.order.client_order_id if isinstance(event, OrderEvent) else "",
            )
        )

    def _follow(self, event: OrderEvent) -> None:
        if isinstance(event, OrderFilled | FillAmended):
            self._fills[event.fill.client_order_id, event.fill.trade_id] = views.fill(event.fill)
            if len(self._fills) > MOST_FILLS:
                del self._fills[next(iter(self._fills))]
        if event.order.is_done and event.order not in self._ended:
            self._ended.appendleft(event.order)


def _rank(view: LatencyView) -> tuple[int, str, str]:
    """What a trader looks at first comes first."""
    group = view.name.partition("_")[0]
    return _GROUPS.index(group) if group in _GROUPS else len(_GROUPS), view.name, view.labels
