"""The connector in the real Hummingbot's hands, against the embedded exchange on loopback."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

from hummingbot.core.data_type.common import OrderType
from hummingbot.core.data_type.in_flight_order import InFlightOrder as ShownOrder
from hummingbot.core.event.event_logger import EventLogger
from hummingbot.core.event.events import MarketEvent
from hummingbot.core.web_assistant.connections.connections_factory import ConnectionsFactory

from valr_connector.config import Hosts, Settings
from valr_connector.integrations.hummingbot import register
from valr_connector.integrations.hummingbot.account_connection import AccountConnection
from valr_connector.integrations.hummingbot.exchange import ValrHummingbotExchange
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.faults import of_pair
from valr_connector.simulator.settings import SimulatorSettings
from valr_connector.simulator.vocabulary import BuyOrSell, NewOrder, VenueOrder

D = Decimal
PAIR, SYMBOL = "BTC-ZAR", "BTCZAR"
ACCOUNT, RIVAL = "0", "9"
PATIENCE_S = 4.0

AT_ONCE = SimulatorSettings(
    open_orders_interval_s=0, order_book_interval_s=0, market_summary_interval_s=0, rate_limits=None
)
"""No delay, no throttle and no limit anywhere."""

TOLD = (
    MarketEvent.BuyOrderCreated,
    MarketEvent.SellOrderCreated,
    MarketEvent.OrderFilled,
    MarketEvent.BuyOrderCompleted,
    MarketEvent.SellOrderCompleted,
    MarketEvent.OrderCancelled,
    MarketEvent.OrderFailure,
)


async def _do_not_sleep(delay: float) -> None:
    """Hummingbot would wait a second after the first book of each pair."""


def settings_for(exchange: EmbeddedExchange, **changes: Any) -> Settings:
    """Where the embedded exchange is, and short time-outs."""
    at = exchange.endpoints
    hosts = Hosts(rest=at.rest, account_socket=at.ws_account, trade_socket=at.ws_trade)
    quick = {"place_timeout_s": 0.3, "cancel_timeout_s": 0.3, "not_found_grace_s": 0.3}
    return Settings(**{"hosts": hosts, **quick, **changes})


class Live:
    """A connector and what its listeners are told."""

    def __init__(self, exchange: EmbeddedExchange, **settings: Any) -> None:
        register()
        self.exchange = exchange
        key = exchange.add_api_key(ACCOUNT)
        self.connector = ValrHummingbotExchange(
            key.key, key.secret, trading_pairs=[PAIR], settings=settings_for(exchange, **settings)
        )
        self.connector.order_book_tracker._sleep = _do_not_sleep
        self.loggers = {event: EventLogger() for event in TOLD}
        for event, logger in self.loggers.items():
            self.connector.add_listener(event, logger)

    async def start(self) -> None:
        """Start the network and wait until the connector is ready."""
        self.connector._set_current_timestamp(time.time())
        await self.connector.start_network()
        await self.until(lambda: self.connector.ready)

    async def stop(self) -> None:
        await self.connector.stop_network()

    def lose_the_book(self) -> None:
        """Cut the market's socket; the book comes back a while after the next connection."""
        self.exchange.faults.delay_frame(of_pair(SYMBOL), 0.3, count=9)
        self.exchange.drop_sockets("trade")

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds; the test fails if it does not within the patience."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():  # noqa: ASYNC110  there is nothing else to wait for
                await asyncio.sleep(0.01)

    def buy(self, amount: str = "0.01", price: str = "900000", kind: OrderType = OrderType.LIMIT) -> str:
        return self.connector.buy(PAIR, D(amount), kind, D(price))

    def sell(self, amount: str = "0.01", price: str = "1100000", kind: OrderType = OrderType.LIMIT) -> str:
        return self.connector.sell(PAIR, D(amount), kind, D(price))

    @property
    def account(self) -> AccountConnection:
        """The connection, of a network that is started."""
        connection = self.connector._account.connection
        assert connection is not None
        return connection

    def cancels_at_once(self) -> bool:
        """Whether the connector says that a cancel which was accepted is done."""
        return self.connector.is_cancel_request_in_exchange_synchronous

    def shown(self, order_id: str) -> ShownOrder:
        """The order as Hummingbot shows it, in flight or not."""
        return self.connector._order_tracker.all_fillable_orders[order_id]

    def story(self, order_id: str) -> list[str]:
        """Names of the events told of an order, in order of their kinds; fills and endings once each."""
        return [
            event.name
            for event, logger in self.loggers.items()
            for told in logger.event_log
            if told.order_id == order_id
        ]

    async def placed(self, order_id: str) -> ShownOrder:
        """The order once VALR has it."""
        await self.until(lambda: order_id in self.connector._order_tracker.all_fillable_orders)
        await self.until(lambda: self.shown(order_id).exchange_order_id is not None)
        return self.shown(order_id)

    def there(self) -> list[VenueOrder]:
        """The account's open orders at the exchange itself."""
        return list(self.exchange.venue.open_orders(ACCOUNT))

    def rival(self, side: BuyOrSell, amount: str, price: str) -> None:
        """Somebody else's order, which may meet ours."""
        self._accept(RIVAL, side, amount, price)

    def stranger(self, price: str = "800000") -> VenueOrder:
        """An order of this account that was placed elsewhere."""
        return self._accept(ACCOUNT, "buy", "0.02", price)

    def _accept(self, account: str, side: BuyOrSell, amount: str, price: str) -> VenueOrder:
        request = NewOrder(symbol=SYMBOL, side=side, kind="limit", quantity=D(amount), price=D(price))
        order = self.exchange.venue.accept(account, request)
        self.exchange.venue.process(order.order_id)
        return order


@asynccontextmanager
async def live(settings: SimulatorSettings = AT_ONCE, **changes: Any) -> AsyncIterator[Live]:
    """A connector that is ready; a rival with money stands by."""
    async with EmbeddedExchange(settings) as exchange:
        exchange.open_account(RIVAL)
        trader = Live(exchange, **changes)
        trader.rival("buy", "0.5", "850000")
        trader.rival("sell", "0.5", "1150000")
        await trader.start()
        try:
            yield trader
        finally:
            await trader.stop()
            await ConnectionsFactory().close()  # Hummingbot keeps one pool for all connectors of a process


async def placed_and_left(trader: Live) -> tuple[str, dict[str, Any]]:
    """An order that lives at VALR while the bot does not; its id, and what Hummingbot saved of it."""
    order_id = trader.connector.buy("ETH-ZAR", D("0.1"), OrderType.LIMIT, D(30_000))
    await trader.placed(order_id)
    saved = trader.connector.tracking_states
    await trader.stop()
    return order_id, saved


@asynccontextmanager
async def restored(trader: Live, saved: dict[str, Any]) -> AsyncIterator[Live]:
    """The bot of a later process, started with what an earlier one saved."""
    later = Live(trader.exchange)
    later.connector.restore_tracking_states(saved)
    await later.start()
    try:
        yield later
    finally:
        await later.stop()
