"""The page about performance: what benchmarks measured is written into it by them."""

from __future__ import annotations

import platform
import re
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parent.parent / "docs" / "performance.md"


def write(part: str, text: str) -> None:
    """Put `text` between the marks of a part, in place of what was there."""
    marked = re.compile(rf"(?<=<!-- {part} -->\n).*(?=<!-- end of {part} -->)", re.DOTALL)
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(marked.sub(lambda _: text, page), encoding="utf-8")


def processor() -> str:
    """What this machine calculates with. Ratios differ by a quarter among processors that go by one name."""
    told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    said = dict(re.findall(r"^(.+?)\s*: (.+)$", told, re.MULTILINE))
    if "model name" not in said:
        return platform.machine()
    which = ", ".join(f"{name} {said[name]}" for name in ("cpu family", "model") if name in said)
    return f"{said['model name'].strip()} ({which}), {told.count('model name')} cores"
