"""What REST answers about the market, where the trade socket does not say the same (protocol 7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec import Raw, Struct, field

from valr_connector.model.ids import Symbol
from valr_connector.protocol.book_frames import AggregatedBook
from valr_connector.protocol.codec import (
    DecimalText,
    OptionalDecimalText,
    UtcTime,
    check_number_tokens,
    number_of,
    parse_time,
    wire_name,
)
from valr_connector.protocol.market_frames import MarketSummary
from valr_connector.protocol.spellings import Flag

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = 253_402_300_799_000
_MOST_DECIMALS = 40


class SummaryRow(MarketSummary, rename=wire_name, frozen=True, gc=False, kw_only=True):
    """A day of a pair (protocol 7.6)."""

    pair_symbol: Symbol = field(name="currencyPair")


class BookAnswer(AggregatedBook, frozen=True, gc=False):
    """An aggregated book out of a cache (protocol 7.7)."""

    @property
    def changed_at(self) -> datetime | None:
        """When it last changed; None where VALR sent none."""
        return _time_of(self.last_change)


class FullBookRow(Struct, rename=wire_name, frozen=True, gc=False):
    """One order of a full book (protocol 7.8)."""

    id: str
    price_text: DecimalText
    quantity_text: DecimalText
    position_at_price: int | None = None


class FullBookAnswer(Struct, frozen=True, gc=False):
    """A book order by order out of a cache (protocol 7.8)."""

    asks: list[FullBookRow] = field(name="Asks")
    bids: list[FullBookRow] = field(name="Bids")
    last_change: str | int | None = field(name="LastChange", default=None)

    @property
    def changed_at(self) -> datetime | None:
        """When it last changed; None where VALR sent none."""
        return _time_of(self.last_change)


class CurrencyRow(Struct, rename=wire_name, frozen=True, gc=False):
    """One currency (protocol 7.3); counts of decimals are text here and numbers elsewhere."""

    short_name: str
    long_name: str = ""
    is_active: Flag = True
    decimal_places: Raw = Raw()
    withdrawal_decimal_places: Raw = Raw()
    collateral: Flag = False
    collateral_weight_text: OptionalDecimalText = None

    def __post_init__(self) -> None:
        check_number_tokens(self)

    @property
    def places(self) -> int | None:
        """Decimal places of balances."""
        return _count(self.decimal_places)

    @property
    def withdrawal_places(self) -> int | None:
        """Decimal places of withdrawals."""
        return _count(self.withdrawal_decimal_places)


class FuturesInfoRow(Struct, rename=wire_name, frozen=True, gc=False):
    """One perpetual; the runs are milliseconds (protocol 7.12)."""

    currency_pair: Symbol
    estimated_funding_rate_text: OptionalDecimalText = None
    open_interest_text: OptionalDecimalText = None
    next_funding_run: int | None = None
    next_pnl_run: int | None = None

    @property
    def next_funding_at(self) -> datetime | None:
        """The next funding run."""
        return _from_ms(self.next_funding_run)

    @property
    def next_pnl_at(self) -> datetime | None:
        """The next settlement of profit and loss."""
        return _from_ms(self.next_pnl_run)


class FundingRow(Struct, rename=wire_name, frozen=True, gc=False):
    """One funding run (protocol 7.12)."""

    funding_rate_text: DecimalText
    funding_time: UtcTime


class RiskLimitRow(Struct, rename=wire_name, frozen=True, gc=False):
    """One tier of a perpetual, its figures as JSON numbers (protocol 7.12)."""

    pair_symbol: Symbol
    leverage_multiple: Raw = Raw()
    initial_margin_fraction: Raw = Raw()
    maintenance_margin_fraction: Raw = Raw()
    auto_close_margin_fraction: Raw = Raw()
    risk_limit_value: Raw = Raw()
    risk_limit_currency: str = ""
    is_default: Flag = False

    def __post_init__(self) -> None:
        check_number_tokens(self)


def _time_of(change: str | int | None) -> datetime | None:
    return parse_time(change) if isinstance(change, str) else _from_ms(change)


def _from_ms(milliseconds: int | None) -> datetime | None:
    if milliseconds is None or not 0 <= milliseconds <= _LAST_MS:
        return None
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _count(token: Raw) -> int | None:
    number = number_of(token)
    if number is None or number != number.to_integral_value() or not 0 <= number <= _MOST_DECIMALS:
        return None
    return int(number)
