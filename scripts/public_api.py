"""The public names as text: what each takes, holds and returns. A change of it is a change for users.

    python -m scripts.public_api [--accept | --files]

Compares the names with tests/public_api.txt and fails where they differ; `--accept` writes them there,
`--files` lists the files that they come from instead.
"""

from __future__ import annotations

import argparse
import difflib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import NewType, get_args

import valr_connector

COMMITTED = Path(__file__).resolve().parent.parent / "tests" / "public_api.txt"
_PACKAGE = valr_connector.__name__
_NOISE = {
    r"(: |-> )'([^']*)'": r"\1\2",  # annotations are text
    r"<(\w+\.\w+): [^>]*>": r"\1",  # members of enums
    r"<function .*? at \w+>": "...",
}


def public_api() -> str:
    """Every public name, in the order of the alphabet, with what belongs to it."""
    return "\n".join(line for name in sorted(valr_connector.__all__) for line in _described(name)) + "\n"


def difference() -> str:
    """What the public names are now, against what was accepted; empty where nothing differs."""
    accepted, now = COMMITTED.read_text(encoding="utf-8"), public_api()
    lines = difflib.unified_diff(accepted.splitlines(), now.splitlines(), "accepted", "now", lineterm="")
    return "\n".join(lines)


def _files() -> list[str]:
    """Where the public classes are written, and what they inherit from here."""
    public = [getattr(valr_connector, name) for name in valr_connector.__all__]
    lineages = [part for value in public if inspect.isclass(value) for part in value.__mro__]
    return sorted({inspect.getfile(part) for part in lineages if part.__module__.startswith(_PACKAGE)})


def _described(name: str) -> Iterator[str]:
    value = getattr(valr_connector, name)
    if not inspect.isclass(value):
        yield f"{name}: {_in_words(value)}"
        return
    bases = ", ".join(base.__name__ for base in value.__bases__ if base is not object)
    yield f"class {name}({bases})"
    if issubclass(value, Enum):
        yield from (f"    {member.name} = {member.value!r}" for member in value)
    yield from (f"    {member}" for member in sorted(_members(value)))


def _members(owner: type) -> Iterator[str]:
    """What is declared here, by the class or by one that it builds on and that is not public itself."""
    ours = [part for part in reversed(owner.__mro__) if part.__module__.startswith(_PACKAGE)]
    lineage = [part for part in ours if part is owner or part.__name__ not in valr_connector.__all__]
    held = {name: kind for part in lineage for name, kind in inspect.get_annotations(part).items()}
    called = {name: value for part in lineage for name, value in vars(part).items()}
    yield from (f"{name}: {kind}" for name, kind in held.items() if not name.startswith("_"))
    for name, value in called.items():
        if name in held or (name.startswith("_") and (name != "__init__" or _is_protocol(owner))):
            continue
        yield from _member(name, value)


def _member(name: str, value: object) -> Iterator[str]:
    function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
    if isinstance(value, property) and value.fget is not None:
        yield f"{name} -> {inspect.signature(value.fget).return_annotation}"
    elif isinstance(value, cached_property):
        yield f"{name} -> {inspect.signature(value.func).return_annotation}"
    elif inspect.isfunction(function) and function.__code__.co_filename != "<string>":
        kind = "async " if inspect.iscoroutinefunction(function) else ""
        yield f"{kind}{name}{_signature(function)}"


def _is_protocol(owner: type) -> bool:
    return bool(getattr(owner, "_is_protocol", False))


def _signature(function: Callable[..., object]) -> str:
    text = str(inspect.signature(function))
    for noise, plain in _NOISE.items():
        text = re.sub(noise, plain, text)
    return text


def _in_words(value: object) -> str:
    if isinstance(value, NewType):
        return f"a {value.__supertype__.__name__} of its own"
    options = [each.__name__ for each in get_args(value)]
    return " | ".join(options) or type(value).__name__


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("--files", action="store_true")
    chosen = parser.parse_args()
    if chosen.files:
        sys.stdout.write("\n".join(_files()) + "\n")
        return 0
    if chosen.accept:
        COMMITTED.write_text(public_api(), encoding="utf-8")
    differs = difference()
    sys.stdout.write(differs or f"as in {COMMITTED.name}")
    sys.stdout.write("\n")
    return int(bool(differs))


if __name__ == "__main__":
    raise SystemExit(main())
