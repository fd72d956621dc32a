"""A script as text: its lines, and how a line is taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SIGNS: Final = "@><!="
_TRAILING_COMMENT: Final = re.compile(r"\s{2,}#.*$")
_OPENING, _CLOSING = "{[", "}]"


class Mismatch(AssertionError):  # noqa: N818  it is no error of the runner's: the script and the library differ
    """The library did otherwise than the script says, or the script cannot be understood."""


class ScriptFailure(AssertionError):  # noqa: N818  as above
    """The same, with the place in the script."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is no comment."""

    path: Path
    number: int
    sign: str
    text: str

    def failure(self, why: object) -> ScriptFailure:
        """What is said of a script that fails here."""
        return ScriptFailure(f"{self.path}:{self.number}: {self.sign} {self.text}\n    {why}")


@dataclass(frozen=True, slots=True)
class Script:
    """One scenario. `purpose` is its first comment line: which trouble it guards against."""

    path: Path
    purpose: str
    lines: tuple[Line, ...]


def read_script(path: Path) -> Script:
    """Read a script.

    Raises:
        ScriptFailure: it does not begin with a comment, or a line with none of the signs.
    """
    texts = path.read_text(encoding="utf-8").splitlines()
    first = texts[0] if texts else ""
    if not first.startswith("# "):
        raise Line(path, 1, "", first).failure("the first line has to say which trouble it guards against")
    return Script(path, first.removeprefix("# "), tuple(_lines(path, texts)))


def _lines(path: Path, texts: list[str]) -> Iterator[Line]:
    for number, raw in enumerate(texts, start=1):
        text = _TRAILING_COMMENT.sub("", raw).strip()
        if not text or text.startswith("#"):
            continue
        line = Line(path, number, text[0], text[1:].strip())
        if line.sign not in SIGNS or text[1:2] != " ":
            raise line.failure(f"a line begins with one of {' '.join(SIGNS)} and a space")
        yield line


def split(text: str, mark: str = ",") -> list[str]:
    """Parts between marks that stand outside of JSON and quotation marks."""
    parts, depth, is_quoted, begin = [], 0, False, 0
    for index, character in enumerate(text):
        if character == '"':
            is_quoted = not is_quoted
        elif is_quoted:
            continue
        elif character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth -= 1
        elif character == mark and not depth:
            parts.append(text[begin:index].strip())
            begin = index + 1
    return [*parts, text[begin:].strip()]
