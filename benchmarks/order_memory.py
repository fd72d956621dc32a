"""Bytes that a live order takes, without its story and with it.

    python -m benchmarks.order_memory [--orders 5000]

Each order is placed and rests, told by the frames that VALR sends; what is counted is what stays allocated.
"""

from __future__ import annotations

import argparse
import gc
import tracemalloc
from time import monotonic_ns

from benchmarks.goals import Result, tell
from benchmarks.order_frames import life, placed
from valr_connector.core.account_state import AccountState
from valr_connector.model.enums import OrderStatus
from valr_connector.protocol.frames import decode_account_frame

MOST_WITHOUT, MOST_WITH = 1_200, 3_000
AIM_WITHOUT, AIM_WITH = 600, 1_500


def rest(state: AccountState, number: int) -> None:
    """Order `number` is placed, and VALR says that it rests."""
    order, sent = placed(number, monotonic_ns())
    state.tracker.track(order)
    state.router.apply(sent, monotonic_ns())
    for raw in life(number)[:4]:
        state.router.route(decode_account_frame(raw), monotonic_ns())
    assert order.status is OrderStatus.OPEN


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=5_000)
    orders = parser.parse_args().orders
    state = AccountState()
    rest(state, orders)  # what the first one needs is not an order's own
    gc.collect()
    tracemalloc.start()
    for number in range(orders):
        rest(state, number)
    gc.collect()
    with_story = tracemalloc.get_traced_memory()[0] / orders
    for order in state.tracker.orders():
        order.story_end = None
    gc.collect()
    without = tracemalloc.get_traced_memory()[0] / orders
    return tell(
        [
            Result("P10", "a live order without its story", without, MOST_WITHOUT, AIM_WITHOUT, "bytes"),
            Result("P10", "a live order with its story", with_story, MOST_WITH, AIM_WITH, "bytes"),
        ]
    )


if __name__ == "__main__":
    raise SystemExit(main())
