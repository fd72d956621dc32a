"""A key that cannot be mistaken, and every place where something is written: it is in none of them (S11)."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.net.trading import ACCOUNT, AT_ONCE, hosts_of, venue
from valr_connector import Settings, Side, ValrExchange
from valr_connector.cli.replay import ReplayOptions, replay_session
from valr_connector.model.events import Event
from valr_connector.net.compressed import open_for_reading
from valr_connector.observe.prometheus import exposition
from valr_connector.protocol.signing import Credentials

KEY, SECRET = "ca9a41e5" * 8, "5ec4e75e" * 8


@pytest.fixture
def signatures(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every signature that is made."""
    made: list[str] = []
    real = Credentials.auth_headers

    def auth_headers(self: Credentials, *request: Any, **more: Any) -> Any:
        headers = real(self, *request, **more)
        made.append(headers["X-VALR-SIGNATURE"])
        return headers

    monkeypatch.setattr(Credentials, "auth_headers", auth_headers)
    return made


def contents(directory: Path) -> Iterator[str]:
    """What stands in every file below."""
    for path in directory.rglob("*"):
        if path.is_file():
            with open_for_reading(path) as file:
                yield file.read().decode("latin-1")


async def test_nothing_that_is_written_anywhere_holds_a_key_a_secret_or_a_signature(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, signatures: list[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    async with venue(AT_ONCE) as exchange:
        exchange.add_api_key(ACCOUNT, key=KEY, secret=SECRET)
        valr = ValrExchange(
            KEY,
            SECRET,
            pairs=["BTC-ZAR"],
            settings=Settings(hosts=hosts_of(exchange)),
            journal=tmp_path / "orders.journal",
            record=tmp_path / "session",
        )
        valr.on(Event, lambda event: told.append(repr(event)))
        async with valr:
            order = await valr.place_limit_order("BTC-ZAR", Side.BUY, amount="0.01", price="900000")
            await valr.cancel_order(order)
            told += [
                order.story(),
                repr(valr),
                str(valr.metrics.snapshot()),
                exposition(valr.metrics).decode(),
            ]
    output = io.StringIO()
    assert replay_session(tmp_path / "session", ReplayOptions(), output)
    written = "\n".join([*told, *contents(tmp_path), output.getvalue(), caplog.text])
    assert len(signatures) > 3
    assert "PLACE_LIMIT_ORDER" in written
    assert [secret for secret in (KEY, SECRET, *signatures) if secret in written] == []
