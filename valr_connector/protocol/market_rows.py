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
        change = self.last_change
        return parse_time(change) if isinstance(change, str) else _from_ms(change)


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


def _from_ms(milliseconds: int | None) -> datetime | None:
    if milliseconds is None or not 0 <= milliseconds <= _LAST_MS:
        return None
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _count(token: Raw) -> int | None:
    number = number_of(token)
    if number is None or number != number.to_integral_value() or not 0 <= number <= _MOST_DECIMALS:
        return None
    return int(number)
