"""What differs between two recordings of one session, in words for a reviewer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from tests.replay.story import Expected, Plain


def line_differences(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """How many lines came and went, if any."""
    matches = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    same = sum(match.size for match in matches)
    added, removed = len(after) - same, len(before) - same
    if added or removed:
        yield f"frames: {added} lines added, {removed} removed"


def outcome_differences(before: Expected, after: Expected) -> Iterator[str]:
    """Each field of an order or wallet that changed, and how the events did."""
    yield from _changes("order", before.orders, after.orders)
    yield from _changes("balance", before.balances, after.balances)
    yield from _sequence_differences("event", "told", before.events, after.events)
    yield from _sequence_differences("question", "asked", before.questions, after.questions)


def _changes(kind: str, before: Mapping[str, Plain], after: Mapping[str, Plain]) -> Iterator[str]:
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old is None or new is None:
            yield f"{kind} {name}: {'added' if old is None else 'removed'}"
            continue
        for field in {**old, **new}:
            if old.get(field) != new.get(field):
                yield f"{kind} {name}: {field}: {old.get(field)!r} -> {new.get(field)!r}"


def _sequence_differences(
    kind: str, done: str, before: Sequence[Plain], after: Sequence[Plain]
) -> Iterator[str]:
    old, new = [_in_words(entry) for entry in before], [_in_words(entry) for entry in after]
    for tag, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield from (f"{kind} no longer {done}: {entry}" for entry in old[start:end])
            yield from (f"{kind} {done} now: {entry}" for entry in new[new_start:new_end])


def _in_words(entry: Plain) -> str:
    fields = ", ".join(f"{name}={value!r}" for name, value in entry.items() if name != "event")
    return f"{entry.get('event', '')}({fields})"
