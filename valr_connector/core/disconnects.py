"""What the end of a connection, or of a dial, says about the next dial (protocol 2.4, 3.1, 14.4).

Nearly everything is worth another dial: lost networks, restarts of the exchange, broken TLS, refused
connections and names that do not resolve all pass. Only a refusal of who we are repeats by itself.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Verdict(StrEnum):
    """What an ending says about the next dial."""

    RETRY = "RETRY"
    RETRY_SLOWLY = "RETRY_SLOWLY"
    """The exchange asked for patience: no fast first attempt."""
    REFUSED = "REFUSED"
    """Who we are, or what we may, was refused; final when it repeats."""


def judge_upgrade(status: int) -> Verdict:
    """What a refused upgrade says about the next dial, by its HTTP status (protocol 2.4, 3.1)."""
    if status in (401, 403):
        return Verdict.REFUSED
    return Verdict.RETRY_SLOWLY if status == 429 else Verdict.RETRY


_CLOSE_NAMES: Final = MappingProxyType(
    {
        1000: "normal closure",
        1001: "going away",
        1002: "protocol error",
        1006: "no close frame",
        1008: "policy violation",
        1009: "message too big",
        1011: "internal error",
        1012: "service restart",
        1013: "try again later",
    }
)
_PATIENCE_ASKED: Final = frozenset({1008, 1013})


def judge_close(code: int) -> Verdict:
    """What a closed connection says about the next dial, by its close code (protocol 14.4)."""
    return Verdict.RETRY_SLOWLY if code in _PATIENCE_ASKED else Verdict.RETRY


def describe_close(code: int, reason: str = "") -> str:
    """A close code in words, for logs."""
    name = _CLOSE_NAMES.get(code, "unnamed code")
    return f"close {code} ({name}){': ' + reason if reason else ''}"


def is_refusal(frame_type: str) -> bool:
    """Whether a frame that comes before AUTHENTICATED refuses who we are (protocol 2.4)."""
    return frame_type in ("UNAUTHORIZED", "ERROR")
