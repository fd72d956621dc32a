"""An order's own story: what was said and done about it, and what that changed, in a bounded log.

The log is a chain of untracked objects, newest first, so that a hundred thousand stories mean nothing to the
garbage collector. Saying the same again with nothing changed by it is counted, not kept. Of a long story the
beginning and the latest part stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from enum import IntEnum
from typing import Final, Protocol

from msgspec import Struct

from valr_connector.core.evidence import Says, Source
from valr_connector.core.plain_stores import stored_plainly
from valr_connector.model.enums import OrderStatus, Placement
from valr_connector.model.order import CancelRequest

MOST_ENTRIES: Final = 48
_WITHOUT_AN_OUTCOME: Final = frozenset({Says.PLACEMENT_UNKNOWN, Says.CANCEL_UNKNOWN, Says.MODIFY_UNKNOWN})
_FIRST_KEPT: Final = 12
_LAST_KEPT: Final = 24


class Statement(Struct, gc=False):
    """What was said or done, and how often. It stands first in an entry, in one cache line: where the same is
    said again, it is all that is looked at.

    Attributes:
        says: None where VALR was asked by REST.
        ask: why VALR is to be asked because of it, or was asked.
        times: how often the same was said in a row.
    """

    says: Says | None
    source: Source
    ask: IntEnum | None
    times: int


@stored_plainly
class Entry(Statement, gc=False):
    """One thing that was said or done. What it changed shows against the entry before it.

    Attributes:
        at: nanoseconds of the monotonic clock.
        status, placement, accounted, reported, is_being_cancelled: where the order stood after it.
        kept: how many entries there are up to this one.
        omitted: how many entries before this one were let go.
    """

    at: int
    reason: str
    status: OrderStatus
    placement: Placement
    accounted: Decimal
    reported: Decimal
    is_being_cancelled: bool
    before: Entry | None
    kept: int
    omitted: int = 0

    @property
    def executed(self) -> Decimal:
        """Base currency, by its trades or by VALR's running total, whichever is more."""
        return max(self.accounted, self.reported)


class Narrated(Protocol):
    """What of an order its story needs."""

    status: OrderStatus
    placement: Placement
    reported_executed: Decimal
    accounted_amount: Decimal
    cancel_request: CancelRequest | None
    story_end: Entry | None


def note(  # noqa: PLR0917  it runs for every frame about an order, and keywords cost
    order: Narrated,
    now: int,
    says: Says | None,
    source: Source,
    reason: str,
    ask: IntEnum | None,
    news: Sequence[object],
) -> None:
    """Note what was said of `order`, and applied to it; `news` is what there is to tell of it."""
    end = order.story_end
    if not news:
        if end is not None and end.says is says and end.source is source and ask is end.ask:
            end.times += 1
            return
        if ask is None and says in _WITHOUT_AN_OUTCOME:
            return  # the outcome was known: that its reply never came is of no interest any more
    kept = 1 if end is None else end.kept + 1
    order.story_end = Entry(
        says,
        source,
        ask,
        1,
        now,
        reason,
        order.status,
        order.placement,
        order.accounted_amount,
        order.reported_executed,
        order.cancel_request is not None,
        end,
        kept,
    )
    if kept > MOST_ENTRIES:
        _shorten(order)


def note_question(order: Narrated, ask: IntEnum, attempt: int, now: int) -> None:
    """Note that VALR is asked by REST what became of `order`, for the `attempt`th time."""
    note(order, now, None, Source.LOCAL, f"attempt {attempt}", ask, (ask,))


def entries(order: Narrated) -> Iterator[Entry]:
    """The story from its beginning."""
    chain: list[Entry] = []
    entry = order.story_end
    while entry is not None:
        chain.append(entry)
        entry = entry.before
    return reversed(chain)


def _shorten(order: Narrated) -> None:
    """Let the middle of the story go."""
    chain = list(entries(order))
    begin, gone, rest = chain[:_FIRST_KEPT], chain[_FIRST_KEPT:-_LAST_KEPT], chain[-_LAST_KEPT:]
    rest[0].before = begin[-1]
    rest[0].omitted += sum(entry.times + entry.omitted for entry in gone)
    for kept, entry in enumerate(rest, start=_FIRST_KEPT + 1):
        entry.kept = kept


# --- in words --------------------------------------------------------------------------------------------

_SOURCES: Final[Mapping[Source, str]] = {
    Source.LOCAL: "here",
    Source.REPLY: "VALR replied",
    Source.STREAM: "VALR's stream said",
    Source.SNAPSHOT: "VALR's list of open orders said",
    Source.QUERY: "VALR answered when asked",
}

