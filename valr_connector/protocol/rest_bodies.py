"""What REST answers, where it is not what the account socket says too (protocol 7, 9, 10)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import Raw, Struct, field

from valr_connector.model.account import ApiKeyInfo
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId
from valr_connector.protocol.codec import (
    OptionalDecimalText,
    UtcTime,
    check_number_tokens,
    number_of,
    optional_decimal,
    wire_name,
)
from valr_connector.protocol.reply_frames import NO_REASON, ReplyError, read_error
from valr_connector.protocol.spellings import Flag, is_true


class ServerTime(Struct, frozen=True, gc=False):
    """VALR's clock (protocol 7.1). epochTime is in whole seconds, so only `time` tells the skew."""

    time: UtcTime


class ExchangeStatus(Struct, frozen=True, gc=False):
    """Whether VALR takes orders (protocol 3.5)."""

    status: str

    @property
    def is_online(self) -> bool:
        """False in read-only mode, and for a word nobody knows."""
        return self.status.casefold() == "online"


class PairRow(Struct, rename=wire_name, frozen=True, gc=False):
    """One pair and its rules as published; old rows lack some (protocol 7.4)."""

    symbol: str
    base_currency: str
    quote_currency: str
    active: Flag = True
    min_base_amount_text: OptionalDecimalText = None
    max_base_amount_text: OptionalDecimalText = None
    min_quote_amount_text: OptionalDecimalText = None
    max_quote_amount_text: OptionalDecimalText = None
    tick_size_text: OptionalDecimalText = None
    base_decimal_places: Raw = Raw()
    margin_trading_allowed: Flag = False
    currency_pair_type: str = "SPOT"

    def __post_init__(self) -> None:
        check_number_tokens(self)

    @property
    def base_places(self) -> int | None:
        """Number of decimals of the base quantity: a count, not a step (protocol 6)."""
        count = number_of(self.base_decimal_places)
        return None if count is None or count != count.to_integral_value() else int(count)


class OrderTypesRow(Struct, rename=wire_name, frozen=True, gc=False):
    """Which order types one pair takes; words as in protocol 7.5."""

    currency_pair: str
    order_types: list[str]


class ApiKeyRow(Struct, rename=wire_name, frozen=True, gc=False):
    """The key in use (protocol 9.1)."""

    label: str
    permissions: list[str]
    is_sub_account: Flag | None = None

    def to_info(self) -> ApiKeyInfo:
        """The same in the vocabulary of the model."""
        return ApiKeyInfo(self.label, frozenset(self.permissions), is_true(self.is_sub_account or False))


class FeeRow(Struct, rename=wire_name, frozen=True, gc=False):
    """The fees of one pair in percent points: "0.08" is 0.08 % (protocol 9.6)."""

    currency_pair: str
    maker_percentage_text: OptionalDecimalText = None
    taker_percentage_text: OptionalDecimalText = None
    simple_percentage_text: OptionalDecimalText = None

    @property
    def maker_percent(self) -> Decimal | None:
        """Percent of the trade; negative is a reward, None where the pair has no maker."""
        return optional_decimal(self.maker_percentage_text)

    @property
    def taker_percent(self) -> Decimal | None:
        """Percent of the trade; None where the pair has no taker."""
        return optional_decimal(self.taker_percentage_text)

    @property
    def simple_percent(self) -> Decimal | None:
        """Percent of a simple order; None where the pair takes none."""
        return optional_decimal(self.simple_percentage_text)


class Placed(Struct, rename=wire_name, frozen=True, gc=False):
    """The order stands, or was executed: v2 is synchronous (protocol 10.2)."""

    order_id: ExchangeOrderId = field(name="id")
    customer_order_id: ClientOrderId | None = None


class Modified(Struct, frozen=True, gc=False):
    """The modify was done. The id is that of the request, not the order's (protocol 10.5)."""

    request_id: str = field(name="id")


class Cancelled(Struct, frozen=True, gc=False):
    """The order is cancelled; the id is the one that was sent (protocol 10.6)."""

    sent_id: str = field(name="id")


class CancelledRow(Struct, rename=wire_name, frozen=True, gc=False):
    """One order that cancel-all named. Confirm it: the answer may be early (protocol 10.7)."""

    order_id: ExchangeOrderId


class BatchOutcome(Struct, rename=wire_name, frozen=True, gc=False):
    """One request of a batch, in the order of the requests (protocol 10.8)."""

    accepted: Flag
    order_id: ExchangeOrderId | None = None
    customer_order_id: ClientOrderId | None = None
    request_type: str | None = None
    refusal: Any = field(name="error", default=None)

    @property
    def error(self) -> ReplyError | None:
        """Why it was refused; None where it was accepted, which is not yet done."""
        return None if is_true(self.accepted) else read_error(self.refusal) or NO_REASON


class BatchOutcomes(Struct, frozen=True, gc=False):
    """What became of a batch."""

    outcomes: list[BatchOutcome]
