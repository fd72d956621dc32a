"""The recipe for JSON logs, run as it stands on its page, and what a session logs through it."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.net.trading import trading

PAGE = (Path(__file__).parents[2] / "docs" / "operations" / "logging.md").read_text(encoding="utf-8")
KEY, SECRET = "ca9a41e5" * 8, "5ec4e75e" * 8


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the recipe's handler writes."""
    logger = logging.getLogger("valr_connector")
    handlers, level = list(logger.handlers), logger.level
    written = io.StringIO()
    monkeypatch.setattr(sys, "stdout", written)
    monkeypatch.setenv("VALR_API_KEY", KEY)
    monkeypatch.setenv("VALR_API_SECRET", SECRET)
    (recipe,) = re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL)
    exec(recipe, {})  # the page's own words are what is tested
    yield written
    logger.handlers[:] = handlers
    logger.setLevel(level)


async def test_every_line_is_json_with_what_it_is_about_in_fields_of_its_own(output: io.StringIO) -> None:
    async with trading() as desk:
        order = await desk.buy()
        desk.drop_account_socket()
        await desk.back()
    lines = [json.loads(line) for line in output.getvalue().splitlines()]
    (created,) = (line for line in lines if line["message"].startswith("OrderCreated"))
    assert (created["client_order_id"], created["pair"], created["status"]) == (
        order.client_order_id,
        "BTC-ZAR",
        "OPEN",
    )
    (lost,) = (line for line in lines if "dialling again" in line["message"])
    assert (lost["level"], lost["socket"], lost["epoch"]) == ("WARNING", "account", 1)
    assert lost["cause"].startswith("close 1006")


def test_what_other_code_logs_is_redacted(output: io.StringIO) -> None:
    logging.getLogger("valr_connector.somebody").warning("the key is %s", KEY)
    assert json.loads(output.getvalue())["message"] == "the key is [redacted]"


def test_the_library_itself_writes_nothing_anywhere() -> None:
    (first, *_) = logging.getLogger("valr_connector").handlers
    assert isinstance(first, logging.NullHandler)
