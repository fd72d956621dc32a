"""What the metrics cost a frame: its whole walk with them, and without.

    python -m benchmarks.metrics_overhead [--orders 3000]

Frames go through the socket's reader, the decoder, the router, the tracker and a subscriber's callback; there
is no network. Both ways take turns, an order's whole life each, and the middle of all ratios counts: whatever
else the machine does meanwhile slows both.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable
from random import Random
from time import monotonic_ns, perf_counter_ns
from unittest.mock import Mock

from benchmarks.order_frames import life, placed
from valr_connector.core.account_state import AccountState
from valr_connector.model.events import Event
from valr_connector.net.event_log import EventLog
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.order_metrics import OrderMetrics
from valr_connector.net.user_stream import UserStreamTracker
from valr_connector.net.websocket import WebSocketClient
from valr_connector.observe.metrics import Metrics

MOST_PERCENT = 3.0


class Account:
    """A connector's account stream without a network, and somebody who is told all events of orders."""

    def __init__(self, *, with_metrics: bool) -> None:
        metrics = Metrics()
        publisher = EventPublisher(metrics=metrics)
        EventLog(publisher, metrics)
        self.state = AccountState()
        self.seen = 0
        self.stream = UserStreamTracker(
            connect=lambda stream: WebSocketClient(
                url="ws://127.0.0.1", headers=dict, handler=stream, rng=Random(0), metrics=metrics
            ),
            router=self.state.router,
            ledger=self.state.ledger,
            publisher=publisher,
            resync=_never,
            clock=monotonic_ns,
            metrics=metrics,
        )
        if with_metrics:
            OrderMetrics(self.state.tracker, publisher=publisher, clock=monotonic_ns, metrics=metrics)
            self.read = self.stream.client._reader(Mock(), _nothing)  # noqa: SLF001  the very path of a frame
        else:
            self.read = bare_reader(self.stream)
        publisher.on(Event, self._on_event)

    def live_through(self, number: int) -> float:
        """An order's life; nanoseconds a frame."""
        order, sent = placed(number, monotonic_ns())
        self.state.tracker.track(order)
        self.stream.apply(sent)
        self.state.tracker.free_forgotten()
        frames = life(number)
        read = self.read
        began = perf_counter_ns()
        for raw in frames:
            read(raw)
        took = perf_counter_ns() - began
        assert order.is_done
        return took / len(frames)

    def _on_event(self, _: Event) -> None:
        self.seen += 1


def bare_reader(stream: UserStreamTracker) -> Callable[[bytes], None]:
    """The reader of `WebSocketClient`, with nothing counted and nothing timed."""
    session, on_frame, clock = stream.client.session, stream.on_frame, monotonic_ns

    def read(raw: bytes) -> None:
        session.last_frame_ns = now = clock()
        if session.is_alert:
            raise AssertionError("nothing goes stale or is awaited here, and nobody looks on")
        try:
            on_frame(raw, now)
        except Exception as error:
            raise AssertionError("nothing fails here") from error

    return read


async def _never(_epoch: int) -> None:
    """Nothing is connected, so nothing is resynced."""


def _nothing() -> None:
    """Nobody waits for AUTHENTICATED."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=3000)
    orders = parser.parse_args().orders
    counted, bare = Account(with_metrics=True), Account(with_metrics=False)
    ratios: list[float] = []
    costs: list[float] = []
    for number in range(orders):
        if number % 2:
            without, with_them = bare.live_through(number), counted.live_through(number)
        else:
            with_them, without = counted.live_through(number), bare.live_through(number)
        ratios.append(with_them / without)
        costs.append(without)
    percent = (statistics.median(ratios) - 1) * 100
    print(f"{statistics.median(costs) / 1000:.2f} us a frame without metrics; with them {percent:+.1f} %")
    return int(percent > MOST_PERCENT)


if __name__ == "__main__":
    raise SystemExit(main())
