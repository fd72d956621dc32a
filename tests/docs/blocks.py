"""Every block of code on every page, and the program that it stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")] + sorted(
    (ROOT / "docs").rglob("*.md")
)
_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_IN_A_SENTENCE: Final = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_AROUND: Final = """from valr_connector import ValrExchange
async def fragment(valr: ValrExchange) -> None:
"""


@dataclass(frozen=True)
class Block:
    """One block of code.

    Attributes:
        line: of its first line of code on the page, from 1.
    """

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def is_fragment(self) -> bool:
        """Whether it goes on from a `valr` that the page does not make."""
        return "valr." in self.text and "ValrExchange" not in self.text

    @property
    def runs_offline(self) -> bool:
        """Whether it is a whole program on the embedded exchange."""
        return "asyncio.run(" in self.text and "ValrExchange.simulated(" in self.text

    def as_module(self) -> str:
        """Python that can be checked, each line where it stands on the page."""
        if not self.is_fragment:
            return "\n" * (self.line - 1) + self.text
        above = "\n" * (self.line - 1 - _AROUND.count("\n"))
        return above + _AROUND + indent(self.text, "    ")


def blocks(language: str | None = None) -> list[Block]:
    """All of them, or those in one language; "" is for those that name none."""
    found = [
        Block(page, text.count("\n", 0, each.start()) + 2, each[1], each[2])
        for page in PAGES
        for text in [page.read_text(encoding="utf-8")]
        for each in _BLOCK.finditer(text)
    ]
    return [block for block in found if language is None or block.language == language]


def named_in_sentences(page: Path) -> set[str]:
    """What a page sets as code within its sentences and tables."""
    return set(_IN_A_SENTENCE.findall(_BLOCK.sub("", page.read_text(encoding="utf-8"))))
