"""Schedules as plain text, a line for each step; what is written reads back as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, get_args

import msgspec

from valr_connector.verification.schedule import AnyStep, Schedule

_VERBS: Final = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyStep)}


class ScheduleError(ValueError):
    """A line of a schedule that cannot be read; names it."""


def to_text(schedule: Schedule) -> str:
    """A schedule as plain text; `from_text` reads it back."""
    return "".join(f"{line}\n" for line in _lines(schedule))


def _lines(schedule: Schedule) -> Iterator[str]:
    yield f"seed={schedule.seed}"
    yield f"latency_s={schedule.latency_s!r}"
    if schedule.journal:
        yield "journal=true"
    if not schedule.books:
        yield "books=false"
    for group in ("venue", "settings"):
        for name, value in getattr(schedule, group).items():
            yield f"{group}.{name}={_word(value)}"
    for step in schedule.steps:
        yield step_line(step)


def step_line(step: AnyStep) -> str:
    """One step as it stands in the text."""
    fields = msgspec.to_builtins(step)
    at, verb = fields.pop("at"), fields.pop("verb")
    return " ".join([f"{at!r} {verb}", *(f"{name}={_word(value)}" for name, value in fields.items())])


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def from_text(text: str) -> Schedule:
    """Read a schedule. Empty lines, and what follows a ``#``, are left out.

    Raises:
        ScheduleError: a line is malformed; names it.
    """
    head: dict[str, object] = {}
    groups: dict[str, dict[str, str | bool | float]] = {"venue": {}, "settings": {}}
    steps: list[AnyStep] = []
    for line in _meaningful(text):
        if line[0].isdigit():
            steps.append(_step(line))
            continue
        name, _, value = line.partition("=")
        group, _, member = name.partition(".")
        if member and group in groups:
            groups[group][member] = _value(value)
        else:
            head[name] = value
    try:
        return msgspec.convert({**head, **groups, "steps": tuple(steps)}, Schedule, strict=False)
    except msgspec.ValidationError as error:
        raise ScheduleError(f"the head of the schedule: {error}") from None


def _meaningful(text: str) -> Iterable[str]:
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def _step(line: str) -> AnyStep:
    at, *words = line.split()
    pairs = dict(word.split("=", 1) for word in words[1:] if "=" in word)
    if not words or words[0] not in _VERBS or len(pairs) != len(words) - 1:
        raise ScheduleError(f"no step of a schedule: {line}")
    try:
        step: AnyStep = msgspec.convert({"at": at, **pairs}, _VERBS[words[0]], strict=False)
    except msgspec.ValidationError as error:
        raise ScheduleError(f"{error}: {line}") from None
    return step


def _value(word: str) -> str | bool | float:
    if word in ("true", "false"):
        return word == "true"
    try:
        return float(word)
    except ValueError:
        return word
