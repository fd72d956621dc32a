"""The order journal: an append-only file from which a new process learns what may be live at VALR.

The placing of an order is in it before anything is sent, everything else before anybody is told of it. What
is in it, and how it is read back into orders, is the order log's part (`core.order_log`).

One file holds all. It begins anew, atomically, at every start, every orderly end and every so many bytes:
only what is still worth knowing is taken over. Reading, writing and beginning anew happen within the call.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

from msgspec import structs

from valr_connector.config import JournalSync
from valr_connector.core import order_log
from valr_connector.core.order_log import Orders
from valr_connector.core.order_log_records import Known, Record, decode, encode
from valr_connector.core.order_record import OrderRecord
from valr_connector.errors import (
    JournalCorruptError,
    JournalInUseError,
    JournalWriteError,
    OrderJournalError,
)
from valr_connector.model.events import FillAmended, OrderEvent, OrderFilled
from valr_connector.model.ids import ClientOrderId
from valr_connector.model.order import Fill
from valr_connector.net import durable_file
from valr_connector.net.durable_file import OpenFile
from valr_connector.observe.redaction import RedactionFilter

log = logging.getLogger(__name__)

ROTATE_BYTES: Final = 4 * 1024 * 1024
MOST_ENDED: Final = 500
_LONGEST_RECORD: Final = 16 * 1024 * 1024
_LONGEST_REASON: Final = 300


class OrderJournal:
    """Writes down what becomes of orders; after a crash, gives them back.

    Args:
        path: the file, or a link to it; its directory has to exist. Beside the file itself, ``.lock`` and
            ``.new`` are used.
        wall: nanoseconds since 1970.
        sync: "os" hands every record to the operating system: it survives the death of this process, not of
            the machine. "always" waits until the disk has it: it survives a power cut, at the disk's pace.
        rotate_bytes: when the file begins anew. It is at most this long, or twice what it began with.
        most_ended: so many ended orders are taken over when it does, beside those with fills missing.
        secrets: values to strike out of VALR's texts, besides what looks like a key or a signature.
        open_file: opens files.

    Attributes:
        fills_wanted_since: from when on fills may have been missed, UTC; None where there were none to miss.
        failures: how often writing failed.
    """

    def __init__(
        self,
        path: Path,
        *,
        wall: Callable[[], int],
        sync: JournalSync = "os",
        rotate_bytes: int = ROTATE_BYTES,
        most_ended: int = MOST_ENDED,
        secrets: Sequence[str] = (),
        open_file: OpenFile = durable_file.open_unbuffered,
    ) -> None:
        self.fills_wanted_since: datetime | None = None
        self.failures = 0
        self._path = Path(os.path.realpath(path))  # replaced where it is, and locked there by whatever name
        self._wall = wall
        self._syncs = sync == "always"
        self._rotate_bytes = rotate_bytes
        self._most_ended = most_ended
        self._redaction = RedactionFilter(secrets)
        self._open_file = open_file
        self._orders: Orders = {}
        self._written: dict[ClientOrderId, Known] = {}
        self._file: BinaryIO | None = None
        self._lock: BinaryIO | None = None
        self._size = 0
        self._rotate_at = 0
        self._is_behind = False

    def open(self, now: int) -> Sequence[OrderRecord]:
        """Read the file if there is one, and begin it anew.

        Args:
            now: nanoseconds of the monotonic clock.

        Returns:
            The orders that may be live, and those that ended last.

        Raises:
            JournalInUseError: somebody else uses it.
            JournalCorruptError: it is damaged, and not merely torn off at its end.
            JournalWriteError: it cannot be begun anew.
            OrderJournalError: it cannot be read, or locked.
        """
        self._lock = _lock(self._path)
        try:
            self._orders = read_orders(self._path)
            wall = self._wall()
            for order in self._orders.values():
                order_log.resume(order, now, wall)
            self._begin_anew()
        except BaseException:  # whatever it was, the lock is not kept
            self.release()
            raise
        self.fills_wanted_since = order_log.fills_wanted_since(self._orders.values())
        return tuple(self._orders.values())

    def placing(self, order: OrderRecord) -> None:
        """Write down that an order is about to be sent.

        Raises:
            JournalWriteError: it could not be written down, and must not be sent.
        """
        order.placed_at = self._wall()
        self._orders[order.client_order_id] = order
        self._written[order.client_order_id] = order_log.known(order)
        try:
            self._append(order_log.placing(order))
        except JournalWriteError:
            self._forget(order.client_order_id)
            raise

    def withdraw(self, order: OrderRecord) -> None:
        """It was not sent after all: the next record begins the file anew, without it."""
        self._forget(order.client_order_id)
        self._is_behind = True

    def note(self, order: OrderRecord, fills: Iterable[Fill] = ()) -> None:
        """Write down what has become known of an order, with the fills that were counted or amended.

        Raises:
            JournalWriteError: it could not be written down. It will be with the next record that can.
        """
        if self._orders.get(order.client_order_id) is not order:
            self._take_up_again(order)
            return
        state = self._known(order)
        news: list[Record] = []
        if state != self._written[order.client_order_id]:
            if order.is_done:
                order_log.move_to_end(self._orders, order)
            self._written[order.client_order_id] = state
            news.append(state)
        news += map(order_log.filled, fills)
        if news:
            self._append(*news)

    def follow(self, order: OrderRecord, events: Sequence[OrderEvent]) -> None:
        """Write down what evidence did to an order: the tracker's `Watcher`. A failure is logged."""
        if self._file is None:
            return
        fills = [event.fill for event in events if isinstance(event, OrderFilled | FillAmended)]
        with suppress(JournalWriteError):  # it is logged, and the next placing raises it
            self.note(order, fills)
        if self._size > self._rotate_at and not self._is_behind:
            self._rotate()

    def close(self) -> None:
        """Begin anew with what is left, and let go of the file. Calling it again does nothing."""
        if self._file is not None:
            with suppress(JournalWriteError):  # it is logged; what was written before stays
                self._begin_anew()
        self.release()

    def release(self) -> None:
        """Let go of the file as it is, and of the lock, as the death of the process would."""
        for file in (self._file, self._lock):
            if file is not None:
                with suppress(OSError):
                    file.close()
        self._file = self._lock = None

    # --- what is known ------------------------------------------------------------------------------

    def _known(self, order: OrderRecord) -> Known:
        state = order_log.known(order)
        if not state.failure_reason:
            return state
        reason = self._redaction.redact(state.failure_reason)[:_LONGEST_REASON]
        return structs.replace(state, failure_reason=reason)

    def _take_up_again(self, order: OrderRecord) -> None:
        """An order was adopted, or one that had ended and was dropped is heard of again: does it matter?

        One that the tracker has forgotten is adopted as another order, whose records replace those it had.
        """
        if order.is_done and order.has_all_fills:
            return
        order.placed_at = order.placed_at or self._wall()  # an adopted order was never about to be sent
        self._orders[order.client_order_id] = order
        state = self._written[order.client_order_id] = self._known(order)
        self._append(*order_log.records(order, state))

    def _forget(self, client_order_id: ClientOrderId) -> None:
        del self._orders[client_order_id]
        del self._written[client_order_id]

    # --- the file -----------------------------------------------------------------------------------

    def _append(self, *records: Record) -> None:
        if self._file is None:
            raise JournalWriteError(f"{self._path}: it is not open")
        if self._is_behind:
            self._begin_anew()  # with all that is known, and so with these
            return
        lines = b"".join(map(encode, records))
        try:
            self._size += durable_file.write(self._file, lines, is_synced=self._syncs)
        except OSError as error:
            raise self._fallen_behind(error) from None

    def _rotate(self) -> None:
        """Begin anew, or go on with the file at hand for some time where that fails."""
        try:
            self._begin_anew()
        except JournalWriteError:
            self._rotate_at = self._size + self._rotate_bytes

    def _begin_anew(self) -> None:
        """Replace the file by one with all that is still worth knowing.

        The new one is complete on the disk before it takes the old one's name, so that there is a whole one
        at any moment.
        """
        orders = {
            order.client_order_id: order for order in order_log.worth_keeping(self._orders, self._most_ended)
        }
        written = {client_order_id: self._known(order) for client_order_id, order in orders.items()}
        records = (
            record for name, order in orders.items() for record in order_log.records(order, written[name])
        )
        contents = b"".join(map(encode, records))
        try:
            file = durable_file.replace(self._path, contents, self._open_file)
        except OSError as error:
            raise self._failed(error) from None
        if self._file is not None:
            with suppress(OSError):  # nobody reads it any more
                self._file.close()
        self._file, self._size, self._is_behind = file, len(contents), False
        self._orders, self._written = orders, written
        self._rotate_at = max(self._rotate_bytes, 2 * self._size)
        try:
            durable_file.sync_directory(self._path.parent)
        except OSError as error:
            raise self._fallen_behind(error) from None

    def _fallen_behind(self, error: OSError) -> JournalWriteError:
        """Something may be missing at the end of the file: nothing can follow there."""
        failure = self._failed(error)
        self._is_behind = True
        return failure

    def _failed(self, error: OSError) -> JournalWriteError:
        self.failures += 1
        failure = JournalWriteError(f"{self._path}: it cannot be written: {error.strerror or error}")
        if not self._is_behind:
            log.error("%s", failure)
        return failure


