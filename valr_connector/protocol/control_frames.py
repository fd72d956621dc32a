"""Frames that both sockets share: life signs, acknowledgements, refusals (protocol 14)."""

from __future__ import annotations

import re
from typing import Any, Final

from msgspec import Struct

from valr_connector.model.ids import Symbol
from valr_connector.protocol.reply_frames import Refusal

_REFUSED_SUBSCRIPTION: Final = re.compile(
    r"Channel (?P<event>\w{1,60}), pair (?P<pair>\w{1,60}) combination invalid", re.IGNORECASE | re.ASCII
)


class KeepAliveFrame(Struct, frozen=True, gc=False):
    """An empty text frame, or the JSON value "" (protocol 14.1). A sign of life and nothing else."""


class UnknownFrame(Struct, frozen=True, gc=False):
    """A frame of a type that this library does not know: counted, logged once a type, otherwise ignored.

    Attributes:
        type: as VALR wrote it.
        raw: the frame as received.
        client_msg_id: top level clientMsgId, where there is one: the reply to BATCH_ORDERS is not
            documented (protocol 15.6).
    """

    type: str
    raw: bytes
    client_msg_id: str | None = None


class AuthenticatedFrame(Struct, tag="AUTHENTICATED", frozen=True, gc=False):
    """The handshake's headers were accepted (protocol 2.4)."""


class PongFrame(Struct, tag="PONG", frozen=True, gc=False):
    """The answer to PING; "NO_SUBSCRIPTIONS" on a trade socket without any (protocol 14.3)."""

    message: Any = None


class _Acknowledgement(Struct, frozen=True, gc=False):
    message: str | None = None

    @property
    def event(self) -> str:
        """The event that the message names, "" where it names none."""
        return (self.message or "").partition(":")[0]

    @property
    def pair_symbol(self) -> str:
        """The pair that the message names, "" where it names none."""
        return (self.message or "").partition(":")[2]


class SubscribedFrame(_Acknowledgement, tag="SUBSCRIBED", frozen=True, gc=False):
    """One event of one pair is subscribed. Older servers sent none (protocol 14.2)."""


class UnsubscribedFrame(_Acknowledgement, tag="UNSUBSCRIBED", frozen=True, gc=False):
    """One event of one pair is no longer subscribed."""


class ErrorFrame(Refusal, tag="ERROR", frozen=True, gc=False):
    """A bad request, a bad subscription or a failed authentication (protocol 14.5)."""

    @property
    def refused_subscription(self) -> tuple[str, Symbol] | None:
        """Event and pair that VALR does not subscribe; None where the error is another (protocol 14.2)."""
        found = _REFUSED_SUBSCRIPTION.search(self.error.message)
        return None if found is None else (found["event"].upper(), Symbol(found["pair"].upper()))


class UnauthorizedFrame(Refusal, tag="UNAUTHORIZED", frozen=True, gc=False):
    """The socket is not authenticated; never captured (protocol 14.5)."""


class UnsupportedFrame(Refusal, tag="UNSUPPORTED", frozen=True, gc=False):
    """An unknown request type; never captured (protocol 14.5)."""


ControlFrame = (
    AuthenticatedFrame
    | PongFrame
    | SubscribedFrame
    | UnsubscribedFrame
    | ErrorFrame
    | UnauthorizedFrame
    | UnsupportedFrame
)
