"""Market events of the trade socket, books apart (protocol 17)."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct, field

from valr_connector.model.enums import Side
from valr_connector.model.ids import Symbol
from valr_connector.protocol.codec import (
    DecimalText,
    HotDecimalText,
    OptionalDecimalText,
    UtcTime,
    are_decimals,
    optional_decimal,
    refuse_numbers,
    wire_name,
)
from valr_connector.protocol.spellings import SideText, to_side


class MarketSummary(Struct, rename=wire_name, frozen=True, gc=False):
    """A day of a pair; ask, bid and mark price are "0" where there is none (protocol 5)."""

    ask_price_text: HotDecimalText
    bid_price_text: HotDecimalText
    last_traded_price_text: HotDecimalText
    created: UtcTime | None = None
    previous_close_price_text: OptionalDecimalText = None
    base_volume_text: OptionalDecimalText = None
    quote_volume_text: OptionalDecimalText = None
    high_price_text: OptionalDecimalText = None
    low_price_text: OptionalDecimalText = None
    change_from_previous_text: OptionalDecimalText = None
    mark_price_text: OptionalDecimalText = None

    def __post_init__(self) -> None:
        if not are_decimals(f"{self.ask_price_text},{self.bid_price_text},{self.last_traded_price_text},", 3):
            refuse_numbers(self)

    @property
    def ask_price(self) -> Decimal | None:
        """Best ask, quote per base; None where there is none."""
        return Decimal(self.ask_price_text) or None

    @property
    def bid_price(self) -> Decimal | None:
        """Best bid, quote per base; None where there is none."""
        return Decimal(self.bid_price_text) or None

    @property
    def last_traded_price(self) -> Decimal:
        """Price of the last trade."""
        return Decimal(self.last_traded_price_text)

    @property
    def mark_price(self) -> Decimal | None:
        """Mark price; None where there is none."""
        return optional_decimal(self.mark_price_text) or None


class MarketSummaryUpdateFrame(Struct, tag="MARKET_SUMMARY_UPDATE", frozen=True, gc=False):
    """A new summary. The pair inside of data has two names; the envelope's is used."""

    pair_symbol: Symbol = field(name="currencyPairSymbol")
    data: MarketSummary


class MarketTrade(Struct, rename=wire_name, frozen=True, gc=False):
    """A trade of the whole market; never a source of own fills."""

    price_text: HotDecimalText
    quantity_text: HotDecimalText
    traded_at: UtcTime
    taker_side: SideText
    id: str | None = None

    def __post_init__(self) -> None:
        if not are_decimals(f"{self.price_text},{self.quantity_text},", 2):
            refuse_numbers(self)

    @property
    def price(self) -> Decimal:
        """Quote per base."""
        return Decimal(self.price_text)

    @property
    def amount(self) -> Decimal:
        """Base currency."""
        return Decimal(self.quantity_text)

    @property
    def side(self) -> Side:
        """The taker's side."""
        return to_side(self.taker_side)


class NewTradeFrame(Struct, tag="NEW_TRADE", frozen=True, gc=False):
    """Somebody traded."""

    pair_symbol: Symbol = field(name="currencyPairSymbol")
    data: MarketTrade


class TradeBucket(Struct, rename=wire_name, frozen=True, gc=False):
    """A candle."""

    start_time: UtcTime
    open_text: DecimalText
    high_text: DecimalText
    low_text: DecimalText
    close_text: DecimalText
    volume_text: OptionalDecimalText = None
    quote_volume_text: OptionalDecimalText = None
    bucket_period_in_seconds: int = 60


class NewTradeBucketFrame(Struct, tag="NEW_TRADE_BUCKET", frozen=True, gc=False):
    """A minute is over."""

    pair_symbol: Symbol = field(name="currencyPairSymbol")
    data: TradeBucket


class MarkPriceData(Struct, rename=wire_name, frozen=True, gc=False):
    """The mark price, under either name (protocol 17)."""

    price_text: OptionalDecimalText = None
    mark_price_text: OptionalDecimalText = None

    @property
    def price(self) -> Decimal | None:
        """Quote per base; None where there is none."""
        return optional_decimal(self.price_text or self.mark_price_text) or None


class MarkPriceUpdateFrame(Struct, tag="MARK_PRICE_UPDATE", frozen=True, gc=False):
    """The mark price moved."""

    pair_symbol: Symbol = field(name="currencyPairSymbol")
    data: MarkPriceData


class PnlRunCompletedFrame(Struct, tag="PNL_RUN_COMPLETED", frozen=True, gc=False):
    """Profit and loss of a perpetual were settled; balances move without trades."""

    pair_symbol: Symbol = field(name="currencyPairSymbol")
    data: MarkPriceData | None = None


class FundingRunCompletedFrame(Struct, tag="FUNDING_RUN_COMPLETED", frozen=True, gc=False):
    """Funding of a perpetual was settled."""

    pair_symbol: Symbol = field(name="currencyPairSymbol")


class AllowedOrderTypesUpdatedFrame(Struct, tag="ALLOWED_ORDER_TYPES_UPDATED", frozen=True, gc=False):
    """The pair takes other order types from now on; words as in protocol 7.5."""

    pair_symbol: Symbol = field(name="currencyPairSymbol")
    data: list[str]


MarketFrame = (
    MarketSummaryUpdateFrame
    | NewTradeFrame
    | NewTradeBucketFrame
    | MarkPriceUpdateFrame
    | PnlRunCompletedFrame
    | FundingRunCompletedFrame
    | AllowedOrderTypesUpdatedFrame
)
