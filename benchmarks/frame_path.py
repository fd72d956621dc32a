"""What an account frame costs from its bytes to a callback: the library against the yardstick of `eager`.

    python -m benchmarks.frame_path [--orders 3000]

The library's side is the shipped path: the socket's reader, the decoder that validates every field, the
router, the tracker, the order automaton, metrics, the order's story and a subscriber to every event. Both
take turns, an order's whole life each, and the middle of all ratios counts: whatever else the machine does
slows both. They take turns in going first as well, for the first finds caches that the making of frames has
filled.
"""

from __future__ import annotations

import argparse
import statistics
from time import perf_counter_ns

from benchmarks.eager import EagerEvent, EagerOrder, EagerPipeline
from benchmarks.goals import Result, tell
from benchmarks.metrics_overhead import Account
from benchmarks.order_frames import life

MUST_RATIO = 1.6
AIM_RATIO = 1.0


class Eager:
    """The yardstick, and somebody who is told everything."""

    def __init__(self) -> None:
        self.seen = 0
        self._pipeline = EagerPipeline(self._on_event)

    def live_through(self, number: int) -> float:
        """An order's life; nanoseconds a frame."""
        name = f"bid-{number}"
        order = self._pipeline.orders[name] = EagerOrder(name)
        frames = life(number)
        take = self._pipeline.take
        began = perf_counter_ns()
        for raw in frames:
            take(raw)
        took = perf_counter_ns() - began
        assert order.status == "Filled"
        del self._pipeline.orders[name]
        return took / len(frames)

    def _on_event(self, _: EagerEvent) -> None:
        self.seen += 1


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--orders", type=int, default=3000)
    orders = parser.parse_args().orders
    library, eager = Account(with_metrics=True), Eager()
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(orders):
        turns = [(ours, library.live_through), (theirs, eager.live_through)]
        for times, live_through in turns if number % 2 else reversed(turns):
            times.append(live_through(number))
    ratio = statistics.median(mine / yours for mine, yours in zip(ours, theirs, strict=True))
    print(f"{len(life(0))} frames of an order's life, {orders} times")
    ours_us, theirs_us = statistics.median(ours) / 1e3, statistics.median(theirs) / 1e3
    print(f"the library {ours_us:.2f} us a frame, the yardstick {theirs_us:.2f} us")
    return tell([Result("P1", "frame path over the yardstick", ratio, MUST_RATIO, AIM_RATIO)])


if __name__ == "__main__":
    raise SystemExit(main())
