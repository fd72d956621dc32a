from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valr_connector.errors import DecodeError, InvalidArgumentError
from valr_connector.protocol.codec import (
    DecimalText,
    OptionalDecimalText,
    UtcTime,
    WireNumberError,
    are_decimals,
    as_utc,
    check_number_tokens,
    encode_json,
    format_decimal,
    format_time,
    is_decimal,
    number_of,
    optional_decimal,
    parse_decimal,
    parse_time,
    wire_name,
)

NUMBERS = ["0", "1", "-1", "0.00000001", "950000", "0.01000000", "6.00E-7", "1e5", "1E+5", "-0.5", "007"]
NOT_NUMBERS = [
    "", " ", "114,953", "0,00102078", " 1", "1 ", "1\n", "\n1", "1_000", "NaN", "nan", "-NaN", "sNaN",
    "Infinity", "-Infinity", "inf", "+1", ".5", "1.", "-", "--1", "1.2.3", "1e", "1e999", "1e+", "e5",
    "0x10", "1/2", "\u0661", "\uff11", "\u00bd", "1\x00", "1" * 41, "0." + "1" * 41, "None", "null",
    "true", "1-", "1,2", "1;2", "\u22121",
]  # fmt: skip

decimals = st.decimals(
    min_value=Decimal(0), max_value=Decimal(10) ** 20, places=8, allow_nan=False, allow_infinity=False
)


class _Numbers(msgspec.Struct, rename=wire_name):
    cost_per_coin: msgspec.Raw
    amount: msgspec.Raw = msgspec.Raw()
    label: str = ""

    def __post_init__(self) -> None:
        check_number_tokens(self)


@pytest.mark.parametrize("text", NUMBERS)
def test_a_plain_number_has_its_exact_value(text: str) -> None:
    assert is_decimal(text)
    assert parse_decimal(text) == Decimal(text)
    assert str(parse_decimal(text)) == str(Decimal(text))


def taken(read: Callable[[str], object], refusal: type[Exception], rule: str = "") -> list[str]:
    """What of all that is no number is not refused with these words."""
    found = []
    for text in NOT_NUMBERS:
        try:
            read(text)
        except refusal as refused:
            if rule in str(refused):
                continue
        found.append(text)
    return found


def test_text_that_is_no_plain_number_is_refused_loudly() -> None:
    assert [text for text in NOT_NUMBERS if is_decimal(text)] == []
    assert taken(parse_decimal, DecodeError, "not a plain decimal number") == []


@pytest.mark.parametrize("text", NUMBERS)
def test_the_decoder_takes_the_same_numbers_as_the_codec(text: str) -> None:
    assert msgspec.json.decode(orjson.dumps(text), type=DecimalText) == text
    assert msgspec.json.decode(orjson.dumps(text), type=OptionalDecimalText) == text


def test_the_decoder_refuses_the_same_text_as_the_codec() -> None:
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(DecimalText)
    assert taken(lambda text: decoder.decode(orjson.dumps(text)), msgspec.ValidationError) == []


def test_a_number_that_may_be_missing_may_be_null_or_empty() -> None:
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(OptionalDecimalText)
    assert decoder.decode(b"null") is None
    assert decoder.decode(b'""') == ""
    assert optional_decimal(None) is None
    assert optional_decimal("") is None
    assert optional_decimal("1.50") == Decimal("1.50")


def test_a_number_that_may_be_missing_is_no_looser_otherwise() -> None:
    decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(OptionalDecimalText)
    assert taken(lambda text: decoder.decode(orjson.dumps(text)), msgspec.ValidationError) == [""]


def test_numbers_are_checked_together() -> None:
    assert are_decimals("1,2.5,-3,6.00E-7,", 4)
    assert are_decimals("", 0)


def test_one_bad_number_among_good_ones_is_seen() -> None:
    assert [bad for bad in NOT_NUMBERS if are_decimals(f"1,{bad},3,", 3)] == []


def test_a_comma_inside_a_number_cannot_pass_for_two_numbers() -> None:
    assert not are_decimals("114,953,", 1)
    assert not are_decimals("114,953,,", 2)


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from(NUMBERS + NOT_NUMBERS), st.text(max_size=5)), max_size=6))
def test_checking_together_is_checking_each(texts: list[str]) -> None:
    assert are_decimals("".join(f"{text}," for text in texts), len(texts)) is all(map(is_decimal, texts))


