"""Making the connector, its candles and its rates known to the Hummingbot in this process."""

from __future__ import annotations

import sys
from types import ModuleType

from hummingbot.client.settings import AllConnectorSettings, ConnectorSetting, ConnectorType
from hummingbot.core.rate_oracle.rate_oracle import RATE_ORACLE_SOURCES
from hummingbot.data_feed.candles_feed.candles_factory import CandlesFactory

from valr_connector.integrations.hummingbot.candles import ValrCandles
from valr_connector.integrations.hummingbot.rate_source import ValrRateSource
from valr_connector.integrations.hummingbot.shim_files import NAME, PACKAGE, module_sources


def register_feeds() -> None:
    """Make candles and rates known; again, nothing changes."""
    CandlesFactory._candles_map[NAME] = ValrCandles  # noqa: SLF001  there is no other way in
    RATE_ORACLE_SOURCES[NAME] = ValrRateSource


def register_connector() -> None:
    """Make everything known, by modules in memory where no folder is installed."""
    settings = AllConnectorSettings.get_connector_settings()
    if NAME not in settings:
        for file, source in module_sources().items():
            _make_module(file.removesuffix(".py"), source)
        utils = sys.modules[f"{PACKAGE}.{NAME}_utils"]
        settings[NAME] = ConnectorSetting(
            name=NAME,
            type=ConnectorType.Exchange,
            example_pair=utils.EXAMPLE_PAIR,
            centralised=utils.CENTRALIZED,
            use_ethereum_wallet=False,
            trade_fee_schema=utils.DEFAULT_FEES,
            config_keys=utils.KEYS,
            is_sub_domain=False,
            parent_name=None,
            domain_parameter=None,
            use_eth_gas_lookup=False,
        )
    register_feeds()


def _make_module(file: str, source: str) -> None:
    """A module of the shim, as if it had been imported from Hummingbot's tree."""
    is_package = file == "__init__"
    name = PACKAGE if is_package else f"{PACKAGE}.{file}"
    module = ModuleType(name)
    if is_package:
        module.__path__ = []
    sys.modules[name] = module
    exec(compile(source, f"<{name}>", "exec"), module.__dict__)  # noqa: S102  our own text
