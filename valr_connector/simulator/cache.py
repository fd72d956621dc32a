"""The cache before the exchange: an answer stays as it is until it is too old (protocol 3.4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from valr_connector.simulator.answers import Answer

_NS_PER_S = 1_000_000_000


class _Entry(NamedTuple):
    answer: Answer
    stored_at: int
    expires_at: int


class AnswerCache:
    """Answers by key, errors as well as successes, on the exchange's clock in nanoseconds."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._entries: dict[str, _Entry] = {}

    async def answer(self, key: str, max_age_s: int, make: Callable[[], Awaitable[Answer]]) -> Answer:
        """The stored answer if it is young enough, else a new one, which is stored.

        One from the future, as the clock goes back, is as good as none.
        """
        entry = self._entries.get(key)
        if entry is None or not entry.stored_at <= self._clock() < entry.expires_at:
            answer = await make()
            now = self._clock()
            entry = _Entry(answer, now, now + max_age_s * _NS_PER_S)
            self._forget_expired(now)
            self._entries[key] = entry
        age_s = max(self._clock() - entry.stored_at, 0) // _NS_PER_S
        return entry.answer.with_headers({"cache-control": f"max-age={max_age_s},public", "age": str(age_s)})

    def _forget_expired(self, now: int) -> None:
        self._entries = {key: entry for key, entry in self._entries.items() if now < entry.expires_at}
