"""What reaches the core beside the frames: each as a plain value, so that a session can be run again.

Frames in and these steps, in their order, are all that orders and balances follow from. Whoever wants to
write them down listens (`AccountState.tell_steps`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from msgspec import Struct

from valr_connector.core.evidence import Evidence
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_log_records import Filled, Known, Placing
from valr_connector.model.account import Balance
from valr_connector.model.ids import ClientOrderId
from valr_connector.protocol.rows import OpenOrderRow


class Origin(StrEnum):
    """How an order came to be tracked."""

    PLACED = "placed"
    RESTORED = "restored"
    ADOPTED = "adopted"


class Step(Struct, tag_field="step", frozen=True, gc=False):
    """Something that was done to the core."""


class Tracked(Step, tag="tracked", frozen=True, gc=False):
    """An order is tracked from now on; `records` are all that is known of it."""

    origin: Origin
    created_at: int
    epoch: int
    records: Sequence[Placing | Known | Filled]


class Withdrawn(Step, tag="withdrawn", frozen=True, gc=False):
    """An order was let go of, unsent."""

    order: ClientOrderId


class Told(Step, tag="told", frozen=True, gc=False):
    """Evidence that did not come in a frame."""

    evidence: Evidence


class Listed(Step, tag="listed", frozen=True, gc=False):
    """A complete list of open orders from REST."""

    rows: Sequence[OpenOrderRow]
    epoch: int


class Held(Step, tag="held", frozen=True, gc=False):
    """A complete list of balances from REST."""

    balances: Sequence[Balance]


class Connected(Step, tag="connected", frozen=True, gc=False):
    """The account socket has a new connection."""

    epoch: int


class Lost(Step, tag="lost", frozen=True, gc=False):
    """That connection is gone: no command under way on it is answered any more."""

    epoch: int


class Commanded(Step, tag="commanded", frozen=True, gc=False):
    """A command is about to be sent on the socket."""

    kind: str
    order: ClientOrderId
    epoch: int


class Forgotten(Step, tag="forgotten", frozen=True, gc=False):
    """No reply to a command is waited for any more."""

    message_id: str


class Asked(Step, tag="asked", frozen=True, gc=False):
    """VALR is about to be asked by REST what became of an order."""

    order: ClientOrderId
    reason: AskReason
    attempt: int


class Ended(Step, tag="ended", frozen=True, gc=False):
    """The session is over; `digest` is that of the state it ended in (`core.state_digest`)."""

    digest: str


AnyStep = (
    Tracked | Withdrawn | Told | Listed | Held | Connected | Lost | Commanded | Forgotten | Asked | Ended
)
Listener = Callable[[AnyStep], None]


def unheard(_: AnyStep) -> None:
    """Nobody listens."""
