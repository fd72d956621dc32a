"""What an examination finds."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from msgspec import Struct


class Grade(StrEnum):
    """How it stands: in order, worth a thought, or to be mended before trading."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


class Finding(Struct, frozen=True, gc=False):
    """The outcome of one check.

    Attributes:
        about: what was looked at.
        says: what was found, in plain words; never a key, a secret or a signature.
        advice: what to do about it; empty where nothing is to be done.
    """

    about: str
    grade: Grade
    says: str
    advice: str = ""


_STATUS: Final = {Grade.OK: 0, Grade.WARNING: 1, Grade.ERROR: 2}


def exit_status(findings: Iterable[Finding]) -> int:
    """0 where all is in order, 1 for warnings, 2 for anything that has to be mended."""
    return max((_STATUS[finding.grade] for finding in findings), default=0)


def ok(about: str, says: str) -> Finding:
    return Finding(about, Grade.OK, says)


def warning(about: str, says: str, advice: str) -> Finding:
    return Finding(about, Grade.WARNING, says, advice)


def error(about: str, says: str, advice: str) -> Finding:
    return Finding(about, Grade.ERROR, says, advice)
