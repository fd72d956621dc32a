"""What a frame costs with 100,000 live orders, against 100, by how it names its order.

    python -m benchmarks.many_orders [--rounds 60]

Both accounts take turns, some frames of one kind each, and the middle of all ratios counts. Whichever goes
first pays for what making the frames has driven out of the processor's caches, 7 % between accounts of the
same size: so they take turns in that as well. Every order has had a frame of the kind before it counts: what
the first one adds to an order's story few orders would meet in the first round alone, and many in each. Each
report is newer than those before it, as VALR's are.

A list of open orders holds every live order, so there a row is what counts.
"""

from __future__ import annotations

import argparse
import gc
import statistics
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from time import monotonic_ns, perf_counter_ns
from typing import Any, Final

import orjson

from benchmarks.goals import Result, tell
from benchmarks.metrics_overhead import Account
from benchmarks.order_frames import life, placed

FEW, MANY = 100, 100_000
FRAMES: Final = 200
"""Of one kind, in a row."""
MUST_RATIO, AIM_RATIO = 1.3, 1.15
_RESTING: Final = {"orderStatusType": "Placed", "remainingQuantity": "0.01"}
_LATER: Final = datetime(2026, 10, 1)  # noqa: DTZ001  as it is written in a frame, without its "Z"
"""Than all of an order's life."""

Frames = Callable[[int, int], bytes]
"""Makes a frame about an order by its number, and so many seconds later."""


class Desk:
    """An account with so many orders that rest."""

    def __init__(self, orders: int) -> None:
        self.account = Account(with_metrics=True)
        self.orders = orders
        for number in range(orders):
            order, sent = placed(number, monotonic_ns())
            self.account.state.tracker.track(order)
            self.account.stream.apply(sent)
            self.account.read(life(number)[1])
            self.account.read(with_both_ids(number, 0))
        self.rows = [orjson.loads(life(number)[3])["data"][0] for number in range(min(orders, 10_000))]

    def took(self, frames: Sequence[bytes]) -> float:
        """Nanoseconds a frame."""
        read = self.account.read
        began = perf_counter_ns()
        for raw in frames:
            read(raw)
        return (perf_counter_ns() - began) / len(frames)


def status(number: int, second: int, **changes: Any) -> bytes:
    """ORDER_STATUS_UPDATE of an order that rests; None leaves a field out."""
    frame = orjson.loads(life(number)[4])
    at = f"{(_LATER + timedelta(seconds=second)).isoformat()}Z"
    fields = frame["data"] | _RESTING | {"orderUpdatedAt": at} | changes
    frame["data"] = {name: value for name, value in fields.items() if value is not None}
    return orjson.dumps(frame)


def with_both_ids(number: int, second: int) -> bytes:
    return status(number, second)


def with_valrs_id(number: int, second: int) -> bytes:
    return status(number, second, customerOrderId=None)


def with_our_id(number: int, _second: int) -> bytes:
    return orjson.dumps({"type": "ORDER_PLACED", "data": {"customerOrderId": f"bid-{number}"}})


def of_a_stranger(number: int, second: int) -> bytes:
    return status(number, second, customerOrderId=f"other-{number}", orderId=f"other-{number}")


KINDS: Final[dict[str, Frames]] = {
    "a frame with both ids, 100,000 live orders over 100": with_both_ids,
    "a frame with VALR's id alone": with_valrs_id,
    "a frame with our id alone": with_our_id,
    "a frame of an unknown order": of_a_stranger,
}


def compare(few: Desk, many: Desk, make: Frames, rounds: int, rng: Random) -> float:
    """How many times longer one frame of a kind takes with many orders."""
    if make is with_our_id:  # what else is told of an order is what a desk began with
        for desk in (few, many):
            desk.took([make(number, 0) for number in range(desk.orders)])
    ratios: list[float] = []
    for turn in range(rounds):
        seconds = range(turn * FRAMES, (turn + 1) * FRAMES)
        of_few = [make(rng.randrange(few.orders), second) for second in seconds]
        of_many = [make(rng.randrange(many.orders), second) for second in seconds]
        if turn % 2:
            by_few, by_many = few.took(of_few), many.took(of_many)
        else:
            by_many, by_few = many.took(of_many), few.took(of_few)
        ratios.append(by_many / by_few)
    return statistics.median(ratios)


def compare_lists(few: Desk, many: Desk, rounds: int) -> float:
    """How many times longer a row of a list takes that is a hundred times longer."""
    short, long = (orjson.dumps({"type": "OPEN_ORDERS_UPDATE", "data": desk.rows}) for desk in (few, many))
    ratios: list[float] = []
    for _ in range(rounds):
        a_row = few.took([short] * 20) / len(few.rows)
        ratios.append(many.took([long]) / len(many.rows) / a_row)
    return statistics.median(ratios)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=60)
    rounds = parser.parse_args().rounds
    rng = Random(1)
    few, many, listed = Desk(FEW), Desk(MANY), Desk(10_000)
    gc.collect()
    results = [
        Result("P3", what, compare(few, many, make, rounds, rng), MUST_RATIO, AIM_RATIO)
        for what, make in KINDS.items()
    ]
    a_row = compare_lists(few, listed, max(rounds // 6, 5))
    results.append(Result("P3", "a row of a list of 10,000 orders over 100", a_row, MUST_RATIO, AIM_RATIO))
    return tell(results)


if __name__ == "__main__":
    raise SystemExit(main())
