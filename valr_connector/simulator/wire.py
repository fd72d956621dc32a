"""How VALR writes numbers, times and currencies (protocol 5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import orjson

_NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WHOLE_NUMBER = re.compile(r"\d{1,18}", re.ASCII)

JsonObject = dict[str, object]


def decimal_text(value: Decimal) -> str:
    """Plain notation without an exponent and without trailing zeros."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def time_text(ns: int) -> str:
    """ISO-8601 in UTC with milliseconds and Z, cut and not rounded."""
    seconds, rest = divmod(ns, _NS_PER_S)
    return f"{_second_text(seconds)}.{rest // _NS_PER_MS:03d}Z"


def whole_second_text(seconds: int) -> str:
    """Like `time_text`, for a time without a fraction."""
    return f"{_second_text(seconds)}Z"


def precise_time_text(ns: int) -> str:
    """Like `time_text`, with nanoseconds, as /v1/public/time has it."""
    seconds, rest = divmod(ns, _NS_PER_S)
    return f"{_second_text(seconds)}.{rest:09d}Z"


def zoneless_time_text(ns: int) -> str:
    """Like `precise_time_text`, without the zone that VALR leaves out for simple orders (protocol 5)."""
    return precise_time_text(ns).removesuffix("Z")


def whole_number(text: str) -> int | None:
    """A number of up to 18 digits and nothing else; None for any other text."""
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else None


def milliseconds_of(ns: int) -> int:
    """Nanoseconds since 1970 as whole milliseconds."""
    return ns // _NS_PER_MS


def nanoseconds_of(text: str) -> int:
    """An ISO-8601 time as nanoseconds since 1970; without a zone it is UTC.

    Raises:
        ValueError: it is not such a time.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


@lru_cache(maxsize=1024)
def _second_text(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")


@dataclass(frozen=True, slots=True)
class Currency:
    """What /v1/public/currencies tells of one currency."""

    code: str
    symbol: str
    name: str
    decimals: int
    weight: str


_KNOWN: Mapping[str, Currency] = {
    each.code: each
    for each in (
        Currency("ZAR", "R", "Rand", 2, "1"),
        Currency("BTC", "BTC", "Bitcoin", 8, "0.95"),
        Currency("ETH", "ETH", "Ethereum", 8, "0.95"),
        Currency("USDC", "USDC", "USD Coin", 8, "1"),
        Currency("USDT", "USDT", "Tether", 8, "1"),
    )
}


def currency_of(code: str) -> Currency:
    """The currency of that code; an unlisted one has 8 decimals and is named after its code."""
    return _KNOWN.get(code) or Currency(code, code, code, 8, "0")


def currency_object(code: str) -> JsonObject:
    """A currency as the account socket writes it (protocol 15.2)."""
    currency = currency_of(code)
    return {
        "symbol": currency.symbol,
        "decimalPlaces": currency.decimals,
        "isActive": True,
        "shortName": currency.code,
        "longName": currency.name,
        "supportedWithdrawDecimalPlaces": currency.decimals,
        "collateral": currency.weight != "0",
        "collateralWeight": currency.weight,
    }


class OutboundFrame(NamedTuple):
    """One frame to send, as an object and as bytes."""

    type: str
    content: Mapping[str, object]
    data: bytes


def frame(frame_type: str, **fields: object) -> OutboundFrame:
    """A frame with `type` first."""
    content = {"type": frame_type, **fields}
    return OutboundFrame(frame_type, content, orjson.dumps(content))


def error_body(code: int, message: str, **extra: object) -> JsonObject:
    """VALR's error object (protocol 3.2)."""
    return {"code": code, "message": message, **extra}
