"""The reference shows every public name once, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import valr_connector

PAGES = sorted((Path(__file__).parents[2] / "docs" / "reference").glob("*.md"))


def test_every_public_name_is_on_one_page_of_the_reference() -> None:
    shown = [
        name
        for page in PAGES
        for name in re.findall(r"^::: valr_connector\.(\w+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    ]

    assert sorted(shown) == sorted(set(valr_connector.__all__) - {"__version__"})