_SAID: Final[Mapping[Says, str]] = {
    Says.SENT: "the placement was sent",
    Says.RESENT: "the placement was signed and sent anew",
    Says.NOT_SENT: "the placement was not sent",
    Says.PLACEMENT_UNKNOWN: "no word on the placement",
    Says.PROVED_ABSENT: "there is no such order, and there will be none",
    Says.CANCEL_SENT: "a cancel was sent",
    Says.CANCEL_UNKNOWN: "no word on the cancel",
    Says.MODIFY_SENT: "a modify was sent",
    Says.MODIFY_UNKNOWN: "no word on the modify",
    Says.ACCEPTED: "it received the placement (a receipt, no more)",
    Says.REFUSED: "it refuses the placement",
    Says.PROCESSED: "the placement was executed",
    Says.CANCEL_RECEIVED: "it received the cancel (a receipt, no more)",
    Says.CANCEL_REFUSED: "it refuses the cancel",
    Says.CANCEL_CONFIRMED: "it is cancelled",
    Says.MODIFY_RECEIVED: "it received the modify (a receipt, no more)",
    Says.MODIFY_CONFIRMED: "it is modified",
    Says.MODIFY_REFUSED: "it refuses the modify",
    Says.RESTING: "the order is open",
    Says.PARTIALLY_FILLED: "the order is partly executed",
    Says.MODIFIED: "the order has new terms",
    Says.FILLED: "the order is filled",
    Says.CANCELLED: "the order is cancelled",
    Says.EXPIRED: "the order has expired",
    Says.FAILED: "the order has failed",
    Says.UNRECOGNISED: "a status that nobody knows",
    Says.FILL: "a trade",
    Says.ABSENT: "the order is not there",
}

_WHY_ASKED: Final[Mapping[str, str]] = {
    "PLACEMENT_UNCONFIRMED": "nobody knows whether the placement arrived",
    "CANCEL_UNCONFIRMED": "nobody knows whether the cancel arrived",
    "CANCEL_REFUSED": "a refused cancel does not say whether the order lives",
    "MODIFY_SETTLED": "what the modify made of it has to be seen",
    "MODIFY_UNCONFIRMED": "nobody knows whether the modify arrived",
    "ABSENT": "being absent from a list proves nothing",
    "CONTRADICTION": "this contradicts what was said before",
    "UNRECOGNISED_STATUS": "the status is not known",
    "MISSING_FILLS": "more was executed than the trades known add up to",
    "TAKER_STILL_OPEN": "an order that must not rest seems open",
    "UNATTRIBUTED_FILL": "a trade may be its",
    "ENDING_IN_DOUBT": "whether it has really ended is in doubt",
    "ADOPTED": "the list that it was adopted from may be old",
    "AMOUNT_UNCONFIRMED": "the end came without the executed amount",
}

Line = tuple[int, str, Sequence[str]]
"""When, nanoseconds of the monotonic clock; what was said or done; what that changed."""


def lines(order: Narrated) -> Iterator[Line]:
    """The story in words, a line for each entry."""
    status, placement, executed, is_being_cancelled = (
        OrderStatus.PENDING_CREATE,
        Placement.UNSENT,
        Decimal(0),
        False,
    )
    for entry in entries(order):
        if entry.omitted:
            yield entry.at, f"({entry.omitted} more things said and done are left out here)", ()
        changes: list[str] = []
        if entry.status is not status:
            changes.append(f"{status} -> {entry.status}")
        if entry.placement is not placement and entry.placement is Placement.UNKNOWN:
            changes.append("UNKNOWN whether VALR has it: tracked on, and asked about")
        if entry.executed != executed:
            changes.append(f"executed {executed} -> {entry.executed}")
        if entry.is_being_cancelled is not is_being_cancelled:
            changes.append("being cancelled" if entry.is_being_cancelled else "no cancel stands any more")
        if entry.ask is not None and entry.says is not None:
            changes.append(f"to be asked: {_WHY_ASKED[entry.ask.name]}")
        yield entry.at, _said(entry), changes
        status, placement = entry.status, entry.placement
        executed, is_being_cancelled = entry.executed, entry.is_being_cancelled


def _said(entry: Entry) -> str:
    if entry.says is None:
        why = "" if entry.ask is None else f": {_WHY_ASKED[entry.ask.name]}"
        return f"here: VALR is asked by REST, {entry.reason}{why}"
    text = f"{_SOURCES[entry.source]}: {_SAID[entry.says]}"
    if entry.reason:
        text += f" ({entry.reason})"
    return text if entry.times == 1 else f"{text}, {entry.times} times"
