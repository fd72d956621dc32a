"""What the end of a connection, or of a dial, says about the next dial (protocol 2.4, 3.1, 14.4).

Nearly everything is worth another dial: lost networks, restarts of the exchange, broken TLS, refused
connections and names that do not resolve all pass. Only a refusal of who we are repeats by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from valr_connector.errors import AuthenticationError, PermissionDeniedError

_LONGEST_DETAIL: Final = 200


class Verdict(StrEnum):
    """What an ending says about the next dial."""

    RETRY = "RETRY"
    RETRY_SLOWLY = "RETRY_SLOWLY"
    """The exchange asked for patience: no fast first attempt."""
    REFUSED = "REFUSED"
    """Who we are, or what we may, was refused; final when it repeats."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a connection, or a dial, came to its end.

    Attributes:
        cause: in words, for logs.
        verdict: what follows.
        status: HTTP status of the refused upgrade, where that was it.
    """

    cause: str
    verdict: Verdict = Verdict.RETRY
    status: int | None = None

    @property
    def kind(self) -> str:
        """The cause without what VALR or the network say about it: one of a few texts, for counting."""
        return self.cause.partition(":")[0]

    def refusal(self, socket: str) -> AuthenticationError | PermissionDeniedError:
        """The error for a refusal that is final; `socket` names the socket."""
        error = PermissionDeniedError if self.status == 403 else AuthenticationError
        return error(self.cause, status=self.status, request=f"{socket} socket")


_UPGRADES: Final = MappingProxyType({401: Verdict.REFUSED, 403: Verdict.REFUSED, 429: Verdict.RETRY_SLOWLY})

_CLOSES: Final = MappingProxyType(
    {
        1000: ("normal closure", Verdict.RETRY),
        1001: ("going away", Verdict.RETRY),
        1002: ("protocol error", Verdict.RETRY),
        1006: ("no close frame", Verdict.RETRY),
        1008: ("policy violation", Verdict.RETRY_SLOWLY),
        1009: ("message too big", Verdict.RETRY),
        1011: ("internal error", Verdict.RETRY),
        1012: ("service restart", Verdict.RETRY),
        1013: ("try again later", Verdict.RETRY_SLOWLY),
    }
)
_UNNAMED: Final = ("unnamed code", Verdict.RETRY)


def judge_upgrade(status: int, detail: str = "") -> Ending:
    """The upgrade was refused with an HTTP status; `detail` is what the answer says."""
    cause = _with_detail(f"upgrade refused with HTTP {status}", detail)
    return Ending(cause, _UPGRADES.get(status, Verdict.RETRY), status)


def judge_close(code: int, detail: str = "") -> Ending:
    """An open connection ended with a close code; 1006 stands for none."""
    name, verdict = _CLOSES.get(code, _UNNAMED)
    return Ending(_with_detail(f"close {code} ({name})", detail), verdict)


def judge_first_frame(frame_type: str, detail: str = "") -> Ending | None:
    """A frame came before AUTHENTICATED; None unless it refuses who we are."""
    if frame_type not in ("UNAUTHORIZED", "ERROR"):
        return None
    return Ending(_with_detail(f"{frame_type} instead of AUTHENTICATED", detail), Verdict.REFUSED)


def _with_detail(cause: str, detail: str) -> str:
    text = " ".join(detail.split())
    if len(text) > _LONGEST_DETAIL:
        text = text[: _LONGEST_DETAIL - 3] + "..."
    return f"{cause}: {text}" if text else cause
