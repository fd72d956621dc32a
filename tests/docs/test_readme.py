"""The README's quickstart does what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def quickstart() -> str:
    """The README's first block of Python."""
    block = re.search(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert block is not None
    return block.group(1)


def test_the_quickstart_runs_offline(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(quickstart(), "README.md", "exec"), {"__name__": "__main__"})

    placed, cancelled, bought = capsys.readouterr().out.splitlines()
    assert placed == "the bid is OPEN"
    assert cancelled == "the bid is CANCELLED"
    assert re.fullmatch(r"bought 0\.\d+ BTC at \d+ ZAR", bought)


def test_the_quickstart_is_also_an_example() -> None:
    assert (ROOT / "examples" / "quickstart.py").read_text(encoding="utf-8") == quickstart()


def test_the_quickstart_is_short() -> None:
    statements = [line for line in quickstart().splitlines() if line.strip()]

    assert len(statements) <= 15


def test_every_file_that_the_readme_names_is_there() -> None:
    named = re.findall(r"\]\(([^)#:]+)\)|`(tests/[^`]+)`|`(valr_connector/[^`]+)`", README)

    assert named
    assert [name for groups in named for name in groups if not (ROOT / name).exists()] == []


def test_every_link_from_a_page_to_a_file_leads_somewhere() -> None:
    """Also where the pages are read in the repository, and not as the site that `make docs` checks."""
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    links = [
        (page, link)
        for page in pages
        for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    ]

    assert len(links) > 100
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []


def test_every_figure_of_the_readme_stands_on_the_page_that_it_links() -> None:
    rows = re.findall(r"^\| [^|]+ \| ([^|]*\d[^|]*) \| \[[^]]+\]\((docs/[^)]+)\) \|$", README, re.MULTILINE)
    unheard = [
        (page, figure)
        for figures, page in rows
        for figure in re.findall(r"\d[\d,.]*", figures)
        if figure not in (ROOT / page).read_text(encoding="utf-8")
    ]

    assert len(rows) == 4
    assert unheard == []
