"""Each check, with facts that are good and facts that are not."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.unit.core.builders import PAIR_INFO
from valr_connector.core.rate_limits import LimitUse
from valr_connector.doctor import checks
from valr_connector.doctor.finding import Finding, Grade, exit_status
from valr_connector.errors import (
    AuthenticationError,
    ClosedError,
    DecodeError,
    NotSentError,
    PermissionDeniedError,
    StreamOverflowError,
    UnknownPairError,
    ValrError,
)
from valr_connector.model.enums import SessionState, Socket
from valr_connector.observe.latency import LatencyHistogram, LatencySummary

KEY, SECRET = "0123456789abcdef" * 4, "fedcba9876543210" * 4
LIVE = dict.fromkeys(Socket, SessionState.LIVE)
MINUTE = LimitUse("requests of a key per minute", 12, 2000, 60)
WANTED = ("aiohttp>=3.11", "orjson>=3.10")


def pings(milliseconds: int, count: int = 30) -> LatencySummary:
    histogram = LatencyHistogram()
    for _ in range(count):
        histogram.record(milliseconds * 1_000_000)
    return histogram.summary()


GOOD = [
    (checks.python((3, 11, 0)), "Python 3.11.0"),
    (
        checks.packages(WANTED, {"aiohttp": "3.11.0", "orjson": "4.0b1"}),
        "aiohttp 3.11.0, orjson 4.0b1",
    ),
    (
        checks.credentials({"VALR_API_KEY": KEY, "VALR_API_SECRET": SECRET}),
        "a key and a secret are set; no subaccount is named",
    ),
    (
        checks.credentials({"VALR_API_KEY": KEY, "VALR_API_SECRET": SECRET, "VALR_SUBACCOUNT_ID": "17"}),
        "a key and a secret are set; a subaccount is named",
    ),
    (checks.permissions(frozenset({"View access", "Trade"})), "Trade, View access"),
    (checks.clock(-0.4), "VALR's clock is -0.400 s from this machine's"),
    (checks.rest(is_online=True), "VALR answers, and takes orders"),
    (checks.sockets(LIVE), "live: account, trade"),
    (checks.subscriptions({"BTC-ZAR": 0.1}, ()), "books of BTC-ZAR are valid"),
    (checks.rules(9, [PAIR_INFO]), "9 pairs with their rules"),
    (checks.limits([MINUTE], 0), "the fullest one has 12 of 2000 requests of a key per minute"),
    (checks.latency(pings(5), 30), "PING p50 5.0 ms, p99 5.0 ms, longest 5.0 ms (30 PINGs)"),
]
BAD = [
    (checks.python((3, 10, 9)), Grade.ERROR, "Python 3.10.9 is too old", "Python 3.11"),
    (
        checks.packages(WANTED, {"aiohttp": "3.9.5", "orjson": None}),
        Grade.ERROR,
        "aiohttp 3.9.5 is older than 3.11; orjson is missing",
        "install",
    ),
    (checks.credentials({"VALR_API_KEY": KEY}), Grade.ERROR, "VALR_API_SECRET must be set", "export"),
    (
        checks.credentials({"VALR_API_KEY": "x y", "VALR_API_SECRET": SECRET}),
        Grade.ERROR,
        "API_KEY",
        "spaces",
    ),
    (
        checks.permissions(frozenset({"View access", "Trade", "Withdraw"})),
        Grade.WARNING,
        "the key may also: Withdraw",
        "View access and Trade only",
    ),
    (checks.clock(2.0), Grade.WARNING, "+2.000 s", "NTP"),
    (checks.clock(-3600.0), Grade.ERROR, "-3600.000 s", "set the clock"),
    (checks.rest(is_online=False), Grade.WARNING, "read-only", "wait"),
    (
        checks.sockets({**LIVE, Socket.TRADE: SessionState.DIALLING}),
        Grade.ERROR,
        "not live: trade DIALLING",
        "WebSockets",
    ),
    (checks.subscriptions({"BTC-ZAR": None}, ()), Grade.ERROR, "no valid book of BTC-ZAR", "again"),
    (checks.subscriptions({"BTC-ZAR": 1.0}, ["X of BTC-ZAR: no"]), Grade.ERROR, "X of BTC-ZAR", "valr pairs"),
    (
        checks.rules(9, [replace(PAIR_INFO, is_active=False)]),
        Grade.WARNING,
        "does not trade BTC-ZAR now",
        "another pair",
    ),
    (checks.limits([MINUTE], 3), Grade.WARNING, "refused 3 requests", "limits_share"),
    (
        checks.limits([MINUTE, LimitUse("dials", 48, 60, 60)], 0),
        Grade.WARNING,
        "48 of 60 dials",
        "wait",
    ),
    (checks.latency(pings(300), 30), Grade.WARNING, "PING p50 30", "nearer"),
    (checks.latency(pings(5, 7), 30), Grade.ERROR, "only 7 of 30 PINGs were answered", "network"),
]


@pytest.mark.parametrize(("finding", "says"), GOOD, ids=[finding.about for finding, _ in GOOD])
def test_what_is_in_order_is_said_without_advice(finding: Finding, says: str) -> None:
    assert (finding.grade, finding.says, finding.advice) == (Grade.OK, says, "")


@pytest.mark.parametrize(("finding", "grade", "says", "advice"), BAD, ids=[case[0].about for case in BAD])
def test_what_is_not_in_order_is_said_with_what_to_do(
    finding: Finding, grade: Grade, says: str, advice: str
) -> None:
    assert finding.grade is grade
    assert says in finding.says
    assert advice in finding.advice


def test_every_check_has_both() -> None:
    assert {finding.about for finding, _ in GOOD} == {case[0].about for case in BAD}


@pytest.mark.parametrize(
    ("failure", "advice"),
    [
        (AuthenticationError("no"), "check key, secret"),
        (PermissionDeniedError("no"), "View access and Trade"),
        (UnknownPairError("X-Y"), "valr pairs"),
        (NotSentError("refused"), "network"),
        (ClosedError("closed"), "-vv"),
        (DecodeError("PAIRS", "", "<html>", "no JSON"), "newer version"),
        (StreamOverflowError("odd"), "see the message"),
    ],
)
def test_a_connection_that_fails_is_explained_by_its_error(failure: ValrError, advice: str) -> None:
    finding = checks.no_connection(failure)

    assert (finding.about, finding.grade, finding.says) == ("connection", Grade.ERROR, str(failure))
    assert advice in finding.advice


def test_the_exit_status_is_that_of_the_worst_finding() -> None:
    good, fair, bad = (Finding("x", grade, "") for grade in Grade)

    assert [exit_status(found) for found in ((), (good,), (good, fair), (bad, fair))] == [0, 0, 1, 2]
