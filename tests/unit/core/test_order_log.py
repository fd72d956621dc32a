"""What is remembered of orders: each record a line that shows any damage, all of them together the orders."""

from __future__ import annotations

import re
import string
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tests.unit.core.builders import (
    CLIENT_ID,
    EXCHANGE_ID,
    FEE,
    NOW,
    at,
    fill,
    new_order,
    order_in,
    said,
    step,
    tell,
    view,
)
from tests.unit.core.stories import full_hearings, hearings, stories
from valr_connector.core import lifecycle, order_log
from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.core.guards import SECOND
from valr_connector.core.order_log import (
    MOST_INCOMPLETE,
    fills_wanted_since,
    fold,
    records,
    resume,
    worth_keeping,
)
from valr_connector.core.order_log_records import Filled, Known, Placing, Record, decode, encode
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import (
    Liquidity,
    OrderStatus,
    OrderType,
    Placement,
    RetryPolicy,
    Side,
    TimeInForce,
)
from valr_connector.model.events import FillAmended, OrderFilled
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Pair, Symbol, TradeId
from valr_connector.model.order import Fee

D = Decimal
PLACED_AT = 1_767_225_600_000_000_000
"""The second at which VALR's stories begin, nanoseconds since 1970."""

PLACING = Placing(
    order=CLIENT_ID,
    at=PLACED_AT,
    pair=Pair("BTC-ZAR"),
    symbol=Symbol("BTCZAR"),
    side=Side.BUY,
    order_type=OrderType.LIMIT,
    price=D(1_000_000),
    amount=D(1),
)
OPEN = Known(order=CLIENT_ID, exchange_order_id=EXCHANGE_ID, status=OrderStatus.OPEN, was_created=True)
FILLED = Filled(order=CLIENT_ID, trade=TradeId("t-1"), price=D(999_999), amount=D("0.4"), fee=FEE, at=at(2))

DAMAGE = re.compile("no record|version|checksum")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
AMOUNTS = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=D("-1e12"), max_value=D("1e12"), places=10
)
TIMES = st.datetimes(timezones=st.just(UTC))
IDS = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=50).map(ClientOrderId)
RECORDS: st.SearchStrategy[Record] = st.one_of(
    st.builds(
        Placing,
        order=IDS,
        at=st.integers(0, 2**63 - 1),
        pair=TEXTS.map(Pair),
        symbol=TEXTS.map(Symbol),
        side=st.sampled_from(Side),
        order_type=st.sampled_from(OrderType),
        time_in_force=st.sampled_from(TimeInForce),
        post_only=st.booleans(),
        price=st.none() | AMOUNTS,
        amount=st.none() | AMOUNTS,
        quote_amount=st.none() | AMOUNTS,
        stop_price=st.none() | AMOUNTS,
    ),
    st.builds(
        Known,
        order=IDS,
        exchange_order_id=st.none() | TEXTS.map(ExchangeOrderId),
        status=st.sampled_from(OrderStatus),
        price=st.none() | AMOUNTS,
        amount=st.none() | AMOUNTS,
        reported_executed=AMOUNTS,
        was_created=st.booleans(),
        was_modified=st.booleans(),
        terms_at=st.none() | TIMES,
        failure_reason=TEXTS,
        updated_at=st.none() | TIMES,
        ended_at=st.none() | TIMES,
        ending_in_doubt=st.booleans(),
    ),
    st.builds(
        Filled,
        order=IDS,
        trade=TEXTS.map(TradeId),
        price=AMOUNTS,
        amount=AMOUNTS,
        fee=st.none() | st.builds(Fee, TEXTS, AMOUNTS),
        liquidity=st.sampled_from(Liquidity),
        at=TIMES,
    ),
)


