"""What may go wrong with the feed of a book, drawn at random: frames lost, doubled, late or wrong."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

from valr_connector.verification.schedule import FrameFate, FrameFault

_FATES: Final = (
    FrameFate.DROP,
    FrameFate.TWICE,
    FrameFate.LATE,
    FrameFate.STALL,
    FrameFate.TRUNCATE,
    FrameFate.FALSIFY,
)
_KINDS: Final = ("OB_L1_DIFF", "OB_L1_DIFF", "OB_L1_DIFF", "OB_L1_SNAPSHOT", "")
_MOST: Final = 3
_SILENT: Final = 0.4
"""So often the pair falls silent for a while where a frame is lost."""


def feed_faults(rng: Random, until: float) -> Iterator[FrameFault]:
    """A few faults of the book's feed, at any time."""
    for _ in range(rng.randint(1, _MOST)):
        fate = rng.choice(_FATES)
        is_slow = fate in (FrameFate.LATE, FrameFate.STALL)
        is_silent = fate is FrameFate.DROP and rng.random() < _SILENT
        yield FrameFault(
            at=round(rng.uniform(0.0, until), 3),
            way="in",
            socket="trade",
            kind=rng.choice(_KINDS),
            fate=fate,
            seconds=round(rng.uniform(0.01, 1.5), 3) if is_slow else 0.0,
            count=rng.choice((1, 1, 2)),
            lasting=round(rng.uniform(0.2, 2.0), 3) if is_silent else 0.0,
        )
