"""Bugs to be planted in the library, each of a kind that connectors have had, and a search for each.

``python -m tests.verification.planted_bugs --seeds 500`` plants them one after the other, and tells in how
many schedules the simulation found each, first in which, and by which invariant.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from msgspec.structs import replace

from valr_connector.core import evidence, executions, lifecycle, request_notes
from valr_connector.core.balances import Balances
from valr_connector.core.circuit_breaker import CircuitBreaker
from valr_connector.core.event_router import EventRouter
from valr_connector.core.evidence import Says
from valr_connector.core.level_book import REPEATED, LevelBook
from valr_connector.core.lifecycle import Move
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.order_terms import placement_request
from valr_connector.core.session import Action, Session
from valr_connector.core.waiting_room import WaitingRoom
from valr_connector.model.account import Balance
from valr_connector.model.enums import TERMINAL, OrderStatus, Placement
from valr_connector.model.events import BalanceChanged
from valr_connector.model.order import CancelOutcome, CancelResult, ModifyResult
from valr_connector.net import turnstile
from valr_connector.net.book_keeper import BookKeeper
from valr_connector.net.clock_sync import ClockSync
from valr_connector.net.mass_cancel import MassCancel
from valr_connector.net.order_canceller import OrderCanceller
from valr_connector.net.order_gateway import OrderGateway
from valr_connector.net.order_modifier import OrderModifier
from valr_connector.net.reconciler import Reconciler
from valr_connector.net.user_stream import UserStreamTracker
from valr_connector.protocol.order_requests import PlaceLimit
from valr_connector.protocol.order_status import WireStatus
from valr_connector.protocol.signing import Credentials
from valr_connector.verification.generate import generate
from valr_connector.verification.run import simulate

Plant = Callable[[], AbstractContextManager[Any]]
LIVE = (OrderStatus.PENDING_CREATE, OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED)


def absence_is_a_cancellation() -> AbstractContextManager[Any]:
    """What a list of open orders lacks has been cancelled."""
    return patch.dict(lifecycle.TABLE[Says.ABSENT], dict.fromkeys(LIVE, Move.CANCEL))


def a_receipt_is_a_cancellation() -> AbstractContextManager[Any]:
    """CANCEL_ORDER_WS_RESPONSE ends the order."""
    return patch.dict(lifecycle.TABLE[Says.CANCEL_RECEIVED], dict.fromkeys(LIVE, Move.CANCEL))


def a_retry_without_a_probe() -> AbstractContextManager[Any]:
    """A placement without an answer is sent once more, by REST."""
    place = OrderGateway.place

    async def place_twice(self: OrderGateway, order: OrderRecord) -> OrderRecord:
        await place(self, order)
        if order.placement is Placement.UNKNOWN:
            await self._place_by_rest(order)
        return order

    return patch.object(OrderGateway, "place", place_twice)


def being_cancelled_sticks() -> AbstractContextManager[Any]:
    """A cancel that failed is never over."""
    notes = dict.fromkeys((Says.CANCEL_REFUSED, Says.CANCEL_UNKNOWN), _nothing)
    return patch.dict(request_notes.REQUEST_NOTES, notes)


def a_fill_is_counted_twice() -> AbstractContextManager[Any]:
    """The id of a fill is not looked at."""

    def count(order: OrderRecord, said: Any, trade: Any, events: Any) -> None:
        order.fills_by_id.pop(trade.trade_id, None)
        executions.count_fill(order, said, trade, events)

    return patch.object(lifecycle, "count_fill", count)


def a_fill_before_the_reply_is_lost() -> AbstractContextManager[Any]:
    """News that names an order by an id that is not known yet is dropped."""
    return patch.object(WaitingRoom, "wait", _nothing)


def what_has_ended_is_opened_again() -> AbstractContextManager[Any]:
    """Old news of an order brings it back to life."""
    row = {**lifecycle.TABLE[Says.RESTING], **dict.fromkeys(TERMINAL, Move.COUNT)}
    return patch.dict(lifecycle.TABLE, dict.fromkeys((Says.RESTING, Says.PARTIALLY_FILLED), row))


def an_unknown_status_is_open() -> AbstractContextManager[Any]:
    """A status text that nobody knows passes for an order that rests."""
    return patch.dict(evidence.SAID_BY_STATUS, {WireStatus.UNRECOGNISED: Says.RESTING})


def a_late_reply_is_dropped() -> AbstractContextManager[Any]:
    """The answer to a placement that has timed out is thrown away."""
    take = EventRouter._on_place_reply

    def take_unless_late(self: EventRouter, frame: Any, now: int) -> Sequence[Any]:
        order = self._tracker.find(frame.client_order_id)
        is_late = order is not None and order.placement is Placement.UNKNOWN
        return () if is_late else take(self, frame, now)

    return patch.object(EventRouter, "_on_place_reply", take_unless_late)


def no_resync_after_a_reconnect() -> AbstractContextManager[Any]:
    """Only the first connection is followed by a look at VALR's lists."""
    resync = Reconciler.resync

    async def resync_once(self: Reconciler, epoch: int) -> None:
        if epoch == 1:
            await resync(self, epoch)

    return patch.object(Reconciler, "resync", resync_once)