# --- the line ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "checksum", "text"),
    [
        (
            PLACING,
            "134da3c0",
            (
                '{"is":"placing","order":"MM-1","at":1767225600000000000,"pair":"BTC-ZAR","symbol":"BTCZAR",'
                '"side":"BUY","order_type":"LIMIT","price":"1000000","amount":"1"}'
            ),
        ),
        (
            OPEN,
            "03b9eddb",
            '{"is":"known","order":"MM-1","exchange_order_id":"ex-1","status":"OPEN","was_created":true}',
        ),
        (
            FILLED,
            "645e3ded",
            (
                '{"is":"filled","order":"MM-1","trade":"t-1","price":"999999","amount":"0.4",'
                '"fee":{"currency":"BTC","amount":"0.0001"},"at":"2026-01-01T00:00:02Z"}'
            ),
        ),
    ],
    ids=["placing", "known", "filled"],
)
def test_a_record_is_one_line_of_json_with_version_and_checksum(
    record: Record, checksum: str, text: str
) -> None:
    assert encode(record) == f'{{"v":1,"crc":"{checksum}","record":{text}}}\n'.encode()


@given(RECORDS)
def test_what_was_written_is_read_back_to_the_last_digit(record: Record) -> None:
    line = encode(record)
    assert line.count(b"\n") == 1
    assert decode(line) == record
    assert encode(decode(line)) == line


