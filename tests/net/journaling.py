"""Orders whose events an order journal follows, and a disk that can fill up and fail."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, BinaryIO, cast

from tests.unit.core.builders import FEE, NOW, fill, new_order, said, view
from valr_connector.core import lifecycle
from valr_connector.core.evidence import Evidence, Says
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.events import OrderEvent, OrderFilled
from valr_connector.model.ids import ClientOrderId
from valr_connector.net.durable_file import open_unbuffered
from valr_connector.net.order_journal import OrderJournal

PLACED_AT = 1_767_225_600_000_000_000


def wall() -> int:
    """The time of everything here, nanoseconds since 1970."""
    return PLACED_AT


def journal_at(path: Path, **options: Any) -> OrderJournal:
    """A journal that is open."""
    journal = OrderJournal(path, wall=wall, **options)
    journal.open(NOW)
    return journal


class Process:
    """A process that trades: its orders, and the journal that follows them.

    Attributes:
        orders: every order it knows, by client order id.
        told: every event it was told.
    """

    def __init__(self, path: Path, **options: Any) -> None:
        self.journal = OrderJournal(path, wall=wall, **options)
        self.orders: dict[ClientOrderId, OrderRecord] = {
            order.client_order_id: order for order in self.journal.open(NOW)
        }
        self.told: list[OrderEvent] = []

    def place(self, client_order_id: str, **fields: Any) -> OrderRecord:
        order = new_order(client_order_id, **fields)
        self.journal.placing(order)
        self.orders[order.client_order_id] = order
        return order

    def hear(self, *evidence: Evidence, now: int = NOW) -> None:
        for piece in evidence:
            order = self.orders[ClientOrderId(piece.client_order_id or "")]
            events = lifecycle.apply(order, piece, now)[0]
            self.journal.follow(order, events)
            self.told += events

    @property
    def filled(self) -> list[str]:
        """Trades that were told as fills, in order."""
        return [event.fill.trade_id for event in self.told if isinstance(event, OrderFilled)]

    def live(self) -> set[str]:
        """Orders that may be live, or whose fills are not all known."""
        return {name for name, order in self.orders.items() if not (order.is_done and order.has_all_fills)}

    def die(self) -> None:
        """End without closing anything: only what a dead process lets go of is let go of."""
        self.journal.release()


def rests(client_order_id: str) -> Evidence:
    """It rests at VALR."""
    return said(
        Says.RESTING,
        client_order_id=client_order_id,
        exchange_order_id=f"ex-{client_order_id}",
        at_second=1,
        original="1",
        remaining="1",
    )


def executes(client_order_id: str, trade_id: str, amount: str) -> Evidence:
    """One trade of it, with its fee."""
    return fill(trade_id, amount, fee=FEE, client_order_id=client_order_id)


def is_cancelled(client_order_id: str) -> Evidence:
    """It is cancelled at VALR."""
    return said(Says.CANCELLED, client_order_id=client_order_id, at_second=9)


def remembered(orders: Iterable[OrderRecord]) -> dict[str, dict[str, object]]:
    """What a user sees of these orders, but for our requests."""
    hidden = ("placement", "is_being_cancelled")
    return {
        order.client_order_id: {name: seen for name, seen in view(order).items() if name not in hidden}
        for order in orders
    }


class Disk:
    """Opens files as a journal wants them.

    Attributes:
        room: how many bytes it still takes; None for as many as come.
        is_deaf: whether it fails to confirm that it has them.
        syncs: how often it was asked to confirm.
        pieces: what was written at once, in order.
    """

    def __init__(self, room: int | None = None) -> None:
        self.room = room
        self.is_deaf = False
        self.syncs = 0
        self.pieces: list[bytes] = []

    def open(self, path: Path, mode: str) -> BinaryIO:
        """For `OrderJournal(open_file=...)`."""
        return cast("BinaryIO", _File(self, open_unbuffered(path, mode)))

    def take(self, contents: bytes, write: Callable[[bytes], int]) -> int:
        """Write as much as there is room for."""
        self.pieces.append(contents)
        if self.room is None:
            return write(contents)
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = contents[: self.room]
        self.room -= len(taken)
        return write(taken)


class _File(io.RawIOBase):
    def __init__(self, disk: Disk, file: BinaryIO) -> None:
        self._disk = disk
        self._real = file

    def write(self, contents: Any) -> int:
        return self._disk.take(contents, self._real.write)

    def fileno(self) -> int:
        self._disk.syncs += 1
        if self._disk.is_deaf:
            raise OSError(errno.EIO, "Input/output error")
        return self._real.fileno()

    def close(self) -> None:
        self._real.close()
        super().close()
