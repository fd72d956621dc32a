"""VALR for Hummingbot: its connector, and how it gets into Hummingbot.

``valr hummingbot install`` puts it where Hummingbot's client and its ``hbot`` command look; `register` makes
it known to a program that embeds Hummingbot. This package itself imports without Hummingbot.
"""

from __future__ import annotations


def register() -> None:
    """Make the connector known to the Hummingbot in this process, without a file in its tree.

    Raises:
        ImportError: there is no Hummingbot here.
    """
    from valr_connector.integrations.hummingbot.registration import (  # noqa: PLC0415  needs Hummingbot
        register_connector,
    )

    register_connector()
