"""The page on incidents shows what `valr replay` prints of the very incident that it names."""

from __future__ import annotations

import io
import re
from pathlib import Path

from tests.replay import incident
from valr_connector import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "operations" / "incident.md").read_text(encoding="utf-8")


def without_times_and_ids(text: str) -> list[str]:
    """A story as it is the same each time."""
    text = re.sub(r"\([0-9a-f-]{36}\)", "(id)", text)
    return [re.sub(r"^ +[+-]\d+\.\d{3} s", "at", line) for line in text.strip().splitlines()]


async def test_the_story_on_the_page_is_the_one_that_the_replay_tells(tmp_path: Path) -> None:
    await incident.record(tmp_path, Settings(place_timeout_s=0.05, cancel_timeout_s=0.05))
    out = io.StringIO()
    incident.tell(tmp_path, out)
    (shown,) = re.findall(r"```text\n(.+?)```", PAGE, re.DOTALL)
    assert without_times_and_ids(out.getvalue()) == without_times_and_ids(shown)
