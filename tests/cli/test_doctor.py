"""`valr doctor`, in this process."""

from __future__ import annotations

import json

import pytest

from tests.cli.running import Valr


def test_practice_on_an_embedded_exchange_ends_well(valr: Valr) -> None:
    ended = valr("doctor", "--simulated")

    assert (ended.status, ended.error) == (0, "")
    assert ended.out.splitlines()[-1] == "Everything is in order."
    assert all(line.startswith("ok ") for line in ended.out.splitlines()[:-2])


def test_without_a_key_it_says_so_as_json_too(valr: Valr, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VALR_API_KEY", raising=False)
    monkeypatch.delenv("VALR_API_SECRET", raising=False)
    ended = valr("doctor", "--json")
    told = json.loads(ended.out)

    assert (ended.status, told["exit_status"]) == (2, 2)
    assert told["findings"][-1]["about"] == "credentials"
    assert "VALR_API_KEY" in told["findings"][-1]["says"]
