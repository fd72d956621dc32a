"""The frames of an order's life on the account socket, as often as wanted, each time of another order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import dropwhile
from pathlib import Path
from typing import Final

from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import OrderType, Side
from valr_connector.model.ids import ClientOrderId, Pair, Symbol
from valr_connector.net.journal import Direction, read_frames

RECORDING: Final = Path(__file__).parent.parent / "tests" / "frames" / "full_fill.jsonl"
"""A bid that rests and is executed in three trades, with what VALR tells of balances meanwhile."""
_IN_COMMON: Final = b"01a0c450-"
"""How that recording's ids begin."""
_SECOND: Final = datetime(2026, 9, 21, 14, 13, 20)  # noqa: DTZ001  as it is written there, without its "Z"
"""In which all of it happens."""


def life(number: int) -> list[bytes]:
    """All frames that VALR sends from the placement of order `number` on, `number` seconds later.

    Were the time the same again, balances would be old news, and left out, from the second order on.
    """
    changes = (
        (b"bid-1", f"bid-{number}".encode()),
        (_IN_COMMON, f"{number:08x}-".encode()),
        (_SECOND.isoformat().encode(), (_SECOND + timedelta(seconds=number)).isoformat().encode()),
    )
    return [_changed(raw, changes) for raw in _recorded()]


def placed(number: int, now: int) -> tuple[OrderRecord, Evidence]:
    """Order `number` as it is tracked, and the evidence that it was sent."""
    order = OrderRecord(
        client_order_id=ClientOrderId(f"bid-{number}"),
        pair=Pair("BTC-ZAR"),
        symbol=Symbol("BTCZAR"),
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        price=Decimal(900_000),
        amount=Decimal("0.01"),
        created_at=now,
        epoch=1,
    )
    return order, Evidence(says=Says.SENT, source=Source.LOCAL, client_order_id=order.client_order_id)


def _changed(raw: bytes, changes: Iterable[tuple[bytes, bytes]]) -> bytes:
    for old, new in changes:
        raw = raw.replace(old, new)
    return raw


@cache
def _recorded() -> tuple[bytes, ...]:
    frames = dropwhile(lambda frame: b"PLACE_LIMIT_ORDER" not in frame.raw, read_frames(RECORDING))
    return tuple(frame.raw for frame in frames if frame.direction is Direction.IN)