def read_orders(path: Path) -> dict[ClientOrderId, OrderRecord]:
    """The orders that a journal tells of; none where there is no such file.

    A last record without its end was being written when the process died, and what it tells of had not
    happened yet: it is left out, with a warning.

    Raises:
        JournalCorruptError: a record is damaged; names where it begins.
        OrderJournalError: the file cannot be read.
    """
    orders: dict[ClientOrderId, OrderRecord] = {}
    try:
        with path.open("rb") as file:
            _read(file, path, orders)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise OrderJournalError(f"{path}: it cannot be read: {error.strerror}") from None
    return orders


def _read(file: BinaryIO, path: Path, orders: Orders) -> None:
    offset = 0
    while line := file.readline(_LONGEST_RECORD):
        try:
            order_log.note(orders, decode(line))
        except ValueError as error:
            if not _is_torn(line):
                raise JournalCorruptError(path, offset, str(error)) from None
            log.warning("%s: the record at byte %d is torn, the last one, and left out", path, offset)
        offset += len(line)


def _is_torn(line: bytes) -> bool:
    """Whether the file ends in the middle of this record; not where only its very last byte was changed."""
    if line.endswith(b"\n") or len(line) == _LONGEST_RECORD:
        return False
    with suppress(ValueError):
        decode(line[:-1] + b"\n")
        return False
    return True


def _lock(path: Path) -> BinaryIO:
    lock = path.with_name(path.name + ".lock")
    try:
        return durable_file.lock(lock)
    except BlockingIOError:
        raise JournalInUseError(f"{path}: somebody else uses this order journal") from None
    except OSError as error:
        raise OrderJournalError(f"{lock}: it cannot be locked: {error.strerror}") from None
