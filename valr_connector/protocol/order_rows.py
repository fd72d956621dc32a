"""What VALR says about orders, on the account socket and over REST (protocol 10, 15)."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct, field

from valr_connector.model.enums import Side
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Symbol
from valr_connector.model.order import Fee
from valr_connector.protocol.account_rows import to_fee
from valr_connector.protocol.codec import (
    HotDecimalText,
    OptionalDecimalText,
    UtcTime,
    WireNumberError,
    check_closely,
    optional_decimal,
    plain_numbers,
    wire_name,
)
from valr_connector.protocol.order_status import WireStatus, parse_order_status
from valr_connector.protocol.spellings import (
    CurrencyName,
    Flag,
    PairName,
    SideText,
    pair_symbol_of,
    text_or_none,
    to_side,
)

_are_three_plain = plain_numbers(3)
_are_six_plain = plain_numbers(6)


class OrderStatusRow(Struct, rename=wire_name, frozen=True, gc=False, kw_only=True):
    """A status: ORDER_STATUS_UPDATE, status query, history detail (protocol 10.9, 10.10, 15.5).

    The executed fields are those of one event, in detail and on the socket; whether the socket's are
    cumulative is not known, so quantities come from `original` and `remaining` (protocol 15.5).
    """

    # In the order of the socket's frame, in which a decoder finds fields fastest.
    exchange_order_id: ExchangeOrderId = field(name="orderId")
    order_status_type: str | None = None
    currency_pair: PairName
    original_price_text: HotDecimalText | None = None
    remaining_quantity_text: HotDecimalText
    original_quantity_text: HotDecimalText
    order_side: SideText
    order_type: str | None = None
    failed_reason: str | None = None
    updated_at: UtcTime | None = field(name="orderUpdatedAt", default=None)
    created_at: UtcTime | None = field(name="orderCreatedAt", default=None)
    customer_order_id: ClientOrderId | None = None
    executed_price_text: HotDecimalText | None = None
    executed_quantity_text: HotDecimalText | None = None
    executed_fee_text: HotDecimalText | None = None
    time_in_force: str | None = None
    stop_price_text: OptionalDecimalText = None
    status: str | None = None

    def __post_init__(self) -> None:
        joined = (
            f"{self.remaining_quantity_text},{self.original_quantity_text},"
            f"{self.original_price_text or '0'},{self.executed_price_text or '0'},"
            f"{self.executed_quantity_text or '0'},{self.executed_fee_text or '0'},"
        )
        if not _are_six_plain(joined):
            check_closely(
                self,
                joined,
                6,
                "remaining_quantity_text",
                "original_quantity_text",
                "original_price_text",
                "executed_price_text",
                "executed_quantity_text",
            )

    @property
    def client_order_id(self) -> ClientOrderId | None:
        """Our id; None where VALR left it out, or the order has none."""
        return self.customer_order_id or None

    @property
    def pair_symbol(self) -> Symbol:
        """The pair on the wire, ``BTCZAR``."""
        return pair_symbol_of(self.currency_pair)

    @property
    def side(self) -> Side:
        """BUY or SELL."""
        return to_side(self.order_side)

    @property
    def status_text(self) -> str:
        """The state as VALR wrote it, for the log; "" where it wrote none."""
        return self.order_status_type or self.status or ""

    @property
    def wire_status(self) -> WireStatus:
        """VALR's state; UNRECOGNISED for a text that nobody knows."""
        return parse_order_status(self.status_text)

    @property
    def price(self) -> Decimal | None:
        """Limit price, quote per base; 0 for a market order, None where VALR left it out."""
        return optional_decimal(self.original_price_text)

    @property
    def original(self) -> Decimal:
        """Size, base currency; the new one after a modify."""
        return Decimal(self.original_quantity_text)

    @property
    def remaining(self) -> Decimal:
        """Not executed, base currency."""
        return Decimal(self.remaining_quantity_text)

    @property
    def reason(self) -> str | None:
        """Why it failed, in VALR's words; None where it gave none."""
        return text_or_none(self.failed_reason)

    @property
    def executed_price(self) -> Decimal | None:
        """Price of this event's execution; 0 where nothing was executed."""
        return optional_decimal(self.executed_price_text)

    @property
    def executed_quantity(self) -> Decimal | None:
        """Base currency executed in this event."""
        return optional_decimal(self.executed_quantity_text)

    @property
    def executed_fee(self) -> Decimal | None:
        """Fee of this event; VALR does not say in which currency."""
        return optional_decimal(self.executed_fee_text)


