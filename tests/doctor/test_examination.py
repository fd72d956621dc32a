"""The whole examination, at an embedded exchange."""

from __future__ import annotations

import asyncio
import io
import logging

import pytest

from tests.net.trading import ACCOUNT, hosts_of, make, venue
from valr_connector.cli.doctor import report
from valr_connector.config import Settings
from valr_connector.doctor import examination
from valr_connector.doctor.examination import examine, examine_account, surroundings
from valr_connector.doctor.finding import Finding, Grade
from valr_connector.observe.metrics import PING_ROUND_TRIP

KEY, SECRET = "canary00key11111" * 4, "canary22secret33" * 4
ENVIRONMENT = {"VALR_API_KEY": KEY, "VALR_API_SECRET": SECRET}
WITHDRAWING = ("View access", "Trade", "Withdraw")


def grades(findings: list[Finding]) -> dict[str, Grade]:
    return {finding.about: finding.grade for finding in findings}


def printed(findings: list[Finding], *, as_json: bool = False) -> str:
    out = io.StringIO()
    report(findings, out, as_json=as_json)
    return out.getvalue()


def test_this_environment_is_fit() -> None:
    assert grades(surroundings()) == {"python": Grade.OK, "packages": Grade.OK}


async def test_an_account_is_examined_and_a_key_that_can_withdraw_is_warned_of() -> None:
    async with venue() as exchange:
        exchange.add_api_key(ACCOUNT, key=KEY, secret=SECRET, permissions=WITHDRAWING)
        settings = Settings(hosts=hosts_of(exchange), on_close="leave")
        findings = await examine_account(["BTC-ZAR"], ENVIRONMENT, settings)

    found = grades(findings)
    assert found.pop("permissions") is Grade.WARNING
    assert set(found.values()) == {Grade.OK}
    assert list(found) == [
        "credentials", "clock", "REST", "sockets", "subscriptions", "rules", "limits", "latency",
    ]  # fmt: skip
    assert "(30 PINGs)" in findings[-1].says


async def test_neither_key_nor_secret_nor_signature_is_ever_printed_or_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with venue() as exchange:
        exchange.add_api_key(ACCOUNT, key=KEY, secret=SECRET[::-1])
        settings = Settings(hosts=hosts_of(exchange), start_timeout_s=5)
        refused = await examine_account(["BTC-ZAR"], ENVIRONMENT, settings)
    malformed = await examine_account([], {"VALR_API_KEY": KEY, "VALR_API_SECRET": SECRET + " "})
    leak = [Finding("x", Grade.ERROR, f"api_secret={SECRET}")]

    assert [finding.about for finding in refused] == ["credentials", "connection"]
    assert "check key, secret" in refused[-1].advice
    assert [finding.about for finding in malformed] == ["credentials"]
    written = "".join(printed(f, as_json=j) for f in (refused, malformed, leak) for j in (False, True))
    assert "canary" not in written + caplog.text


async def test_pings_that_are_not_answered_are_waited_for_no_longer_than_patience_lasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(examination, "_PATIENCE_S", 0.02)
    async with venue() as exchange:
        valr = make(exchange)

        async def deaf(*_: object) -> None:
            """Send nothing."""

        monkeypatch.setattr(valr, "ping", deaf)
        findings = await examine(valr)

    assert findings[-1].says == "only 0 of 1 PINGs were answered"


async def test_a_line_that_is_too_slow_for_all_pings_loses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examination, "_PATIENCE_S", 0.02)
    async with venue() as exchange:
        valr = make(exchange)

        async def slow() -> None:
            await asyncio.sleep(0.01)
            valr.metrics.latency(PING_ROUND_TRIP, "account").record(400_000_000)

        monkeypatch.setattr(valr, "ping", slow)
        findings = await examine(valr)

    assert findings[-1].grade is Grade.WARNING
    assert "a better line" in findings[-1].advice


def test_advice_stands_below_what_it_is_about() -> None:
    lines = printed([Finding("clock", Grade.WARNING, "off", "set it")]).splitlines()

    assert lines == ["warning  clock          off", f"{'':24}-> set it", "", "It works; see the warnings."]
