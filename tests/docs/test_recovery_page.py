"""The page on recovery shows a program that runs, and names errors and settings that exist."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

import valr_connector
from tests.net.journaling import Process
from tests.net.lives import lives_at
from valr_connector import JournalCorruptError, Settings, ValrExchange
from valr_connector.net.order_journal import MOST_ENDED, read_orders

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "recovery.md").read_text(encoding="utf-8")


def program() -> str:
    """The page's program without its last line, which runs it."""
    block = re.search(r"^```python\n(.*)^asyncio\.run\(main\(\)\)\n```$", PAGE, re.MULTILINE | re.DOTALL)
    assert block is not None
    return block.group(1)


async def test_the_program_takes_over_what_a_killed_process_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    async with lives_at(Path("orders.journal")) as lives:
        first = await lives.begin()
        await first.buy(client_order_id="MM-1")
        await first.die()
        names: dict[str, object] = {}
        exec(compile(program(), "recovery.md", "exec"), names)
        on_the_venue = partial(ValrExchange.simulated, exchange=lives.exchange)
        monkeypatch.setattr(ValrExchange, "from_env", on_the_venue)
        await names["main"]()  # type: ignore[operator]  # the page's own function
        told = capsys.readouterr().out.splitlines()
        assert "taken over: MM-1 OPEN" in told
        assert "may be live: MM-1 OPEN" in told


def test_cutting_at_the_offset_as_the_page_says_leaves_a_sound_journal(tmp_path: Path) -> None:
    assert "head -c OFFSET" in PAGE
    path = tmp_path / "orders.journal"
    process = Process(path)
    process.place("MM-1")
    process.place("MM-2")
    process.die()
    path.write_bytes(path.read_bytes().replace(b'"MM-2"', b'"MM-3"'))
    with pytest.raises(JournalCorruptError) as caught:
        read_orders(path)
    path.write_bytes(path.read_bytes()[: caught.value.offset])
    assert set(read_orders(path)) == {"MM-1"}


def test_every_error_setting_and_number_that_the_page_names_is_real() -> None:
    for error in re.findall(r"`(Journal\w+Error)`", PAGE):
        assert error in valr_connector.__all__
    assert Settings().journal_sync == "os"
    assert Settings.model_validate({"journal_sync": "always"}).not_found_grace_s > 0
    assert f"the last {MOST_ENDED}" in " ".join(PAGE.split())