@contextmanager
def the_journal_is_written_after_the_send() -> Iterator[None]:
    """A placing is written down when it has left."""
    start = OrderGateway._start

    async def send_and_write(self: OrderGateway, order: OrderRecord) -> None:
        await start(self, order)
        if self._journal is not None and not order.is_done:
            self._journal.placing(order)

    with ExitStack() as stack:
        stack.enter_context(patch.object(OrderGateway, "_write_down", _nothing))
        stack.enter_context(patch.object(OrderGateway, "_start", send_and_write))
        yield


def a_foreign_order_is_cancelled() -> AbstractContextManager[Any]:
    """Cancelling all of ours cancels all of the account's."""
    return patch.object(MassCancel, "ours", MassCancel.everybodys)


def a_secret_is_logged() -> AbstractContextManager[Any]:
    """A broken connection is logged with all that made it."""
    lost = UserStreamTracker.on_disconnected
    made: list[Credentials] = []
    make = Credentials.auth_headers

    def remember(self: Credentials, *request: Any) -> Mapping[str, str]:
        made[:] = [self]
        return make(self, *request)

    def tell(self: UserStreamTracker, epoch: int, cause: str) -> None:
        headers = make(made[0], 1, "GET", "/ws/account")
        logging.getLogger("valr_connector.net").warning("lost %s with %s", epoch, headers)
        lost(self, epoch, cause)

    stack = ExitStack()
    stack.enter_context(patch.object(Credentials, "auth_headers", remember))
    stack.enter_context(patch.object(UserStreamTracker, "on_disconnected", tell))
    return stack


def a_gap_in_the_book_is_overlooked() -> AbstractContextManager[Any]:
    """A change is merged into whatever book there is; neither number nor checksum is looked at."""
    diff = LevelBook.diff

    def merge(self: LevelBook, frame: Any) -> str:
        self.sequence = frame.data.sequence - 1
        diff(self, frame)
        return ""

    return patch.object(LevelBook, "diff", merge)


def changes_of_the_book_are_left_out() -> AbstractContextManager[Any]:
    """The book stays as its snapshot was."""
    return patch.object(LevelBook, "diff", lambda *_: REPEATED)


def a_book_outlives_its_connection() -> AbstractContextManager[Any]:
    """What was known of a book is shown until something newer comes."""
    stack = ExitStack()
    stack.enter_context(patch.object(BookKeeper, "suspend", _nothing))
    stack.enter_context(patch.object(BookKeeper, "disconnected", _nothing))
    return stack


def a_modify_returns_before_its_terms_are_known() -> AbstractContextManager[Any]:
    """That VALR did it is taken for knowing what it did."""
    result = OrderModifier.result

    async def return_at_once(
        self: OrderModifier, order: OrderRecord, change: Any, verdict: Says | None, before: object
    ) -> ModifyResult:
        if not order.is_done and verdict is Says.MODIFY_CONFIRMED:
            return ModifyResult.MODIFIED
        return await result(self, order, change, verdict, before)

    return patch.object(OrderModifier, "result", return_at_once)


def the_second_way_forgets_post_only() -> AbstractContextManager[Any]:
    """A maker's order that goes by REST, the socket being away, may take."""

    def forget(order: OrderRecord) -> Any:
        placement = placement_request(order)
        return replace(placement, post_only=False) if isinstance(placement, PlaceLimit) else placement

    return patch("valr_connector.net.order_gateway.placement_request", forget)


