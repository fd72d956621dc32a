"""nautilus_trader: VALR's frames, decoded with msgspec as its adapters do, through its engine and cache.

Wallets reach its portfolio as account states, one for the placement and one for each execution, as its
adapter for Binance's spot market tells them. The portfolio is on a bus of its own: on the engine's it would
follow positions too. The reply to the placement and statuses are decoded, and tell it nothing that other
frames do not.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import LiveClock, MessageBus
from nautilus_trader.common.factories import OrderFactory
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.engine import ExecutionEngine
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.enums import AccountType, LiquiditySide, OrderSide, OrderStatus, OrderType
from nautilus_trader.model.events import AccountState, OrderAccepted, OrderFilled, OrderSubmitted
from nautilus_trader.model.identifiers import (
    AccountId,
    ClientOrderId,
    StrategyId,
    TradeId,
    TraderId,
    VenueOrderId,
)
from nautilus_trader.model.objects import AccountBalance, Money
from nautilus_trader.portfolio.config import PortfolioConfig
from nautilus_trader.portfolio.portfolio import Portfolio
from nautilus_trader.test_kit.providers import TestInstrumentProvider

from benchmarks.peers.sequence import AMOUNT, BASE, FIRST_LIVE, PRICE, QUOTE, Sequence

CURRENCIES = {BASE: BTC, QUOTE: USDT}
AN_HOUR_MS = 3_600_000


class Wallet(msgspec.Struct):
    """What is held of one currency."""

    currency: str
    available: str
    reserved: str
    total: str


class Data(msgspec.Struct, rename="camel"):
    """What the frames say, as far as an adapter reads it."""

    order_id: str = ""
    customer_order_id: str = ""
    id: str = ""
    price: str = ""
    quantity: str = ""
    fee: str = ""
    wallets: list[Wallet] = []


class Frame(msgspec.Struct):
    """One frame."""

    type: str
    data: Data


class Nautilus:
    """Its execution engine and its portfolio, told by an adapter of the least effort."""

    name = "nautilus_trader's engine"

    def __init__(self, sequence: Sequence) -> None:
        clock, trader = LiveClock(), TraderId("BENCH-001")
        self._told = sequence.of_peers
        self._bus = MessageBus(trader, clock)
        self._cache = Cache()
        rarely_logged = PortfolioConfig(min_account_state_logging_interval_ms=AN_HOUR_MS)
        self._portfolio = Portfolio(MessageBus(trader, clock), self._cache, clock, rarely_logged)
        self._instrument = TestInstrumentProvider.btcusdt_binance()
        self._cache.add_instrument(self._instrument)
        self._engine = ExecutionEngine(self._bus, self._cache, clock)
        self._account = AccountId("BINANCE-000")
        self._clock = clock
        self._note_wallets([Wallet(QUOTE, "1000000", "0", "1000000"), Wallet(BASE, "5", "0", "5")])
        self._factory = OrderFactory(trader, StrategyId("S-1"), clock)
        self._decode = msgspec.json.Decoder(Frame).decode

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
        return self._told(number)

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
            if frame.type in {"ORDER_STATUS_UPDATE", "PLACE_LIMIT_WS_RESPONSE"}:
                continue  # its trades and its confirmation say the same
            data = frame.data
            if frame.type == "BALANCE_UPDATE":
                self._note_wallets(data.wallets)
                continue
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

    @property
    def base_held(self) -> Decimal:
        """In the wallet."""
        return Decimal(self._cache.account(self._account).balance_total(BTC).as_decimal())

    def _note_wallets(self, wallets: list[Wallet]) -> None:
        now = self._clock.timestamp_ns()
        balances = [_balance(wallet) for wallet in wallets]
        self._portfolio.update_account(
            AccountState(self._account, AccountType.CASH, None, True, balances, [], {}, UUID4(), now, now)
        )


def _balance(wallet: Wallet) -> AccountBalance:
    currency = CURRENCIES[wallet.currency]
    return AccountBalance(
        total=Money(Decimal(wallet.total), currency),
        locked=Money(Decimal(wallet.reserved), currency),
        free=Money(Decimal(wallet.available), currency),
    )
