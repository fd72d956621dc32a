"""What the end of a connection says about the next dial."""

from __future__ import annotations

import pytest

from valr_connector.core.disconnects import Ending, Verdict, judge_close, judge_first_frame, judge_upgrade
from valr_connector.errors import AuthenticationError, PermissionDeniedError


@pytest.mark.parametrize("status", [401, 403])
def test_an_upgrade_refused_for_who_we_are_is_a_refusal(status: int) -> None:
    assert judge_upgrade(status).verdict is Verdict.REFUSED


def test_a_rate_limited_upgrade_asks_for_patience() -> None:
    assert judge_upgrade(429).verdict is Verdict.RETRY_SLOWLY


@pytest.mark.parametrize("status", [200, 302, 400, 404, 500, 502, 503, 504, 520])
def test_any_other_refused_upgrade_is_worth_another_dial(status: int) -> None:
    assert judge_upgrade(status).verdict is Verdict.RETRY


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1006, 1009, 1011, 1012, 4001])
def test_a_closed_connection_is_worth_another_dial(code: int) -> None:
    assert judge_close(code).verdict is Verdict.RETRY


@pytest.mark.parametrize("code", [1008, 1013])
def test_some_close_codes_ask_for_patience(code: int) -> None:
    assert judge_close(code).verdict is Verdict.RETRY_SLOWLY


def test_causes_are_in_words() -> None:
    assert judge_close(1012, "restart at 02:00").cause == "close 1012 (service restart): restart at 02:00"
    assert judge_close(1006).cause == "close 1006 (no close frame)"
    assert judge_close(4999).cause == "close 4999 (unnamed code)"
    assert judge_upgrade(503).cause == "upgrade refused with HTTP 503"


def test_a_long_answer_is_cut_and_put_on_one_line() -> None:
    cause = judge_upgrade(502, "<html>\n  <body>" + "x" * 500).cause
    assert cause.startswith("upgrade refused with HTTP 502: <html> <body>xxx")
    assert cause.endswith("x...")
    assert len(cause) < 240


@pytest.mark.parametrize("kind", ["UNAUTHORIZED", "ERROR"])
def test_an_error_in_place_of_authenticated_is_a_refusal(kind: str) -> None:
    ending = judge_first_frame(kind, "Unauthorized")
    assert ending == Ending(f"{kind} instead of AUTHENTICATED: Unauthorized", Verdict.REFUSED)


@pytest.mark.parametrize("kind", ["AUTHENTICATED", "BALANCE_UPDATE", "PONG", ""])
def test_other_frames_before_authentication_refuse_nothing(kind: str) -> None:
    assert judge_first_frame(kind) is None


def test_a_final_refusal_is_an_authentication_error() -> None:
    error = judge_upgrade(401, "invalid signature").refusal("account")
    assert isinstance(error, AuthenticationError)
    assert error.message == "upgrade refused with HTTP 401: invalid signature (account socket, HTTP 401)"


def test_a_final_403_is_a_permission_error() -> None:
    assert isinstance(judge_upgrade(403).refusal("trade"), PermissionDeniedError)


def test_a_refusal_in_a_frame_is_an_authentication_error_without_status() -> None:
    ending = judge_first_frame("ERROR")
    assert ending is not None
    error = ending.refusal("account")
    assert isinstance(error, AuthenticationError)
    assert error.status is None


def test_causes_are_counted_without_their_details() -> None:
    endings = (judge_upgrade(429, "slow down"), judge_close(1006, "reset by peer"))
    assert [ending.kind for ending in endings] == [
        "upgrade refused with HTTP 429",
        "close 1006 (no close frame)",
    ]
