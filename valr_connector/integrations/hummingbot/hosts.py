"""Where VALR is, for this integration: VALR itself, or the embedded exchange that one rehearses with.

Hummingbot makes the connector, so what it cannot pass on comes from the environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from valr_connector.config import Hosts
from valr_connector.errors import ConfigurationError

VARIABLES: Mapping[str, str] = {
    "rest": "VALR_REST_URL",
    "account_socket": "VALR_ACCOUNT_SOCKET_URL",
    "trade_socket": "VALR_TRADE_SOCKET_URL",
}


def hosts_from_environment(environment: Mapping[str, str] = os.environ) -> Hosts:
    """VALR's own hosts, but for those that the environment names.

    Raises:
        ConfigurationError: one is no address; names the variable.
    """
    hosts = Hosts()
    for part, name in VARIABLES.items():
        if environment.get(name):
            try:
                hosts = Hosts(**{**hosts.model_dump(), part: environment[name]})
            except ConfigurationError as error:
                raise ConfigurationError(f"{name}: {error.message}") from None
    return hosts
