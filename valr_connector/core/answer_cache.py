"""Answers that VALR itself would only repeat, kept for as long (protocol 3.4)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from valr_connector.core.rate_limits import SECOND

MOST_ANSWERS: Final = 500
"""Queries differ by their times, so their number has no end of itself."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One answer, and until when it is good, in nanoseconds."""

    value: Any
    until: int


class AnswerCache:
    """Answers by question, each until it is too old; of too many the oldest go.

    Args:
        capacity: how many answers are kept.
    """

    def __init__(self, capacity: int = MOST_ANSWERS) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[str, KeptAnswer] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, question: str, now: int) -> KeptAnswer | None:
        """The answer, where there is one that is good at `now`."""
        kept = self._kept.get(question)
        return kept if kept is not None and now < kept.until else None

    def keep(self, question: str, value: object, *, asked_at: int, max_age_s: int, age_s: int) -> None:
        """Keep an answer for the rest of its time; not at all where nothing is left of it.

        Args:
            asked_at: when the question was sent, nanoseconds.
            max_age_s: for how long VALR repeats an answer.
            age_s: for how long it had repeated this one.
        """
        left_s = max_age_s - age_s
        self._kept.pop(question, None)
        if left_s > 0:
            self._kept[question] = KeptAnswer(value, asked_at + left_s * SECOND)
            if len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
