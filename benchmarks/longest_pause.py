"""The longest that one frame holds everything up, with 100,000 live orders and Python's own collector.

    python -m benchmarks.longest_pause [--frames 300000]

Orders are placed, rest, are executed and replaced by new ones, while 100,000 others rest; each frame is timed
by the processor time of this thread, so that no other process counts. Lists of open orders are left out: one
of 100,000 orders is a frame of 40 MB, and its rows are what `benchmarks.many_orders` times.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from time import monotonic_ns, thread_time_ns
from typing import Final

from benchmarks.goals import Result, tell
from benchmarks.many_orders import MANY, Desk
from benchmarks.order_frames import life, placed

MUST_MS, AIM_MS = 50.0, 5.0
_NS_PER_MS: Final = 1e6


def traffic(desk: Desk, frames: int) -> Iterator[bytes]:
    """The lives of new orders, one after the other."""
    number = desk.orders
    while frames > 0:
        order, sent = placed(number, monotonic_ns())
        desk.account.state.tracker.track(order)
        desk.account.stream.apply(sent)
        told = [raw for raw in life(number) if b"OPEN_ORDERS_UPDATE" not in raw]
        frames -= len(told)
        number += 1
        yield from told
        desk.account.state.questions.take_due(monotonic_ns())  # as the reconciler does


def longest_ns(desk: Desk, frames: int) -> int:
    """The longest frame of so many."""
    read, longest = desk.account.read, 0
    for raw in traffic(desk, frames):
        began = thread_time_ns()
        read(raw)
        longest = max(longest, thread_time_ns() - began)
    return longest


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--frames", type=int, default=300_000)
    frames = parser.parse_args().frames
    longest = longest_ns(Desk(MANY), frames) / _NS_PER_MS
    return tell(
        [Result("P4", f"the longest of {frames} frames, 100,000 live orders", longest, MUST_MS, AIM_MS, "ms")]
    )


if __name__ == "__main__":
    raise SystemExit(main())
