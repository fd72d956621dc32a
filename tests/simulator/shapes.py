"""Shapes of JSON: a small language for what the protocol says, and a comparison with samples.

A shape is a kind (a name in `KINDS`), a list with the shape of its entries, or an object of shapes; a key
that ends in ``?`` may be absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Shape = str | list[Any] | dict[str, Any]

_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(\d{6})?Z", re.ASCII)
_ZONELESS_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}", re.ASCII)
_WHOLE_SECOND = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_ANY_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


_FREE_TEXT = {"customerOrderId", "label", "clientMsgId"}
"""What clients name as they like: a sample may look like a number by accident."""

KINDS: Mapping[str, Callable[[object], bool]] = {
    "number text": _text(_NUMBER),
    "time": _text(_TIME),
    "zoneless time": _text(_ZONELESS_TIME),
    "whole second": _text(_WHOLE_SECOND),
    "id": _text(_UUID),
    "text": lambda value: isinstance(value, str),
    "flag": lambda value: isinstance(value, bool),
    "number": _is_number,
    "side": lambda value: value in ("buy", "sell"),
    "true": lambda value: value is True,
}


def misfits(shape: Shape, value: object, at: str = "$") -> list[str]:
    """Where `value` does not have that shape, and how."""
    if isinstance(shape, str):
        return [] if KINDS[shape](value) else [f"{at}: {value!r} is no {shape}"]
    if isinstance(shape, list):
        if not isinstance(value, list) or not value:
            return [f"{at}: {value!r} is no filled list"]
        return [
            misfit
            for index, entry in enumerate(value)
            for misfit in misfits(shape[0], entry, f"{at}[{index}]")
        ]
    if not isinstance(value, dict):
        return [f"{at}: {value!r} is no object"]
    names = {name.removesuffix("?"): inner for name, inner in shape.items()}
    needed = {name for name in shape if not name.endswith("?")}
    found = [f"{at}: lacks {name}" for name in sorted(needed - value.keys())]
    found += [f"{at}: has {name}" for name in sorted(value.keys() - names.keys())]
    for name in names.keys() & value.keys():
        found += misfits(names[name], value[name], f"{at}.{name}")
    return found


def differences(ours: object, sample: object, at: str = "$") -> list[str]:
    """Where both have something at the same place, but of another kind."""
    if isinstance(ours, dict) and isinstance(sample, dict):
        return [
            difference
            for name in sorted(ours.keys() & sample.keys() - _FREE_TEXT)
            for difference in differences(ours[name], sample[name], f"{at}.{name}")
        ]
    if isinstance(ours, list) and isinstance(sample, list):
        if not ours or not sample:
            return []
        return differences(ours[0], sample[0], f"{at}[0]")
    mine, theirs = _kind(ours), _kind(sample)
    return [] if mine == theirs else [f"{at}: {mine} ({ours!r}) where the sample has {theirs} ({sample!r})"]


def key_paths(value: object, at: str = "$") -> set[str]:
    """Every key of every object inside, as paths; lists count as their entries."""
    if isinstance(value, dict):
        inner = {path for name, entry in value.items() for path in key_paths(entry, f"{at}.{name}")}
        return inner | {f"{at}.{name}" for name in value}
    if isinstance(value, list):
        return {path for entry in value for path in key_paths(entry, f"{at}[]")}
    return set()


def _kind(value: object) -> str:
    """Numbers written as text, times, other text, and JSON's own kinds."""
    if isinstance(value, str):
        if _NUMBER.fullmatch(value):
            return "number text"
        return "time" if _ANY_TIME.fullmatch(value) else "text"
    if isinstance(value, bool):
        return "flag"
    return "number" if _is_number(value) else type(value).__name__