def a_cancel_returns_what_was_wished_for() -> AbstractContextManager[Any]:
    """The call that cancels says CANCELLED, whatever VALR said."""
    cancel = OrderCanceller.cancel

    async def cancelled(self: OrderCanceller, order: OrderRecord) -> CancelOutcome:
        await cancel(self, order)
        return CancelOutcome(order, CancelResult.CANCELLED)

    return patch.object(OrderCanceller, "cancel", cancelled)


def balances_stay_as_they_were_first() -> AbstractContextManager[Any]:
    """A wallet that is known is not looked at again."""
    update = Balances.update

    def update_once(self: Balances, balance: Balance) -> Sequence[BalanceChanged]:
        return () if balance.currency in self.by_currency else update(self, balance)

    return patch.object(Balances, "update", update_once)


def the_clock_is_never_measured_again() -> AbstractContextManager[Any]:
    """A refused signature, or a date that jumped, is no reason to look at VALR's clock."""

    async def is_right(_: ClockSync, used: int) -> bool:
        return False

    stack = ExitStack()
    stack.enter_context(patch.object(ClockSync, "correct", is_right))
    stack.enter_context(patch.object(ClockSync, "_was_set", lambda _: False))
    return stack


def a_silent_connection_passes_for_live() -> AbstractContextManager[Any]:
    """PINGs are sent, and nobody minds that nothing follows them."""
    deadlines = Session._deadlines

    def only_pings(self: Session) -> Mapping[Action, int]:
        return {action: due for action, due in deadlines(self).items() if action is Action.PING}

    return patch.object(Session, "_deadlines", only_pings)


def first_come_first_served() -> AbstractContextManager[Any]:
    """Who waits for room in the limits is let through in turn, however urgent."""
    return patch.object(turnstile, "_rank_of", lambda _: 0)


def a_circuit_never_closes() -> AbstractContextManager[Any]:
    """The pause of an open circuit has no end."""
    return patch.object(CircuitBreaker, "half_opens_ns", None)


def _nothing(*_: object) -> None:
    pass


PLANTS: Sequence[Plant] = (
    absence_is_a_cancellation,
    a_receipt_is_a_cancellation,
    a_retry_without_a_probe,
    being_cancelled_sticks,
    a_fill_is_counted_twice,
    a_fill_before_the_reply_is_lost,
    what_has_ended_is_opened_again,
    an_unknown_status_is_open,
    a_late_reply_is_dropped,
    no_resync_after_a_reconnect,
    the_journal_is_written_after_the_send,
    a_foreign_order_is_cancelled,
    a_secret_is_logged,
    a_gap_in_the_book_is_overlooked,
    changes_of_the_book_are_left_out,
    a_book_outlives_its_connection,
    a_modify_returns_before_its_terms_are_known,
    the_second_way_forgets_post_only,
    a_cancel_returns_what_was_wished_for,
    balances_stay_as_they_were_first,
    the_clock_is_never_measured_again,
    a_silent_connection_passes_for_live,
    first_come_first_served,
    a_circuit_never_closes,
)


def finds(plant: Plant, seeds: range) -> Iterator[tuple[int, str]]:
    """The seeds whose schedules find a bug, with the invariant that it violates first."""
    with plant():
        for seed in seeds:
            violations = simulate(generate(seed)).violations
            if violations:
                yield seed, violations[0].invariant


def main() -> int:
    """Search for all of them; 1 if one was not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.verification.planted_bugs")
    parser.add_argument("--seeds", type=int, default=300, help="how many schedules are run for each bug")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    chosen = parser.parse_args()
    seeds = range(chosen.first, chosen.first + chosen.seeds)
    missed = 0
    sys.stdout.write(f"{'found in':>9} {'first':>6}  bug, and the invariants it violated\n")
    for plant in PLANTS:
        found = [*finds(plant, seeds)]
        by = Counter(invariant for _, invariant in found)
        share = len(found) / len(seeds)
        missed += not found
        first = found[0][0] if found else "never"
        sys.stdout.write(f"{share:>9.1%} {first:>6}  {plant.__name__}: {', '.join(sorted(by))}\n")
        sys.stdout.flush()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
