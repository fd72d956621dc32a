"""The real Hummingbot finds the connector: by its folder, and by `register` without one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from valr_connector.integrations.hummingbot.installation import install, uninstall


@pytest.fixture
def installed() -> Iterator[None]:
    """The folder in Hummingbot's own tree, for as long as the test runs."""
    install()
    try:
        yield
    finally:
        uninstall()


def python(code: str) -> str:
    """What a Python of its own prints: Hummingbot looks around once, when it is imported."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


SETTINGS = """
import json
from hummingbot.client.config.config_helpers import get_connector_class
from hummingbot.client.settings import AllConnectorSettings, connectable_exchange_names
found = AllConnectorSettings.get_connector_settings()["valr"]
exchange = found.non_trading_connector_instance_with_default_configuration(["BTC-ZAR"])
print(json.dumps({
    "pair": found.example_pair,
    "maker": str(found.trade_fee_schema.maker_percent_fee_decimal),
    "class": get_connector_class("valr").__name__,
    "connectable": "valr" in connectable_exchange_names(),
    "name": exchange.name,
    "fee": str(exchange.estimate_fee_pct(is_maker=False)),
}))
"""

EXPECTED = {
    "pair": "BTC-ZAR",
    "maker": "-0.0001",
    "class": "ValrExchange",
    "connectable": True,
    "name": "valr",
    "fee": "0.001",
}


@pytest.mark.usefixtures("installed")
def test_hummingbot_finds_the_installed_connector() -> None:
    assert json.loads(python(SETTINGS)) == EXPECTED


def test_hummingbot_finds_the_registered_connector_without_a_folder() -> None:
    registered = "from valr_connector.integrations.hummingbot import register\nregister()\nregister()\n"
    assert json.loads(python(registered + SETTINGS)) == EXPECTED


@pytest.mark.usefixtures("installed")
def test_candles_and_rates_are_known_once_the_exchange_is_imported() -> None:
    out = python(
        "from hummingbot.connector.exchange.valr.valr_exchange import ValrExchange\n"
        "from hummingbot.core.rate_oracle.rate_oracle import RATE_ORACLE_SOURCES\n"
        "from hummingbot.data_feed.candles_feed.candles_factory import CandlesFactory\n"
        "from hummingbot.data_feed.candles_feed.data_types import CandlesConfig\n"
        "candles = CandlesFactory.get_candle(CandlesConfig(connector='valr', trading_pair='BTC-ZAR'))\n"
        "print(candles.name, RATE_ORACLE_SOURCES['valr']().name)"
    )
    assert out.split() == ["valr_BTC-ZAR", "valr"]


@pytest.mark.usefixtures("installed")
def test_a_missing_valr_connector_is_named_with_the_command_that_brings_it() -> None:
    out = python(
        "import sys\n"
        "sys.modules['valr_connector.integrations.hummingbot.exchange'] = None\n"
        "try:\n"
        "    import hummingbot.connector.exchange.valr.valr_exchange\n"
        "except ImportError as error:\n"
        "    print(error)"
    )
    assert "-m pip install valr-connector" in out
