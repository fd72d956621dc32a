"""nautilus_trader: VALR's frames, decoded with msgspec as its adapters do, through its engine and cache."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from nautilus_trader.accounting.factory import AccountFactory
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import LiveClock, MessageBus
from nautilus_trader.common.factories import OrderFactory
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.engine import ExecutionEngine
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.enums import LiquiditySide, OrderSide, OrderStatus, OrderType
from nautilus_trader.model.events import OrderAccepted, OrderFilled, OrderSubmitted
from nautilus_trader.model.identifiers import (
    AccountId,
    ClientOrderId,
    StrategyId,
    TradeId,
    TraderId,
    VenueOrderId,
)
from nautilus_trader.model.objects import Money
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.test_kit.stubs.events import TestEventStubs

from benchmarks.peers.sequence import AMOUNT, FIRST_LIVE, PRICE, order_frames


class Data(msgspec.Struct, rename="camel"):
    """What all three frames say, as far as an adapter reads it."""

    order_id: str = ""
    customer_order_id: str = ""
    id: str = ""
    price: str = ""
    quantity: str = ""
    fee: str = ""


class Frame(msgspec.Struct):
    """One frame."""

    type: str
    data: Data


class Nautilus:
    """Its execution engine, told by an adapter of the least effort."""

    name = "nautilus_trader's engine"

    def __init__(self) -> None:
        clock, trader = LiveClock(), TraderId("BENCH-001")
        self._bus = MessageBus(trader, clock)
        self._cache = Cache()
        self._instrument = TestInstrumentProvider.btcusdt_binance()
        self._cache.add_instrument(self._instrument)
        self._engine = ExecutionEngine(self._bus, self._cache, clock)
        self._account = AccountId("BINANCE-000")
        self._cache.add_account(
            AccountFactory.create(TestEventStubs.cash_account_state(account_id=self._account))
        )
        self._factory = OrderFactory(trader, StrategyId("S-1"), clock)
        self._decode = msgspec.json.Decoder(Frame).decode
        self._clock = clock

    def messages(self, number: int) -> list[bytes]:
        """An order's life, and the order in the cache, submitted."""
        order = self._factory.limit(
            self._instrument.id,
            OrderSide.BUY,
            self._instrument.make_qty(Decimal(AMOUNT)),
            self._instrument.make_price(Decimal(PRICE)),
            client_order_id=ClientOrderId(f"bid-{number}"),
        )
        self._cache.add_order(order)
        self._engine.process(
            OrderSubmitted(
                order.trader_id, order.strategy_id, order.instrument_id, order.client_order_id, self._account,
                UUID4(), 0, 0,
            )
        )  # fmt: skip
        self._order = order
        return order_frames(number)

    def fill(self, orders: int) -> None:
        """Have so many orders rest."""
        for number in range(FIRST_LIVE, FIRST_LIVE + orders):
            self.live_through(self.messages(number)[:1])

    def live_through(self, messages: list[bytes]) -> None:
        """Take an order's life in."""
        decode, process, cache = self._decode, self._engine.process, self._cache
        instrument = self._instrument
        for raw in messages:
            frame = decode(raw)
            if frame.type == "ORDER_STATUS_UPDATE":
                continue  # its trades say the same
            data = frame.data
            client_order_id = ClientOrderId(data.customer_order_id)
            order = cache.order(client_order_id)
            now = self._clock.timestamp_ns()
            if frame.type == "ORDER_PROCESSED":
                process(
                    OrderAccepted(
                        order.trader_id, order.strategy_id, order.instrument_id, client_order_id,
                        VenueOrderId(data.order_id), self._account, UUID4(), now, now,
                    )
                )  # fmt: skip
            else:
                process(
                    OrderFilled(
                        order.trader_id, order.strategy_id, order.instrument_id, client_order_id,
                        VenueOrderId(data.order_id), self._account, TradeId(data.id), None, OrderSide.BUY,
                        OrderType.LIMIT, instrument.make_qty(Decimal(data.quantity)),
                        instrument.make_price(Decimal(data.price)), USDT, Money(Decimal(data.fee), USDT),
                        LiquiditySide.MAKER, UUID4(), now, now,
                    )
                )  # fmt: skip

    @property
    def has_ended(self) -> bool:
        """Whether the newest order has."""
        return bool(self._order.status == OrderStatus.FILLED)