@settings(deadline=None)
@given(decimals)
def test_a_number_survives_being_sent_and_read(value: Decimal) -> None:
    assert parse_decimal(format_decimal(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1E+3"), "1000"),
        (Decimal("6.00E-7"), "0.000000600"),
        (Decimal("0.10"), "0.10"),
        (Decimal(0), "0"),
        (Decimal("1E-40"), "0." + "0" * 39 + "1"),
    ],
)
def test_numbers_are_sent_in_plain_notation(value: Decimal, text: str) -> None:
    assert format_decimal(value) == text


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (0.1, "must be a Decimal"),
        (1, "must be a Decimal"),
        ("1", "must be a Decimal"),
        (None, "must be a Decimal"),
        (Decimal("NaN"), "must be finite"),
        (Decimal("sNaN"), "must be finite"),
        (Decimal("Infinity"), "must be finite"),
        (Decimal("-0.01"), "must not be negative"),
        (Decimal("-0"), "must not be negative"),
        (Decimal("1E+41"), "must have at most 40 digits"),
        (Decimal("1E+999999"), "must have at most 40 digits"),
        (Decimal("1E-41"), "must have at most 40 digits"),
        (Decimal("1" * 41), "must have at most 40 digits"),
    ],
)
def test_what_is_no_amount_is_not_sent(value: Any, rule: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        format_decimal(value, "price")
    assert (caught.value.field, caught.value.rule) == ("price", rule)


@pytest.mark.parametrize(
    ("token", "value"),
    [
        ("1000000", Decimal(1000000)),
        ("49.89", Decimal("49.89")),
        ('"49.89"', Decimal("49.89")),
        ("1.256e-05", Decimal("0.00001256")),
        ("0.1234567890123456789012345678901234", Decimal("0.1234567890123456789012345678901234")),
        ("-3", Decimal(-3)),
        ("null", None),
        ('""', None),
    ],
)
def test_a_json_number_or_its_text_becomes_the_exact_value(token: str, value: Decimal | None) -> None:
    row = msgspec.json.decode(f'{{"costPerCoin": {token} }}', type=_Numbers)
    assert number_of(row.cost_per_coin) == value
    assert number_of(row.amount) is None


@pytest.mark.parametrize(
    "token", ['"NaN"', '"1_000"', '" 1"', '"114,953"', "true", "{}", "[1]", "1e400", '"']
)
def test_a_token_that_is_no_number_is_refused(token: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(f'{{"costPerCoin": {token} }}', type=_Numbers)


def test_a_refused_token_is_named_as_valr_names_it() -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(b'{"costPerCoin": 1, "amount": "1_000"}', type=_Numbers)
    assert isinstance(caught.value.__cause__, WireNumberError)
    assert (caught.value.__cause__.field, caught.value.__cause__.value) == ("amount", '"1_000"')


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("2019-04-25T19:41:00Z", 0),
        ("2019-04-25T19:41:00.2Z", 200000),
        ("2019-04-25T19:41:00.25Z", 250000),
        ("2019-04-25T19:41:00.258Z", 258000),
        ("2019-04-25T19:41:00.2581Z", 258100),
        ("2019-04-25T19:41:00.25812Z", 258120),
        ("2019-04-25T19:41:00.604113Z", 604113),
        ("2019-04-25T19:41:00.6041131Z", 604113),
        ("2019-04-25T19:41:00.60411312Z", 604113),
        ("2019-04-25T19:41:00.604113123Z", 604113),
    ],
)
def test_times_have_up_to_nine_fraction_digits(text: str, microseconds: int) -> None:
    expected = datetime(2019, 4, 25, 19, 41, 0, microseconds, UTC)
    assert parse_time(text) == expected
    assert msgspec.json.decode(orjson.dumps(text), type=UtcTime) == expected


def test_a_time_without_a_zone_means_utc_where_it_may_lack_one() -> None:
    assert parse_time("2026-03-15T12:11:06.166928965") == datetime(2026, 3, 15, 12, 11, 6, 166929, UTC)
    aware = datetime(2026, 3, 15, tzinfo=timezone(timedelta(hours=2)))
    assert as_utc(aware) is aware


def test_a_time_without_a_zone_is_refused_elsewhere() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'"2026-03-15T12:11:06"', type=Annotated[datetime, msgspec.Meta(tz=True)])


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30T00:00:00Z", "1750165361", "2026-03-15"])
def test_text_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(DecodeError, match="time"):
        parse_time(text)


def test_times_are_sent_in_utc_with_milliseconds() -> None:
    time = datetime(2026, 3, 15, 14, 0, 0, 123999, timezone(timedelta(hours=2)))
    assert format_time(time) == "2026-03-15T12:00:00.123Z"


def test_a_time_without_a_zone_is_not_sent() -> None:
    with pytest.raises(InvalidArgumentError, match="must have a time zone"):
        format_time(datetime(2026, 3, 15), "startTime")  # noqa: DTZ001  # the point of the test


@pytest.mark.parametrize(
    ("attribute", "name"),
    [("order_id", "orderId"), ("price_text", "price"), ("id", "id"), ("maker_reward_text", "makerReward")],
)
def test_attributes_are_named_as_on_the_wire(attribute: str, name: str) -> None:
    assert wire_name(attribute) == name


def test_what_is_sent_is_compact_json() -> None:
    assert (
        encode_json({"type": "PING", "n": [True, "\u00e9"]}) == '{"type":"PING","n":[true,"\u00e9"]}'.encode()
    )
