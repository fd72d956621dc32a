"""One HTTP request and what became of it, whatever library carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct


class Reply(Struct, frozen=True):
    """An answer, whatever it says. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def age_s(self) -> int:
        """For how many seconds a cache on the way had kept it; 0 where nothing says so."""
        age = self.headers.get("age", "")
        return int(age) if age.isascii() and age.isdigit() and len(age) < 10 else 0


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer.

    Attributes:
        problem: in words.
        may_have_left: False where provably not one byte of the request was sent.
    """

    problem: str
    may_have_left: bool


class Limits(Struct, frozen=True):
    """Bounds of one exchange; times in seconds.

    Attributes:
        total_s: from the call to the last byte of the answer.
        connect_s: a free place in the pool, name, TCP and TLS.
        read_s: between two pieces of the answer, the first included.
        largest_answer: bytes, unpacked; a longer answer is a failure.
    """

    total_s: float
    connect_s: float
    read_s: float
    largest_answer: int


class HttpExchange(Protocol):
    """Carries requests to VALR and answers back."""

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> Reply | Failure:
        """Send exactly these bytes, at most once, and read the answer. Redirects are not followed.

        `url` is encoded already and goes out as it stands. Nothing but a cancellation is raised.
        """

    async def close(self) -> None:
        """Close all connections."""
