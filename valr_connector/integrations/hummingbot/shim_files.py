"""The four files that Hummingbot finds this connector by.

Hummingbot scans its own tree, imports ``NAME_utils``, and leaves out without a word whatever does not import:
so that module needs Hummingbot alone. Module and class of the exchange are fixed by the name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import valr_connector

NAME = "valr"
PACKAGE = f"hummingbot.connector.exchange.{NAME}"
MARKER = "valr_connector_shim.json"

MAKER_FEE = "-0.0001"
TAKER_FEE = "0.001"
"""Fractions of the trade, until the account's own are known."""

_INIT = '"""VALR, by valr-connector: made by `valr hummingbot install`, removed by `uninstall`."""\n'

_UTILS = f'''"""What Hummingbot knows of VALR before it connects. Needs nothing but Hummingbot."""

from decimal import Decimal

from pydantic import ConfigDict, Field, SecretStr

from hummingbot.client.config.config_data_types import BaseConnectorConfigMap
from hummingbot.core.data_type.trade_fee import TradeFeeSchema

CENTRALIZED = True
EXAMPLE_PAIR = "BTC-ZAR"
DEFAULT_FEES = TradeFeeSchema(
    maker_percent_fee_decimal=Decimal("{MAKER_FEE}"),
    taker_percent_fee_decimal=Decimal("{TAKER_FEE}"),
    buy_percent_fee_deducted_from_returns=True,
)


def _secret(prompt: str) -> SecretStr:
    return Field(
        default=...,
        json_schema_extra={{
            "prompt": prompt,
            "is_secure": True,
            "is_connect_key": True,
            "prompt_on_new": True,
        }},
    )


class ValrConfigMap(BaseConnectorConfigMap):
    connector: str = "{NAME}"
    valr_api_key: SecretStr = _secret("Enter your VALR API key")
    valr_api_secret: SecretStr = _secret("Enter your VALR API secret")
    model_config = ConfigDict(title="{NAME}")


KEYS = ValrConfigMap.model_construct()
'''

_EXCHANGE = '''"""The exchange itself, from valr-connector."""

import sys

try:
    from valr_connector.integrations.hummingbot.exchange import ValrHummingbotExchange
    from valr_connector.integrations.hummingbot.registration import register_feeds
except ImportError as error:
    raise ImportError(
        "the VALR connector needs valr-connector in the Python that runs Hummingbot: "
        f"{sys.executable} -m pip install valr-connector 'aiohttp<3.14' ({error})"
    ) from error

register_feeds()


class ValrExchange(ValrHummingbotExchange):
    """VALR by the name that Hummingbot looks for."""
'''


def module_sources() -> Mapping[str, str]:
    """The shim's Python files by name."""
    return {
        "__init__.py": _INIT,
        f"{NAME}_utils.py": _UTILS,
        f"{NAME}_exchange.py": _EXCHANGE,
    }


def marker() -> str:
    """What says that the folder is ours: by which version, and what was written."""
    files = {name: digest(source.encode()) for name, source in module_sources().items()}
    return json.dumps(
        {"made_by": "valr-connector", "version": valr_connector.__version__, "files": files}, indent=1
    )


def digest(content: bytes) -> str:
    """By which a file is known to be as it was written."""
    return hashlib.sha256(content).hexdigest()
