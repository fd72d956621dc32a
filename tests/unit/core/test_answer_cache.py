"""An answer is kept for exactly as long as VALR would repeat it."""

from __future__ import annotations

import pytest

from valr_connector.core.answer_cache import AnswerCache
from valr_connector.core.rate_limits import SECOND


def keeping(max_age_s: int = 60, age_s: int = 0) -> AnswerCache:
    cache = AnswerCache()
    cache.keep("pairs", "answer", asked_at=1_000 * SECOND, max_age_s=max_age_s, age_s=age_s)
    return cache


def is_kept(cache: AnswerCache, after_s: float, question: str = "pairs") -> bool:
    return cache.find(question, round((1_000 + after_s) * SECOND)) is not None


def test_an_answer_is_kept_until_it_is_too_old() -> None:
    cache = keeping()
    found = cache.find("pairs", 1_000 * SECOND)
    assert found is not None
    assert found.value == "answer"
    assert [is_kept(cache, after) for after in (0, 59.9, 60)] == [True, True, False]


def test_what_valr_had_kept_before_counts() -> None:
    assert [is_kept(keeping(age_s=50), after) for after in (9.9, 10)] == [True, False]


@pytest.mark.parametrize(("max_age_s", "age_s"), [(0, 0), (10, 10), (10, 11)])
def test_an_answer_that_is_old_already_is_not_kept(max_age_s: int, age_s: int) -> None:
    assert len(keeping(max_age_s, age_s)) == 0


def test_a_question_never_asked_has_no_answer() -> None:
    assert not is_kept(keeping(), 0, "currencies")


def test_a_new_answer_takes_the_place_of_the_old_one() -> None:
    cache = keeping()
    cache.keep("pairs", "newer", asked_at=1_050 * SECOND, max_age_s=60, age_s=0)
    found = cache.find("pairs", 1_100 * SECOND)
    assert found is not None
    assert (found.value, len(cache)) == ("newer", 1)
    cache.keep("pairs", "stale", asked_at=1_100 * SECOND, max_age_s=60, age_s=60)
    assert len(cache) == 0


def test_of_too_many_answers_the_oldest_go() -> None:
    cache = AnswerCache(capacity=2)
    for question in ("a", "b", "a", "c"):
        cache.keep(question, question, asked_at=0, max_age_s=60, age_s=0)
    assert [cache.find(question, 0) is not None for question in "abc"] == [True, False, True]
