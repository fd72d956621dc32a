"""What VALR names that nobody here knows is counted, told once, and cannot fill the memory."""

from __future__ import annotations

from valr_connector.core.sightings import LONGEST_NAME, MOST_NAMES, OTHERS, Sightings


def test_a_name_is_new_once_and_counted_every_time() -> None:
    sightings = Sightings()
    assert [sightings.see(name) for name in ("NEWS", "NEWS", "WEATHER", "NEWS")] == [
        "NEWS",
        None,
        "WEATHER",
        None,
    ]
    assert sightings.counts == {"NEWS": 3, "WEATHER": 1}


def test_however_many_names_come_only_so_many_are_told_apart() -> None:
    sightings = Sightings()
    told = [sightings.see(f"NEWS-{n}") for n in range(MOST_NAMES + 50)]
    assert told[MOST_NAMES:] == [OTHERS, *[None] * 49]
    assert sightings.counts[OTHERS] == 50
    assert sightings.see("NEWS-0") is None
    assert sightings.counts["NEWS-0"] == 2


def test_a_name_of_any_length_is_cut() -> None:
    sightings = Sightings()
    assert sightings.see("N" * 1_000_000) == "N" * LONGEST_NAME