@given(RECORDS, st.data())
def test_no_changed_byte_goes_unnoticed(record: Record, data: st.DataObject) -> None:
    line = bytearray(encode(record))
    line[data.draw(st.integers(0, len(line) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError, match=DAMAGE):
        decode(bytes(line))


@given(RECORDS, st.data())
def test_no_part_of_a_line_is_taken_for_the_whole(record: Record, data: st.DataObject) -> None:
    line = encode(record)
    with pytest.raises(ValueError, match=DAMAGE):
        decode(line[: data.draw(st.integers(0, len(line) - 1))])


@given(st.binary())
def test_any_bytes_are_a_record_or_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError, match=DAMAGE):
        decode(line)


def test_a_line_of_another_version_is_refused_by_naming_both() -> None:
    with pytest.raises(ValueError, match="it is of version 2, this library reads version 1"):
        decode(encode(OPEN).replace(b'"v":1', b'"v":2'))


def test_a_sound_line_with_an_unknown_record_is_refused() -> None:
    record = b'{"is":"musing","order":"MM-1"}'
    line = b'{"v":1,"crc":"%08x","record":%b}\n' % (crc32(record), record)
    with pytest.raises(ValueError, match="a record that nobody knows"):
        decode(line)


# --- orders ----------------------------------------------------------------------------------------------


def only(*log: Record) -> OrderRecord:
    """The one order that the records tell of."""
    (order,) = fold(log).values()
    return order


def test_of_a_placing_alone_nothing_is_known_and_so_it_may_be_live() -> None:
    order = only(PLACING)
    assert (order.status, order.placement) == (OrderStatus.PENDING_CREATE, Placement.UNKNOWN)
    assert not order.is_done
    assert not order.was_created
    assert view(order) | {"placement": Placement.UNSENT} == view(new_order())


def test_every_term_of_an_order_is_remembered() -> None:
    placed = new_order(
        side=Side.SELL, order_type=OrderType.MARKET, time_in_force=TimeInForce.IOC, post_only=True,
        price=None, amount=None, quote_amount=D("12.50"), stop_price=D(7), placed_at=PLACED_AT,
    )  # fmt: skip
    order = only(decode(encode(order_log.placing(placed))))
    names = ["client_order_id", "pair", "symbol", "side", "order_type", "time_in_force", "post_only", "price",
             "amount", "quote_amount", "stop_price", "placed_at"]  # fmt: skip
    assert {name: getattr(order, name) for name in names} == {name: getattr(placed, name) for name in names}


def test_an_order_of_an_earlier_process_is_never_placed_again() -> None:
    order = only(order_log.placing(new_order(retry=RetryPolicy.IF_PROVED_ABSENT)))
    assert order.retry is RetryPolicy.NEVER


def test_nothing_of_an_order_is_forgotten_but_what_is_meant_to_be() -> None:
    remembered = {*Placing.__struct_fields__, *Known.__struct_fields__}
    follows_from_the_rest = {
        "client_order_id",
        "placed_at",
        "placement",
        "fills_by_id",
        "accounted_amount",
        "fees_missing",
    }
    belongs_to_the_process = {
        "created_at",
        "sent_at",
        "epoch",
        "is_by_rest",
        "request_ended_at",
        "last_heard",
        "ended_undated_at",
        "done_at",
        "story_end",
    }
    is_a_request = {
        "cancel_request",
        "cancel_attempts",
        "modify_request",
        "early_outcomes",
        "modify_attempts",
        "modify_verdict",
    }
    is_about_sending_again = {"retry", "times_sent"}
    accounted_for = (
        remembered | follows_from_the_rest | belongs_to_the_process | is_a_request | is_about_sending_again
    )
    assert set(OrderRecord.__struct_fields__) <= accounted_for


def test_the_last_state_counts_and_brings_the_placement_with_it() -> None:
    order = only(PLACING, OPEN)
    assert (order.status, order.placement) == (OrderStatus.OPEN, Placement.CONFIRMED)
    assert order.exchange_order_id == EXCHANGE_ID
    failed = Known(order=CLIENT_ID, status=OrderStatus.FAILED, failure_reason="Insufficient Balance")
    order = only(PLACING, OPEN, failed)
    assert (order.status, order.placement) == (OrderStatus.FAILED, Placement.REFUSED)
    assert order.failure_reason == "Insufficient Balance"


def test_a_fill_counts_once_and_is_amended_by_the_same_trade() -> None:
    without_fee = Filled(order=CLIENT_ID, trade=TradeId("t-1"), price=D(999_999), amount=D("0.4"), at=at(2))
    assert only(PLACING, OPEN, without_fee).fees_missing == 1
    order = only(PLACING, OPEN, without_fee, FILLED, FILLED)
    assert (order.filled_amount, order.fees_missing) == (D("0.4"), 0)
    (counted,) = order.fills
    assert (counted.fee, counted.side, counted.pair) == (FEE, Side.BUY, "BTC-ZAR")


def test_an_order_that_is_placed_anew_under_an_id_is_a_new_order() -> None:
    order = only(PLACING, OPEN, FILLED, PLACING)
    assert order.status is OrderStatus.PENDING_CREATE
    assert not order.fills


def test_a_record_about_an_order_that_was_never_placed_is_refused() -> None:
    for record in (OPEN, FILLED):
        with pytest.raises(ValueError, match="'MM-1', which no record before it placed"):
            fold([record])


def test_orders_that_ended_come_last_as_they_ended() -> None:
    ids = [ClientOrderId(name) for name in ("a", "b", "c")]
    log: list[Record] = [structs.replace(PLACING, order=name) for name in ids]
    log += [Known(order=ids[n], status=OrderStatus.CANCELLED) for n in (1, 0, 1)]
    assert list(fold(log)) == ["c", "b", "a"]


# --- the whole way ---------------------------------------------------------------------------------------


class Writer:
    """An order, and the records that would be written of it."""

    def __init__(self, order: OrderRecord) -> None:
        self.order = order
        self.log: list[Record] = [order_log.placing(order)]

    def hear(self, evidence: Evidence, now: int = NOW) -> None:
        for event in lifecycle.apply(self.order, evidence, now)[0]:
            self.log.append(order_log.known(self.order))
            if isinstance(event, OrderFilled | FillAmended):
                self.log.append(order_log.filled(event.fill))


def remembered(order: OrderRecord) -> dict[str, object]:
    """What a user sees of an order, but for our requests."""
    seen = view(order)
    return {name: seen[name] for name in seen if name not in ("placement", "is_being_cancelled")}


@settings(max_examples=60)
@given(st.data())
def test_what_was_told_of_an_order_is_remembered_of_it(data: st.DataObject) -> None:
    story = data.draw(stories(can_be_modified=True))
    writer = Writer(new_order(amount=story.amounts[0], placed_at=PLACED_AT))
    for piece in (*story.own_steps, *data.draw(hearings(story))):
        writer.hear(piece)
        # What changes without an event is remembered with the next one: here, what was known by then.
        told = only(*writer.log, order_log.known(writer.order))
        assert remembered(told) == remembered(writer.order)
    again = only(*records(writer.order, order_log.known(writer.order)))
    assert remembered(again) == remembered(writer.order)


@settings(max_examples=60)
@given(st.data())
def test_records_that_are_there_twice_change_nothing(data: st.DataObject) -> None:
    story = data.draw(stories(can_be_modified=True))
    writer = Writer(new_order(amount=story.amounts[0], placed_at=PLACED_AT))
    for piece in data.draw(hearings(story)):
        writer.hear(piece)
    doubled = [record for record in writer.log for _ in range(2)]
    assert remembered(only(*doubled)) == remembered(only(*writer.log))


@settings(max_examples=60)
@given(st.data())
def test_an_order_taken_over_at_any_moment_ends_as_the_one_that_was_never_interrupted(
    data: st.DataObject,
) -> None:
    story = data.draw(stories(can_be_modified=True))
    told = data.draw(full_hearings(story))
    cut = data.draw(st.integers(0, len(told)))
    first = Writer(new_order(amount=story.amounts[0], placed_at=PLACED_AT))
    for piece in (*story.own_steps, *told[:cut]):
        first.hear(piece)
    if first.order.was_modified:
        first.log.append(order_log.known(first.order))  # written before a modify is sent
    second = Writer(only(*first.log))
    resume(second.order, NOW, PLACED_AT)
    for piece in told:  # what was heard before may be heard again
        second.hear(piece)
    still_open = OrderStatus.PARTIALLY_FILLED if story.executed else OrderStatus.OPEN
    assert second.order.status is (story.ending or still_open)
    assert second.order.executed_amount == second.order.filled_amount == story.executed
    fills = [r for r in (*first.log, *second.log[1:]) if isinstance(r, Filled)]
    assert {record.trade for record in fills} == story.trade_ids


# --- what is kept ----------------------------------------------------------------------------------------


def by_id(*orders: OrderRecord) -> dict[ClientOrderId, OrderRecord]:
    return {order.client_order_id: order for order in orders}


def test_orders_that_may_be_live_are_kept_whatever_else() -> None:
    live = [
        order_in(OrderStatus.PENDING_CREATE, client_order_id="a"),
        new_order("b", status=OrderStatus.OPEN),
        new_order("c", status=OrderStatus.PARTIALLY_FILLED, reported_executed=D("0.1")),
    ]
    assert worth_keeping(by_id(*live), most_ended=0) == live


def test_of_the_ended_orders_the_last_ones_are_kept() -> None:
    ended = [new_order(f"{n}", status=OrderStatus.CANCELLED) for n in range(5)]
    live = new_order("live", status=OrderStatus.OPEN)
    assert worth_keeping(by_id(*ended, live), most_ended=2) == [*ended[3:], live]
    assert worth_keeping(by_id(*ended), most_ended=0) == []
    assert worth_keeping(by_id(*ended), most_ended=9) == ended


def test_ended_orders_with_fills_missing_are_kept_beyond_that_up_to_a_bound() -> None:
    incomplete = [
        new_order(f"{n}", status=OrderStatus.CANCELLED, reported_executed=D("0.1"))
        for n in range(MOST_INCOMPLETE + 2)
    ]
    assert worth_keeping(by_id(*incomplete), most_ended=0) == incomplete[2:]


# --- taking over -----------------------------------------------------------------------------------------


def test_an_order_taken_over_is_as_old_as_it_is_and_its_placement_may_have_left_just_now() -> None:
    order = only(PLACING)
    resume(order, NOW, PLACED_AT + 60 * SECOND)
    assert (order.created_at, order.sent_at) == (NOW - 60 * SECOND, NOW)


def test_an_order_from_the_future_of_a_wrong_clock_is_of_now() -> None:
    order = only(PLACING)
    resume(order, NOW, PLACED_AT - 60 * SECOND)
    assert (order.created_at, order.sent_at) == (NOW, NOW)


RESTS: dict[str, Any] = {"source": Source.QUERY, "original": "1", "remaining": "1"}


@pytest.mark.parametrize("ended_at", [at(3), None])
def test_a_newer_answer_revives_an_order_that_was_taken_over_as_ended(ended_at: datetime | None) -> None:
    cancelled = Known(order=CLIENT_ID, status=OrderStatus.CANCELLED, was_created=True, ended_at=ended_at)
    order = only(PLACING, OPEN, cancelled)
    resume(order, NOW, PLACED_AT)
    tell(order, said(Says.RESTING, at_second=4, asked_at=NOW + 1, **RESTS))
    assert order.status is OrderStatus.OPEN


@pytest.mark.parametrize(("ended_at", "asked_at"), [(at(3), NOW + 1), (None, NOW)])
def test_an_answer_from_before_its_ending_does_not(ended_at: datetime | None, asked_at: int) -> None:
    cancelled = Known(order=CLIENT_ID, status=OrderStatus.CANCELLED, was_created=True, ended_at=ended_at)
    order = only(PLACING, OPEN, cancelled)
    resume(order, NOW, PLACED_AT)
    tell(order, said(Says.RESTING, at_second=2, asked_at=asked_at, **RESTS))
    assert order.status is OrderStatus.CANCELLED


def test_fills_are_wanted_since_the_placing_of_the_oldest_order_that_may_have_some() -> None:
    minute = 60 * SECOND
    old = new_order("old", placed_at=PLACED_AT, status=OrderStatus.OPEN)
    young = new_order("young", placed_at=PLACED_AT + minute, status=OrderStatus.OPEN)
    incomplete = new_order("x", placed_at=PLACED_AT - minute, status=OrderStatus.FILLED)
    ended = new_order("ended", placed_at=PLACED_AT - 9 * minute, status=OrderStatus.CANCELLED)
    assert fills_wanted_since([young, old, ended]) == at(0)
    assert fills_wanted_since([young, incomplete]) == at(-60)


@pytest.mark.parametrize(("heard", "since"), [(-3_600, -3_600), (9, 0), (None, 0)])
def test_fills_are_wanted_no_later_than_what_valr_said_of_the_order(heard: int | None, since: int) -> None:
    updated_at = None if heard is None else at(heard)
    order = new_order(placed_at=PLACED_AT, status=OrderStatus.OPEN, updated_at=updated_at)
    assert fills_wanted_since([order]) == at(since)


def test_fills_are_wanted_since_the_last_one_known_where_all_orders_are_younger() -> None:
    filled = new_order("filled")
    tell(filled, step(Says.SENT), *(fill(f"t-{n}", "0.5", at_second=n, fee=FEE) for n in (7, 5)))
    assert filled.status is OrderStatus.FILLED
    young = new_order("young", placed_at=PLACED_AT + 60 * SECOND)
    assert fills_wanted_since([filled, young]) == at(7)
    assert fills_wanted_since([filled]) == at(7)


def test_no_fill_is_wanted_where_nothing_can_have_been_filled() -> None:
    assert fills_wanted_since([]) is None
    assert fills_wanted_since([new_order(status=OrderStatus.CANCELLED)]) is None


def test_times_are_exact_to_the_microsecond() -> None:
    order = new_order(placed_at=PLACED_AT + 1_234_567)
    assert fills_wanted_since([order]) == datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=1_234)


def test_an_adopted_order_comes_back_with_what_it_had_executed_before() -> None:
    order = new_order(
        adopted_at=at(1),
        executed_before=Decimal("0.3"),
        accounted_amount=Decimal("0.3"),
        reported_executed=Decimal("0.3"),
        was_created=True,
    )
    order.placed_at = 1
    order.exchange_order_id = EXCHANGE_ID
    order.status = OrderStatus.PARTIALLY_FILLED
    restored = fold(order_log.records(order, order_log.known(order)))[order.client_order_id]
    assert (restored.executed_amount, restored.fills) == (Decimal("0.3"), ())
    assert restored.has_all_fills
    assert restored.adopted_at == at(1)
