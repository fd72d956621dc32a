"""A script for Hummingbot, of the second kind: one quote a side, renewed every second."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hummingbot.core.data_type.common import OrderType, PriceType
from hummingbot.strategy.strategy_v2_base import StrategyV2Base, StrategyV2ConfigBase


class QuotesConfig(StrategyV2ConfigBase):
    """What it quotes."""

    script_file_name: str = "v2_quotes.py"
    connector: str = "valr"
    pair: str = "BTC-ZAR"
    amount: Decimal = Decimal("0.001")
    spread: Decimal = Decimal("0.0005")

    def update_markets(self, markets: Any) -> Any:
        """The one market it needs."""
        markets[self.connector] = {self.pair}
        return markets


class Quotes(StrategyV2Base):
    """Quotes both sides of the mid price.

    Attributes:
        filled: client order id and amount of each fill that it was told of.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.filled: list[tuple[str, Decimal]] = []

    def did_fill_order(self, event: Any) -> None:
        """Keep what was told."""
        self.filled.append((event.order_id, event.amount))

    def on_tick(self) -> None:
        """Renew both quotes, once what was quoted before is gone."""
        config = self.config
        open_orders = self.get_active_orders(config.connector)
        for order in open_orders:
            self.cancel(config.connector, config.pair, order.client_order_id)
        mid = self.connectors[config.connector].get_price_by_type(config.pair, PriceType.MidPrice)
        if open_orders or mid.is_nan():
            return
        self.buy(config.connector, config.pair, config.amount, OrderType.LIMIT, mid * (1 - config.spread))
        self.sell(config.connector, config.pair, config.amount, OrderType.LIMIT, mid * (1 + config.spread))
