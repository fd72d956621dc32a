"""`valr dashboard`, in this process."""

from __future__ import annotations

import pytest

from tests.cli.running import Valr


def test_the_demo_is_served_for_as_long_as_was_asked(valr: Valr) -> None:
    ended = valr("dashboard", "--demo", "--port", "0", "--seconds", "0.1")

    assert (ended.status, ended.error) == (0, "")
    assert ended.out.startswith("the dashboard is at http://127.0.0.1:")


def test_without_a_key_it_says_what_is_missing(valr: Valr, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VALR_API_KEY", raising=False)
    ended = valr("dashboard")

    assert ended.status == 2
    assert "VALR_API_KEY" in ended.error


def test_another_address_needs_a_token(valr: Valr) -> None:
    ended = valr("dashboard", "--demo", "--host", "0.0.0.0", "--port", "0")

    assert ended.status == 2
    assert ended.error == "valr: host='0.0.0.0': other addresses than 127.0.0.1 need a token [VC12]\n"
