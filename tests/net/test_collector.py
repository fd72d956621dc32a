"""The garbage collector within `calm_collector`."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from valr_connector import calm_collector


@pytest.fixture(autouse=True)
def _collector_of_its_own() -> Iterator[None]:
    """The process's own is left as it was."""
    thresholds, was_frozen = gc.get_threshold(), gc.get_freeze_count() > 0
    gc.unfreeze()
    yield
    gc.set_threshold(*thresholds)
    if was_frozen:
        gc.freeze()


def test_what_lives_when_it_is_entered_is_not_looked_at_again() -> None:
    own = [[number] for number in range(1000)]
    with calm_collector():
        looked_at = {id(each) for each in gc.get_objects()}
        assert not any(id(each) in looked_at for each in own)
    assert {id(each) for each in own} <= {id(each) for each in gc.get_objects()}


def test_all_that_came_later_is_looked_at_more_seldom_and_the_youngest_as_often() -> None:
    young, middle, old = gc.get_threshold()
    with calm_collector():
        assert gc.get_threshold() == (young, middle, 100 * old)
    assert gc.get_threshold() == (young, middle, old)


def test_it_ends_with_an_error_too() -> None:
    before = gc.get_threshold()
    with pytest.raises(RuntimeError, match="of the strategy"), calm_collector():
        raise RuntimeError("of the strategy")
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
