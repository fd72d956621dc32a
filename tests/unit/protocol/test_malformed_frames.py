"""Every kind of malformation has its own plain answer; no bytes do anything else (S10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.protocol import samples
from valr_connector.errors import DecodeError
from valr_connector.protocol import frames
from valr_connector.protocol.frames import (
    KeepAliveFrame,
    UnknownFrame,
    decode_account_frame,
    decode_trade_frame,
)

Decode = Callable[[bytes], object]
BOTH: list[Decode] = [decode_account_frame, decode_trade_frame]
SAMPLES = [(decode_account_frame, sample) for sample in samples.ACCOUNT] + [
    (decode_trade_frame, sample) for sample in samples.TRADE
]


def _status(**changed: Any) -> bytes:
    return orjson.dumps(samples.of("ORDER_STATUS_UPDATE", data={**samples.STATUS_ROW, **changed}))


def _open(*rows: Any) -> bytes:
    return orjson.dumps(samples.of("OPEN_ORDERS_UPDATE", data=list(rows)))


ACCOUNT_TABLE: dict[str, tuple[bytes, str]] = {
    "not JSON": (
        b"PONG",
        "?: frame: JSON is malformed: invalid character (byte 0): PONG",
    ),
    "truncated": (
        b'{"type":"PONG"',
        '?: frame: Input data was truncated: {"type":"PONG"',
    ),
    "trailing bytes": (
        b'{"type":"PONG"}x',
        '?: frame: JSON is malformed: trailing characters (byte 16): {"type":"PONG"}x',
    ),
    "byte order mark": (
        b'\xef\xbb\xbf{"type":"PONG"}',
        '?: frame: JSON is malformed: invalid character (byte 0): \\ufeff{"type":"PONG"}',
    ),
    "an array": (b"[1, 2]", "?: frame: Expected `object`, got `array`: [1,2]"),
    "a number": (b"7", "?: frame: Expected `object`, got `int`: 7"),
    "null": (b"null", "?: frame: Expected `object`, got `null`: null"),
    "a string": (b'"hello"', "?: frame: Expected `object`, got `str`: hello"),
    "no type": (b'{"data":1}', '?: type: required field is missing: {"data":1}'),
    "type is null": (b'{"type":null}', "?: type: Expected `str`: null"),
    "type is a number": (b'{"type":7}', "?: type: Expected `str`: 7"),
    "two types": (
        b'{"type":"AUTHENTICATED","type":"PONG"}',
        "PONG: type: not one of the expected words: PONG",
    ),
    "NaN token": (
        b'{"type":"ORDER_STATUS_UPDATE","data":NaN}',
        '?: frame: JSON is malformed: invalid character (byte 37): {"type":"ORDER_STATUS_UPDATE","data":NaN}',
    ),
    "not UTF-8": (
        b'{"type":"ORDER_PROCESSED","data":{"orderId":"\xff"}}',
        'ORDER_PROCESSED: frame: not UTF-8: {"type":"ORDER_PROCESSED","data":{"orderId":"\\xff"}}',
    ),
    "lone surrogate": (
        b'{"type":"ORDER_PROCESSED","data":{"orderId":"\\udc00"}}',
        (
            "?: frame: JSON is malformed: invalid utf-16 surrogate pair (byte 51): "
            '{"type":"ORDER_PROCESSED","data":{"orderId":"\\udc00"}}'
        ),
    ),
    "nested too deeply": (
        b'{"type":"PONG","message":' + b"[" * 100_000,
        '?: frame: nested too deeply: {"type":"PONG","message":' + "[" * 52 + "...",
    ),
    "missing field": (
        b'{"type":"ORDER_PROCESSED","data":{"success":true}}',
        'ORDER_PROCESSED: data.orderId: required field is missing: {"success":true}',
    ),
    "missing data": (
        b'{"type":"ORDER_PROCESSED"}',
        'ORDER_PROCESSED: data: required field is missing: {"type":"ORDER_PROCESSED"}',
    ),
    "data is null": (
        b'{"type":"ORDER_PROCESSED","data":null}',
        "ORDER_PROCESSED: data: Expected `object`, got `null`: null",
    ),
    "wrong type of a field": (
        b'{"type":"ORDER_PROCESSED","data":{"orderId":7,"success":true}}',
        "ORDER_PROCESSED: data.orderId: Expected `str`, got `int`: 7",
    ),
    "boolean as another word": (
        b'{"type":"ORDER_PROCESSED","data":{"orderId":"a","success":"yes"}}',
        "ORDER_PROCESSED: data.success: not one of the expected words: yes",
    ),
    "a side that is none": (
        _status(orderSide="both"),
        "ORDER_STATUS_UPDATE: data.orderSide: not one of the expected words: both",
    ),
    "a number with a comma": (
        _status(remainingQuantity="114,953"),
        "ORDER_STATUS_UPDATE: data.remainingQuantity: not a plain decimal number: 114,953",
    ),
    "a number that is empty": (
        _status(originalQuantity=""),
        "ORDER_STATUS_UPDATE: data.originalQuantity: not a plain decimal number: ",
    ),
    "a number with a line break": (
        _status(remainingQuantity="1\n"),
        "ORDER_STATUS_UPDATE: data.remainingQuantity: not a plain decimal number: 1\\n",
    ),
    "a number that is missing": (
        _status(remainingQuantity=None),
        "ORDER_STATUS_UPDATE: data.remainingQuantity: Expected `str`, got `null`: null",
    ),
    "a number that is a JSON number": (
        _status(originalPrice=1.5),
        "ORDER_STATUS_UPDATE: data.originalPrice: Expected `str | null`, got `float`: 1.5",
    ),
    "a quantity below zero": (
        _status(remainingQuantity="-0.5"),
        "ORDER_STATUS_UPDATE: data.remainingQuantity: must not be negative: -0.5",
    ),
    "a price below zero": (
        _status(originalPrice="-1e3"),
        "ORDER_STATUS_UPDATE: data.originalPrice: must not be negative: -1e3",
    ),
    "an open order of less than nothing": (
        (
            b'{"type":"OPEN_ORDERS_UPDATE","data":[{"orderId":"a","side":"buy","quantity":"-1",'
            b'"originalQuantity":"1","price":"5","currencyPair":"BTCZAR"}]}'
        ),
        "OPEN_ORDERS_UPDATE: data[0].quantity: must not be negative: -1",
    ),
    "a fill of less than nothing": (
        (
            b'{"type":"NEW_ACCOUNT_TRADE","data":{"price":"5","quantity":"-1","currencyPair":"BTCZAR",'
            b'"tradedAt":"2026-01-01T00:00:00Z","side":"buy"}}'
        ),
        "NEW_ACCOUNT_TRADE: data.quantity: must not be negative: -1",
    ),
    "a rare number": (
        _status(stopPrice="NaN"),
        "ORDER_STATUS_UPDATE: data.stopPrice: not a plain decimal number: NaN",
    ),
    "a very long number": (
        _status(executedPrice="1" * 200),
        f"ORDER_STATUS_UPDATE: data.executedPrice: not a plain decimal number: {'1' * 77}...",
    ),
    "a time that is none": (
        _status(orderUpdatedAt="yesterday"),
        "ORDER_STATUS_UPDATE: data.orderUpdatedAt: not a time: yesterday",
    ),
    "a time without a zone": (
        _status(orderUpdatedAt="2026-03-08T15:55:18.385"),
        "ORDER_STATUS_UPDATE: data.orderUpdatedAt: a time without a zone: 2026-03-08T15:55:18.385",
    ),
    "a pair that is a number": (
        _status(currencyPair=7),
        "ORDER_STATUS_UPDATE: data.currencyPair: Expected `str | object`, got `int`: 7",
    ),
    "a pair without a symbol": (
        _status(currencyPair={"id": 7}),
        'ORDER_STATUS_UPDATE: data.currencyPair.symbol: required field is missing: {"id":7}',
    ),
    "a bad row in a list": (
        _open(samples.OPEN_ROW, samples.without(samples.OPEN_ROW, price="1_000")),
        "OPEN_ORDERS_UPDATE: data[1].price: not a plain decimal number: 1_000",
    ),
    "an open order without a quantity": (
        _open(samples.without(samples.OPEN_ROW, "quantity")),
        "OPEN_ORDERS_UPDATE: data[0].quantity: not a plain decimal number: ",
    ),
    "a number in a nested object": (
        orjson.dumps(
            samples.of(
                "NEW_ACCOUNT_HISTORY_RECORD",
                data={**samples.TRANSACTION_ROW, "additionalInfo": {"costPerCoin": "1_000"}},
            )
        ),
        'NEW_ACCOUNT_HISTORY_RECORD: data.additionalInfo.costPerCoin: not a plain decimal number: "1_000"',
    ),
    "a wallet without a currency": (
        b'{"type":"BALANCE_UPDATE","data":{"currency":{},"available":"1","reserved":"1","total":"2"}}',
        'BALANCE_UPDATE: data: names no currency: {"currency":{},"available":"1","reserved":"1","total":"2"}',
    ),
    "a value that cannot be shown": (
        b'{"type":"SUBSCRIBED","message":[1e999]}',
        'SUBSCRIBED: message: Expected `str | null`, got `array`: {"type":"SUBSCRIBED","message":[1e999]}',
    ),
    "text that would break a log line": (
        _status(orderSide="buy\u2028\x1b[31m"),
        "ORDER_STATUS_UPDATE: data.orderSide: not one of the expected words: buy\\u2028\\x1b[31m",
    ),
}

TRADE_TABLE: dict[str, tuple[bytes, str]] = {
    "a level with a comma in its price": (
        b'{"type":"OB_L1_DIFF","ps":"X","d":{"a":[["1","1"],["1,5","1"]],"b":[],"sq":1,"cs":1}}',
        "OB_L1_DIFF: d.a[1].price: not a plain decimal number: 1,5",
    ),
    "a level with an empty quantity": (
        b'{"type":"OB_L1_DIFF","ps":"X","d":{"a":[],"b":[["1",""]],"sq":1,"cs":1}}',
        "OB_L1_DIFF: d.b[0].quantity: not a plain decimal number: ",
    ),
    "a level of three": (
        b'{"type":"OB_L1_DIFF","ps":"X","d":{"a":[["1","1","1"]],"b":[],"sq":1,"cs":1}}',
        'OB_L1_DIFF: d.a[0]: Expected `array` of length 2: ["1","1","1"]',
    ),
    "a sequence that is a fraction": (
        b'{"type":"OB_L1_DIFF","ps":"X","d":{"a":[],"b":[],"sq":1.5,"cs":1}}',
        "OB_L1_DIFF: d.sq: Expected `int`, got `float`: 1.5",
    ),
    "a sequence of five thousand digits": (
        b'{"type":"OB_L1_DIFF","ps":"X","d":{"a":[],"b":[],"sq":' + b"1" * 5000 + b',"cs":1}}',
        (
            "OB_L1_DIFF: d.sq: Integer value out of range: "
            '{"type":"OB_L1_DIFF","ps":"X","d":{"a":[],"b":[],"sq":11111111111111111111111...'
        ),
    ),
    "an order with a comma in its quantity": (
        (
            b'{"type":"FULL_ORDERBOOK_UPDATE","currencyPairSymbol":"X","data":{"Asks":[],"Bids":['
            b'{"Price":"1","Orders":[]},{"Price":"2","Orders":[{"orderId":"a","quantity":"1"},'
            b'{"orderId":"b","quantity":"0,1"}]}],"SequenceNumber":1,"Checksum":1}}'
        ),
        "FULL_ORDERBOOK_UPDATE: data.Bids[1].Orders[1].quantity: not a plain decimal number: 0,1",
    ),
    "a price of a full book": (
        (
            b'{"type":"FULL_ORDERBOOK_UPDATE","currencyPairSymbol":"X","data":{"Asks":[{"Price":"NaN",'
            b'"Orders":[]}],"Bids":[],"SequenceNumber":1,"Checksum":1}}'
        ),
        "FULL_ORDERBOOK_UPDATE: data.Asks[0].Price: not a plain decimal number: NaN",
    ),
    "an aggregated book without a side": (
        b'{"type":"AGGREGATED_ORDERBOOK_UPDATE","currencyPairSymbol":"X","data":{"Asks":[]}}',
        'AGGREGATED_ORDERBOOK_UPDATE: data: lacks a side: {"Asks":[]}',
    ),
    "a price of an aggregated book": (
        (
            b'{"type":"AGGREGATED_ORDERBOOK_UPDATE","currencyPairSymbol":"X","data":{"Asks":[],'
            b'"Bids":[{"price":"1 000","quantity":"1"}]}}'
        ),
        "AGGREGATED_ORDERBOOK_UPDATE: data.Bids[0].price: not a plain decimal number: 1 000",
    ),
    "no pair": (
        b'{"type":"NEW_TRADE"}',
        'NEW_TRADE: currencyPairSymbol: required field is missing: {"type":"NEW_TRADE"}',
    ),
}


@pytest.mark.parametrize("name", ACCOUNT_TABLE)
def test_a_malformed_account_frame_says_what_is_wrong_and_where(name: str) -> None:
    raw, message = ACCOUNT_TABLE[name]
    with pytest.raises(DecodeError) as caught:
        decode_account_frame(raw)
    assert caught.value.message == message


@pytest.mark.parametrize("name", TRADE_TABLE)
def test_a_malformed_trade_frame_says_what_is_wrong_and_where(name: str) -> None:
    raw, message = TRADE_TABLE[name]
    with pytest.raises(DecodeError) as caught:
        decode_trade_frame(raw)
    assert caught.value.message == message


def test_a_decode_error_has_its_parts() -> None:
    with pytest.raises(DecodeError) as caught:
        decode_account_frame(_status(remainingQuantity="114,953"))
    error = caught.value
    assert (error.kind, error.field, error.value) == (
        "ORDER_STATUS_UPDATE",
        "data.remainingQuantity",
        "114,953",
    )
    assert error.problem == "not a plain decimal number"


# --- life signs and strangers


@pytest.mark.parametrize("decode", BOTH)
@pytest.mark.parametrize("raw", [b"", b'""', b" \n", b' "" '])
def test_an_empty_frame_is_a_sign_of_life(decode: Decode, raw: bytes) -> None:
    assert decode(raw) == KeepAliveFrame()


@pytest.mark.parametrize("decode", BOTH)
@pytest.mark.parametrize(
    ("raw", "type_", "msg_id"),
    [
        (b'{"type":"BATCH_ORDERS_WS_RESPONSE","clientMsgId":"c-22"}', "BATCH_ORDERS_WS_RESPONSE", "c-22"),
        (b'{"type":"SOMETHING_NEW","data":{"price":"NaN"}}', "SOMETHING_NEW", None),
        (b'{"data":[],"clientMsgId":7,"type":""}', "", None),
        (b'{"type":"SOMETHING_NEW","data":1e999}', "SOMETHING_NEW", None),
    ],
)
def test_a_type_nobody_knows_is_kept_as_it_came(
    decode: Decode, raw: bytes, type_: str, msg_id: str | None
) -> None:
    assert decode(raw) == UnknownFrame(type_, raw, msg_id)


def test_every_type_of_the_protocol_is_known() -> None:
    for decode, sample in SAMPLES:
        assert not isinstance(decode(orjson.dumps(sample)), UnknownFrame | KeepAliveFrame), sample["type"]


def test_there_is_a_sample_of_every_type_that_is_known() -> None:
    assert {sample["type"] for sample in samples.ACCOUNT} == frames._ACCOUNT_TYPES
    assert {sample["type"] for sample in samples.TRADE} == frames._TRADE_TYPES


def test_unknown_fields_change_nothing() -> None:
    frame = {**samples.of("ORDER_PROCESSED"), "new": [{"deep": None}]}
    frame["data"] = {**frame["data"], "newer": {"x": 1.5}}
    assert decode_account_frame(orjson.dumps(frame)) == decode_account_frame(
        orjson.dumps(samples.of("ORDER_PROCESSED"))
    )


# --- numbers

_NO_NUMBERS = ("customerOrderId", "filledPercentage", "message")


def _numbers(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every number in text."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in _NO_NUMBERS:
                yield from _numbers(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _numbers(inner, (*path, index))
    elif isinstance(value, str) and value.lstrip("-").replace(".", "", 1).isdigit():
        yield path


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _replaced(value[path[0]], path[1:], new)
    return copy


NUMBERS = [(decode, sample, path) for decode, sample in SAMPLES for path in _numbers(sample)]


@pytest.mark.parametrize(
    "bad", ["114,953", " 1", "1_000", "NaN", "Infinity", "+1", ".5", "1.", "1\n", "1e999"]
)
def test_no_number_of_any_frame_may_be_misspelt(bad: str) -> None:
    assert len(NUMBERS) > 100
    for decode, sample, path in NUMBERS:
        with pytest.raises(DecodeError) as caught:
            decode(orjson.dumps(_replaced(sample, path, bad)))
        assert caught.value.kind == sample["type"]
        assert caught.value.problem == "not a plain decimal number"


# --- any bytes at all

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def mutated_frames(draw: st.DrawFn) -> tuple[Decode, bytes]:
    decode, sample = draw(st.sampled_from(SAMPLES))
    frame: Any = sample
    for _ in range(draw(st.integers(0, 3))):
        paths = list(_paths(frame))
        frame = _replaced(frame, draw(st.sampled_from(paths)), draw(json_values))
    try:
        raw = bytearray(orjson.dumps(frame))
    except TypeError:  # an integer beyond 64 bits
        raw = bytearray(orjson.dumps(sample))
    for _ in range(draw(st.integers(0, 3))):
        raw[draw(st.integers(0, len(raw) - 1))] = draw(st.integers(0, 255))
    return decode, bytes(raw[: draw(st.integers(0, len(raw)) | st.just(len(raw)))])


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield from _paths(value[key], (*path, key))


def _outcome(decode: Decode, raw: bytes) -> object:
    try:
        return decode(raw)
    except DecodeError as error:
        str(error).encode()
        return error


@pytest.mark.parametrize(("decode", "sample"), SAMPLES)
def test_a_frame_with_a_garbled_byte_anywhere_is_refused(decode: Decode, sample: dict[str, Any]) -> None:
    raw = orjson.dumps(sample)
    for at in range(1, len(raw), 7):
        with pytest.raises(DecodeError):
            decode(raw[:at] + bytes([raw[at] | 0x80]) + raw[at + 1 :])


def test_a_reply_whose_names_are_garbled_refuses_no_placement() -> None:
    garbled = b'{"type":"PLACE_LIMIT_WS_RESPONSE","clientMsgId":"c-1","d\xe1ta":{"orderId":"o-1"}}'
    with pytest.raises(DecodeError, match="PLACE_LIMIT_WS_RESPONSE"):
        decode_account_frame(garbled)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_give_a_frame_or_a_decode_error(raw: bytes) -> None:
    for decode in BOTH:
        assert _outcome(decode, raw) is not None


@settings(deadline=None)
@given(mutated_frames())
def test_damaged_frames_give_a_frame_or_a_decode_error(damaged: tuple[Decode, bytes]) -> None:
    assert _outcome(*damaged) is not None


@settings(deadline=None)
@given(json_values)
def test_any_json_gives_a_frame_or_a_decode_error(value: Any) -> None:
    try:
        raw = orjson.dumps(value)
    except TypeError:  # an integer beyond 64 bits
        raw = str(value).encode()
    for decode in BOTH:
        assert _outcome(decode, raw) is not None


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"type":"PONG","message":[', b'{"type":"X","data":['])
@pytest.mark.parametrize("depth", [500, 10_000, 1_000_000])
def test_no_nesting_is_too_deep(opening: bytes, depth: int) -> None:
    for decode in BOTH:
        assert _outcome(decode, opening * depth) is not None
