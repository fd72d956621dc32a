"""What becomes of a command that a test runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Ended(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    error: str


Valr = Callable[..., Ended]
