"""Other ways in which the frames of a recording could have arrived (protocol 19.2: any two may swap).

What was sent stays where it is. Frames move among those that arrived between two commands, so that no command
comes before what it was based on; events, which no command here is based on, may come later than that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise

from tests.replay.rest_lines import REST
from valr_connector.net.journal import Direction, RecordedFrame

Frames = list[RecordedFrame]

_REPLY = re.compile(rb'\{"type":"(?:\w+_RESPONSE|INVALID_\w+|RATE_LIMIT_EXCEEDED)"')
_EVENT = re.compile(
    rb'\{"type":"(?:ORDER_\w+|NEW_ACCOUNT_TRADE|OPEN_ORDERS_UPDATE|FAILED_\w+|MODIFY_ORDER_OUTCOME)"'
)


def twice(frames: Sequence[RecordedFrame]) -> Frames:
    """Every frame that arrived arrives twice."""
    return [copy for frame in frames for copy in ([frame, frame] if _arrived(frame) else [frame])]


def swapped(frames: Sequence[RecordedFrame]) -> Iterator[Frames]:
    """Each pair of neighbours that arrived, the other way round; one pair at a time."""
    for index, (first, second) in enumerate(pairwise(frames)):
        if _arrived(first) and _arrived(second) and first.epoch == second.epoch:
            yield [*frames[:index], second, first, *frames[index + 2 :]]


def replies_last(frames: Sequence[RecordedFrame]) -> Frames:
    """Between two commands, the replies come after everything else."""
    return _rearranged(frames, lambda run: sorted(run, key=_is_reply))


def replies_first(frames: Sequence[RecordedFrame]) -> Frames:
    """Between two commands, the replies come before everything else."""
    return _rearranged(frames, lambda run: sorted(run, key=lambda frame: not _is_reply(frame)))


def backwards(frames: Sequence[RecordedFrame]) -> Frames:
    """Between two commands, everything arrives in the opposite order."""
    return _rearranged(frames, lambda run: run[::-1])


def late(frames: Sequence[RecordedFrame]) -> Iterator[Frames]:
    """Each event in turn arrives at the very end of its connection."""
    for index, frame in enumerate(frames):
        if _arrived(frame) and _EVENT.match(frame.raw):
            end = next(
                (i for i, other in enumerate(frames) if i > index and other.epoch != frame.epoch), len(frames)
            )
            yield [*frames[:index], *frames[index + 1 : end], frame, *frames[end:]]


def _rearranged(frames: Sequence[RecordedFrame], arrange: Callable[[Frames], Frames]) -> Frames:
    runs = groupby(frames, key=lambda frame: (_arrived(frame), frame.epoch))
    return [frame for (arrived, _), run in runs for frame in (arrange(list(run)) if arrived else list(run))]


def _arrived(frame: RecordedFrame) -> bool:
    return frame.direction is Direction.IN and frame.socket != REST


def _is_reply(frame: RecordedFrame) -> bool:
    return _REPLY.match(frame.raw) is not None
