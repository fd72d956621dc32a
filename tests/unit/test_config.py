"""Settings are checked when they are given; credentials come from the environment."""

from __future__ import annotations

import pytest

from valr_connector.config import Hosts, Settings, key_from_environment
from valr_connector.core.backoff import BackoffSettings
from valr_connector.core.guards import SECOND, Guards
from valr_connector.errors import ConfigurationError


def test_without_a_choice_everything_is_as_documented() -> None:
    settings = Settings()
    assert settings.hosts == Hosts(
        rest="https://api.valr.com",
        account_socket="wss://api.valr.com/ws/account",
        trade_socket="wss://api.valr.com/ws/trade",
    )
    assert (settings.place_timeout_s, settings.cancel_timeout_s, settings.close_timeout_s) == (2, 2, 5)
    assert (settings.ping_interval_s, settings.silence_timeout_s) == (15, 45)
    assert settings.on_close == "cancel"


def test_guards_and_patience_are_in_nanoseconds() -> None:
    settings = Settings(absent_min_age_s=0.5, absent_min_quiet_s=0.25, not_found_grace_s=1.5)
    assert settings.guards == Guards(min_age=SECOND // 2, min_quiet=SECOND // 4)
    assert settings.patience.grace == 3 * SECOND // 2


def test_the_waits_between_dials_are_the_back_offs_own_unless_chosen() -> None:
    assert Settings().backoff == BackoffSettings()
    chosen = Settings(stable_connection_s=5, longest_redial_pause_s=0.5).backoff
    assert chosen == BackoffSettings(fast_s=0.2, base_s=0.5, cap_s=0.5, stable_s=5)
    assert Settings(longest_redial_pause_s=0.1).backoff.fast_s == 0.1


def test_settings_are_values() -> None:
    assert Settings() == Settings()
    changed = Settings().model_copy(update={"on_close": "leave"})
    assert (changed.on_close, Settings().on_close) == ("leave", "cancel")


@pytest.mark.parametrize(
    "hosts",
    [
        {"rest": "http://127.0.0.1:8080"},
        {"account_socket": "ws://127.0.0.1:8080/ws/account", "trade_socket": "ws://localhost"},
    ],
)
def test_hosts_can_be_given_as_a_mapping(hosts: dict[str, str]) -> None:
    assert Settings.model_validate({"hosts": hosts}).hosts == Hosts(**hosts)


def test_the_first_mistake_is_told_with_its_name_value_and_rule() -> None:
    with pytest.raises(ConfigurationError) as mistake:
        Settings(place_timeout_s=0, cancel_timeout_s=-1)
    assert mistake.value.message == "place_timeout_s=0: Input should be greater than 0"
    assert mistake.value.__cause__ is None


def test_the_environment_names_the_key() -> None:
    environment = {"VALR_API_KEY": "k", "VALR_API_SECRET": "s"}
    assert key_from_environment(environment) == {"api_key": "k", "api_secret": "s", "subaccount_id": ""}
    with_subaccount = environment | {"VALR_SUBACCOUNT_ID": "77"}
    assert key_from_environment(with_subaccount)["subaccount_id"] == "77"


@pytest.mark.parametrize(
    ("environment", "missing"),
    [
        ({}, "VALR_API_KEY and VALR_API_SECRET"),
        ({"VALR_API_KEY": "k"}, "VALR_API_SECRET"),
        ({"VALR_API_KEY": "", "VALR_API_SECRET": "s"}, "VALR_API_KEY"),
    ],
)
def test_a_missing_or_empty_variable_is_named_and_no_other_shown(
    environment: dict[str, str], missing: str
) -> None:
    with pytest.raises(ConfigurationError) as mistake:
        key_from_environment(environment)
    assert mistake.value.message == f"{missing} must be set in the environment"


@pytest.mark.parametrize(
    ("wrong", "value", "rule"),
    [
        ("VALR_API_KEY", "key\n", "must be text of printable ASCII without spaces"),
        ("VALR_API_SECRET", "a secret", "must be text of printable ASCII without spaces"),
        ("VALR_SUBACCOUNT_ID", "main", "must be a decimal number"),
    ],
)
def test_a_malformed_variable_is_named_and_not_shown(wrong: str, value: str, rule: str) -> None:
    environment = {"VALR_API_KEY": "k", "VALR_API_SECRET": "s", wrong: value}
    with pytest.raises(ConfigurationError) as mistake:
        key_from_environment(environment)
    assert mistake.value.message == f"{wrong} {rule}"


def test_an_empty_choice_of_a_transport_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VALR_TRANSPORT", "")
    assert Settings().transport == "websockets"


def test_when_a_way_to_valr_is_left_alone_is_a_choice() -> None:
    circuits = Settings(circuit_failures=2, circuit_pause_s=3, circuit_longest_pause_s=9).circuits
    assert (circuits.failures, circuits.pause_s, circuits.longest_pause_s) == (2, 3, 9)


def test_the_longest_pause_of_a_circuit_is_no_shorter_than_its_first() -> None:
    with pytest.raises(ConfigurationError, match=r"circuit_longest_pause_s=1\.0: has to be at least"):
        Settings(circuit_pause_s=2, circuit_longest_pause_s=1)
