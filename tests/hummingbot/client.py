"""Hummingbot's client, as the launcher in a checkout's ``bin/`` starts it; that one is not in the package.

The rates that ``balance`` shows come from VALR here: every source that the configuration file takes asks
somebody outside.
"""

from __future__ import annotations

import asyncio

from hummingbot.client.config.config_crypt import ETHKeyFileSecretManger
from hummingbot.client.config.config_helpers import load_client_config_map_from_file
from hummingbot.client.runner import bootstrap_application
from hummingbot.client.ui import login_prompt
from hummingbot.client.ui.style import load_style
from hummingbot.core.rate_oracle.rate_oracle import RATE_ORACLE_SOURCES, RateOracle

from valr_connector.integrations.hummingbot.rate_source import ValrRateSource


async def run() -> None:
    application = await bootstrap_application(settings, secrets)
    assert application is not None
    RATE_ORACLE_SOURCES["gate_io"] = ValrRateSource
    RateOracle.get_instance().source = ValrRateSource()
    await application.run()


if __name__ == "__main__":
    settings = load_client_config_map_from_file()
    secrets = login_prompt(ETHKeyFileSecretManger, style=load_style(settings))
    asyncio.run(run())