class OrderSummaryRow(OrderStatusRow, rename=wire_name, frozen=True, gc=False, kw_only=True):
    """A status with the order's totals: history list and history summary (protocol 10.10)."""

    average_price_text: OptionalDecimalText = None
    total_text: OptionalDecimalText = None
    total_executed_quantity_text: OptionalDecimalText = None
    total_fee_text: OptionalDecimalText = None
    fee_currency: CurrencyName | None = None

    @property
    def average_price(self) -> Decimal | None:
        """Volume-weighted price of all executions, quote per base; 0 without one."""
        return optional_decimal(self.average_price_text)

    @property
    def total_executed(self) -> Decimal | None:
        """Base currency executed in all; VALR sends it since 2025-01."""
        return optional_decimal(self.total_executed_quantity_text)

    @property
    def total_fee(self) -> Fee | None:
        """All fees of the order; None where VALR did not say both amount and currency."""
        return to_fee(self.total_fee_text, self.fee_currency)


class OpenOrderRow(Struct, rename=wire_name, frozen=True, gc=False, kw_only=True):
    """One open order: OPEN_ORDERS_UPDATE and GET /v1/orders/open (protocol 10.9, 15.3)."""

    # In the order of the socket's frame, in which a decoder finds fields fastest.
    exchange_order_id: ExchangeOrderId = field(name="orderId")
    side_word: SideText = field(name="side")
    quantity_text: HotDecimalText | None = None
    price_text: HotDecimalText | None = None
    currency_pair: PairName
    created_at: UtcTime | None = None
    original_quantity_text: HotDecimalText
    customer_order_id: ClientOrderId | None = None
    updated_at: UtcTime | None = None
    status: str | None = None
    order_type: str | None = field(name="type", default=None)
    time_in_force: str | None = None
    allow_margin: Flag | None = None
    stop_price_text: OptionalDecimalText = None
    remaining_quantity_text: HotDecimalText | None = None
    original_price_text: HotDecimalText | None = None
    order_status_type: str | None = None

    def __post_init__(self) -> None:
        remaining = self.remaining_quantity_text or self.quantity_text
        if not remaining:
            raise WireNumberError("quantity", "")
        price = self.price_text or self.original_price_text or "0"
        joined = f"{remaining},{self.original_quantity_text},{price},"
        if not _are_three_plain(joined):
            check_closely(
                self,
                joined,
                3,
                "remaining_quantity_text",
                "quantity_text",
                "original_quantity_text",
                "price_text",
                "original_price_text",
            )

    @property
    def client_order_id(self) -> ClientOrderId | None:
        """Our id; None where VALR left it out, or the order has none."""
        return self.customer_order_id or None

    @property
    def pair_symbol(self) -> Symbol:
        """The pair on the wire, ``BTCZAR``."""
        return pair_symbol_of(self.currency_pair)

    @property
    def side(self) -> Side:
        """BUY or SELL."""
        return to_side(self.side_word)

    @property
    def status_text(self) -> str:
        """The state as VALR wrote it, for the log; "" where it wrote none."""
        return self.status or self.order_status_type or ""

    @property
    def wire_status(self) -> WireStatus:
        """VALR's state; OPEN where it left it out, since it lists the order as open."""
        return parse_order_status(self.status_text or "Open")

    @property
    def price(self) -> Decimal | None:
        """Limit price, quote per base; 0 for a market order, None where VALR left it out."""
        return optional_decimal(self.price_text or self.original_price_text)

    @property
    def original(self) -> Decimal:
        """Size, base currency; the new one after a modify."""
        return Decimal(self.original_quantity_text)

    @property
    def remaining(self) -> Decimal:
        """Not executed, base currency."""
        return Decimal(self.remaining_quantity_text or self.quantity_text or 0)

    @property
    def reason(self) -> str | None:
        """None: open orders have not failed."""
        return None


OrderReport = OrderStatusRow | OpenOrderRow
"""What VALR says about one order at one time, wherever it said it; both are read alike."""
