"""Events of the account socket about perpetuals: positions, conditionals, margin (protocol 13, 15.10)."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Raw, Struct

from valr_connector.model.ids import ClientOrderId, ExchangeOrderId
from valr_connector.protocol.codec import (
    DecimalText,
    OptionalDecimalText,
    UtcTime,
    check_number_tokens,
    number_of,
    wire_name,
)
from valr_connector.protocol.spellings import Flag, PairName, SideText


class PositionRow(Struct, rename=wire_name, frozen=True, gc=False):
    """An open position. The quantity is positive, the direction is the side (protocol 13)."""

    pair: PairName
    side: SideText
    quantity_text: DecimalText
    position_id: str
    average_entry_price_text: OptionalDecimalText = None
    session_average_entry_price_text: OptionalDecimalText = None
    total_session_entry_quantity_text: OptionalDecimalText = None
    total_session_value_text: OptionalDecimalText = None
    realised_pnl_text: OptionalDecimalText = None
    unrealised_pnl_text: OptionalDecimalText = None
    updated_at: UtcTime | None = None
    created_at: UtcTime | None = None
    leverage_tier: Raw = Raw()

    def __post_init__(self) -> None:
        check_number_tokens(self)


class OpenPositionUpdateFrame(Struct, tag="OPEN_POSITION_UPDATE", frozen=True, gc=False):
    """A position was opened or changed."""

    data: PositionRow


class ReducePositionData(Struct, rename=wire_name, frozen=True, gc=False):
    """How much of a position was closed."""

    currency_pair: PairName
    order_side: SideText
    quantity_text: DecimalText
    position_id: str | None = None
    average_entry_price_text: OptionalDecimalText = None
    close_price_text: OptionalDecimalText = None
    realised_pnl_text: OptionalDecimalText = None
    close_type: str | None = None
    created_at: UtcTime | None = None
    fees_text: OptionalDecimalText = None
    initial_margin_fraction_at_close_text: OptionalDecimalText = None


class ReducePositionFrame(Struct, tag="REDUCE_POSITION", frozen=True, gc=False):
    """A position was closed, or a part of it."""

    data: ReducePositionData


class PositionClosedData(Struct, rename=wire_name, frozen=True, gc=False):
    """Which position was closed."""

    pair: PairName
    position_id: str | None = None


class PositionClosedFrame(Struct, tag="POSITION_CLOSED", frozen=True, gc=False):
    """A position is gone."""

    data: PositionClosedData


class ConditionalOrderRow(Struct, rename=wire_name, frozen=True, gc=False):
    """A take-profit or stop-loss order of a perpetual (protocol 10.11)."""

    order_id: ExchangeOrderId
    currency_pair: PairName
    trigger_order_side: SideText | None = None
    trigger_order_type: str | None = None
    trigger_type: str | None = None
    conditional_type: str | None = None
    customer_order_id: ClientOrderId | None = None
    position_side: SideText | None = None
    position_id: str | None = None
    quantity_text: OptionalDecimalText = None
    take_profit_trigger_price_text: OptionalDecimalText = None
    take_profit_place_price_text: OptionalDecimalText = None
    stop_loss_trigger_price_text: OptionalDecimalText = None
    stop_loss_place_price_text: OptionalDecimalText = None
    created_at: UtcTime | None = None
    updated_at: UtcTime | None = None
    allow_margin: Flag | None = None


class AddConditionalOrderFrame(Struct, tag="ADD_CONDITIONAL_ORDER", frozen=True, gc=False):
    """A conditional order waits."""

    data: ConditionalOrderRow


class RemoveConditionalOrderData(Struct, rename=wire_name, frozen=True, gc=False):
    """Which conditional order is gone, and why."""

    order_id: ExchangeOrderId
    pair: PairName | None = None
    reason: str | None = None
    customer_order_id: ClientOrderId | None = None


class RemoveConditionalOrderFrame(Struct, tag="REMOVE_CONDITIONAL_ORDER", frozen=True, gc=False):
    """A conditional order was triggered or cancelled."""

    data: RemoveConditionalOrderData


class LeverageRow(Struct, rename=wire_name, frozen=True, gc=False):
    """The leverage of one pair; VALR sends JSON numbers (protocol 13)."""

    pair_symbol: str
    leverage_multiple: Raw
    initial_margin_fraction: Raw = Raw()
    maintenance_margin_fraction: Raw = Raw()
    auto_close_margin_fraction: Raw = Raw()
    risk_limit: Raw = Raw()
    risk_limit_currency: str | None = None

    def __post_init__(self) -> None:
        check_number_tokens(self)

    @property
    def leverage(self) -> Decimal | None:
        """How many times the margin a position may be."""
        return number_of(self.leverage_multiple)


class LeverageUpdatedFrame(Struct, tag="LEVERAGE_UPDATED", frozen=True, gc=False):
    """The leverage of a pair was changed."""

    data: LeverageRow


class MarginRow(Struct, rename=wire_name, frozen=True, gc=False):
    """The margin status; the fractions and the multiple are absent without exposure (protocol 13)."""

    available_in_reference: Raw = Raw()
    collateralized_balances_in_reference: Raw = Raw()
    initial_required_in_reference: Raw = Raw()
    total_leveraged_exposure_in_reference: Raw = Raw()
    total_borrowed_in_reference: Raw = Raw()
    margin_fraction: Raw = Raw()
    collateralized_margin_fraction: Raw = Raw()
    initial_margin_fraction: Raw = Raw()
    maintenance_margin_fraction: Raw = Raw()
    auto_close_margin_fraction: Raw = Raw()
    leverage_multiple: Raw = Raw()
    reference_currency: str | None = None

    def __post_init__(self) -> None:
        check_number_tokens(self)

    @property
    def leverage(self) -> Decimal | None:
        """Exposure in multiples of the collateral; None without exposure."""
        return number_of(self.leverage_multiple)

    @property
    def available(self) -> Decimal | None:
        """What can back new exposure, in the reference currency."""
        return number_of(self.available_in_reference)


class MarginInfoFrame(Struct, tag="MARGIN_INFO", frozen=True, gc=False):
    """The margin status, every 5 s once subscribed."""

    data: MarginRow


PositionFrame = (
    OpenPositionUpdateFrame
    | ReducePositionFrame
    | PositionClosedFrame
    | AddConditionalOrderFrame
    | RemoveConditionalOrderFrame
    | LeverageUpdatedFrame
    | MarginInfoFrame
)
