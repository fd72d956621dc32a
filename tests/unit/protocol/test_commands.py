"""What is sent, to the byte, and what is refused before it is sent (protocol 10, 14, 16)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valr_connector.errors import DecodeError, InvalidArgumentError
from valr_connector.model.enums import Side, TimeInForce
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Symbol
from valr_connector.protocol.codec import format_decimal
from valr_connector.protocol.command_frames import (
    BatchCancel,
    BatchLimit,
    BatchMarket,
    BatchModify,
    BatchOrdersCommand,
    CancelOnDisconnectCommand,
    CancelOrderCommand,
    CancelPayload,
    LimitPayload,
    MarketPayload,
    ModifyOrderCommand,
    ModifyPayload,
    PingCommand,
    PlaceLimitCommand,
    PlaceMarketCommand,
    SubscribeCommand,
    Subscription,
    UnsubscribeCommand,
    UnsubscribedEvent,
    decode_command,
)
from valr_connector.protocol.commands import (
    PING,
    AccountEvent,
    MarketEvent,
    batch_command,
    cancel_on_disconnect_command,
    order_command,
    subscribe_account_command,
    subscribe_market_command,
    unsubscribe_account_command,
)
from valr_connector.protocol.control_frames import KeepAliveFrame, UnknownFrame
from valr_connector.protocol.order_requests import (
    CancelOrder,
    ModifyMatchStrategy,
    ModifyOrder,
    OrderRequest,
    PlaceLimit,
    PlaceMarket,
)

BTCZAR = Symbol("BTCZAR")
CLIENT_ID = ClientOrderId("MM-1")
ORDER_ID = ExchangeOrderId("68b4e939-0f90-41ed-8525-8c9c3509ca63")
ONE = Decimal(1)


def limit(**changed: Any) -> PlaceLimit:
    given: dict[str, Any] = {
        "symbol": BTCZAR,
        "side": Side.BUY,
        "quantity": Decimal("0.0001"),
        "price": Decimal("3E+5"),
        "client_order_id": CLIENT_ID,
    }
    return PlaceLimit(**(given | changed))


def market(**changed: Any) -> PlaceMarket:
    given: dict[str, Any] = {"symbol": BTCZAR, "side": Side.SELL, "client_order_id": CLIENT_ID}
    return PlaceMarket(**(given | changed))


def modify(**changed: Any) -> ModifyOrder:
    return ModifyOrder(**({"symbol": BTCZAR, "order_id": ORDER_ID} | changed))


COMMANDS: list[tuple[bytes, str]] = [
    (
        order_command(limit(), "c-17"),
        (
            '{"type":"PLACE_LIMIT_ORDER","clientMsgId":"c-17","payload":{"side":"BUY","quantity":"0.0001",'
            '"price":"300000","pair":"BTCZAR","postOnly":false,"customerOrderId":"MM-1","timeInForce":"GTC",'
            '"allowMargin":false}}'
        ),
    ),
    (
        order_command(
            limit(post_only=True, time_in_force=TimeInForce.IOC, allow_margin=True, reduce_only=True), "c-17"
        ),
        (
            '{"type":"PLACE_LIMIT_ORDER","clientMsgId":"c-17","payload":{"side":"BUY","quantity":"0.0001",'
            '"price":"300000","pair":"BTCZAR","postOnly":true,"customerOrderId":"MM-1","timeInForce":"IOC",'
            '"allowMargin":true,"reduceOnly":true}}'
        ),
    ),
    (
        order_command(market(base_amount=ONE), "c-18"),
        (
            '{"type":"PLACE_MARKET_ORDER","clientMsgId":"c-18","payload":{"side":"SELL","baseAmount":"1",'
            '"pair":"BTCZAR","customerOrderId":"MM-1","allowMargin":false}}'
        ),
    ),
    (
        order_command(market(quote_amount=ONE, reduce_only=True), "c-18"),
        (
            '{"type":"PLACE_MARKET_ORDER","clientMsgId":"c-18","payload":{"side":"SELL","quoteAmount":"1",'
            '"pair":"BTCZAR","customerOrderId":"MM-1","allowMargin":false,"reduceOnly":true}}'
        ),
    ),
    (
        order_command(modify(new_price=ONE, new_remaining=Decimal(2)), "c-19"),
        (
            '{"type":"MODIFY_ORDER","clientMsgId":"c-19","payload":{"orderId":"68b4e939-0f90-41ed-8525-8c9c3509ca63",'
            '"pair":"BTCZAR","newPrice":"1","newRemainingQuantity":"2","modifyMatchStrategy":"RETAIN_ORIGINAL"}}'
        ),
    ),
    (
        order_command(modify(new_total=ONE, strategy=ModifyMatchStrategy.CANCEL_ORIGINAL), "c-19"),
        (
            '{"type":"MODIFY_ORDER","clientMsgId":"c-19","payload":{"orderId":"68b4e939-0f90-41ed-8525-8c9c3509ca63",'
            '"pair":"BTCZAR","newTotalQuantity":"1","modifyMatchStrategy":"CANCEL_ORIGINAL"}}'
        ),
    ),
    (
        order_command(CancelOrder(BTCZAR, client_order_id=CLIENT_ID), "c-20"),
        '{"type":"CANCEL_LIMIT_ORDER","clientMsgId":"c-20","payload":{"customerOrderId":"MM-1","pair":"BTCZAR"}}',
    ),
    (
        order_command(CancelOrder(BTCZAR, order_id=ORDER_ID), "c-20"),
        (
            '{"type":"CANCEL_LIMIT_ORDER","clientMsgId":"c-20",'
            '"payload":{"orderId":"68b4e939-0f90-41ed-8525-8c9c3509ca63","pair":"BTCZAR"}}'
        ),
    ),
    (
        batch_command([CancelOrder(BTCZAR, client_order_id=CLIENT_ID), modify(new_price=ONE)], "c-22"),
        (
            '{"type":"BATCH_ORDERS","clientMsgId":"c-22","payload":{"requests":[{"type":"CANCEL_ORDER","data":'
            '{"customerOrderId":"MM-1","pair":"BTCZAR"}},{"type":"MODIFY_ORDER","data":'
            '{"orderId":"68b4e939-0f90-41ed-8525-8c9c3509ca63","pair":"BTCZAR","newPrice":"1",'
            '"modifyMatchStrategy":"RETAIN_ORIGINAL"}}]}}'
        ),
    ),
    (
        cancel_on_disconnect_command(True),
        '{"type":"CANCEL_ON_DISCONNECT","payload":{"cancelOnDisconnect":true}}',
    ),
    (
        cancel_on_disconnect_command(False),
        '{"type":"CANCEL_ON_DISCONNECT","payload":{"cancelOnDisconnect":false}}',
    ),
    (PING, '{"type":"PING"}'),
    (
        subscribe_account_command([AccountEvent.ORDER_STATUS_UPDATE, AccountEvent.MARGIN_INFO]),
        '{"type":"SUBSCRIBE","subscriptions":[{"event":"ORDER_STATUS_UPDATE"},{"event":"MARGIN_INFO"}]}',
    ),
    (
        unsubscribe_account_command([AccountEvent.BALANCE_UPDATE]),
        '{"type":"UNSUBSCRIBE","requests":[{"event":"BALANCE_UPDATE"}]}',
    ),
    (
        subscribe_market_command(
            {MarketEvent.OB_L1_DIFF: [BTCZAR, Symbol("ETHZAR")], MarketEvent.NEW_TRADE: []}
        ),
        (
            '{"type":"SUBSCRIBE","subscriptions":[{"event":"OB_L1_DIFF","pairs":["BTCZAR","ETHZAR"]},'
            '{"event":"NEW_TRADE","pairs":[]}]}'
        ),
    ),
]


@pytest.mark.parametrize(("sent", "text"), COMMANDS)
def test_a_command_is_sent_to_the_byte(sent: bytes, text: str) -> None:
    assert sent == text.encode()


@pytest.mark.parametrize(("sent", "text"), COMMANDS)
def test_everything_that_is_sent_can_be_read_back(sent: bytes, text: str) -> None:
    assert not isinstance(decode_command(sent), UnknownFrame | KeepAliveFrame)


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "quantity as float": (lambda: limit(quantity=0.1), "quantity=0.1: must be a Decimal"),
    "price as text": (lambda: limit(price="1"), "price='1': must be a Decimal"),
    "no quantity": (lambda: limit(quantity=Decimal(0)), "quantity=Decimal('0'): must be positive"),
    "negative price": (lambda: limit(price=-ONE), "price=Decimal('-1'): must not be negative"),
    "price that is none": (lambda: limit(price=Decimal("NaN")), "price=Decimal('NaN'): must be finite"),
    "empty symbol": (lambda: limit(symbol=""), "symbol='': must be 1 to 40 letters and digits"),
    "pair instead of symbol": (
        lambda: limit(symbol="BTC-ZAR"),
        "symbol='BTC-ZAR': must be 1 to 40 letters and digits",
    ),
    "symbol as number": (lambda: limit(symbol=7), "symbol=7: must be 1 to 40 letters and digits"),
    "empty client id": (
        lambda: limit(client_order_id=""),
        "client_order_id='': must be 1 to 50 of 0-9 a-z A-Z -",
    ),
    "client id with underscore": (
        lambda: market(base_amount=ONE, client_order_id="MM_1"),
        "client_order_id='MM_1': must be 1 to 50 of 0-9 a-z A-Z -",
    ),
    "client id of 51": (
        lambda: limit(client_order_id="x" * 51),
        f"client_order_id='{'x' * 51}': must be 1 to 50 of 0-9 a-z A-Z -",
    ),
    "client id as None": (
        lambda: limit(client_order_id=None),
        "client_order_id=None: must be 1 to 50 of 0-9 a-z A-Z -",
    ),
    "market order without amount": (
        market,
        "base_amount or quote_amount={'base_amount': None, 'quote_amount': None}: exactly one must be given",
    ),
    "market order with both amounts": (
        lambda: market(base_amount=ONE, quote_amount=ONE),
        (
            "base_amount or quote_amount={'base_amount': Decimal('1'), 'quote_amount': Decimal('1')}: "
            "exactly one must be given"
        ),
    ),
    "market order for nothing": (
        lambda: market(quote_amount=Decimal(0)),
        "quote_amount=Decimal('0'): must be positive",
    ),
    "modify of nothing": (modify, "new_price=None: a modify must change the price or the size"),
    "modify of both sizes": (
        lambda: modify(new_remaining=ONE, new_total=ONE),
        "new_total=Decimal('1'): excludes new_remaining",
    ),
    "modify to nothing": (lambda: modify(new_total=Decimal(0)), "new_total=Decimal('0'): must be positive"),
    "modify without id": (
        lambda: modify(order_id="", new_price=ONE),
        "order_id='': must be 1 to 64 letters, digits and dashes",
    ),
    "cancel without id": (
        lambda: CancelOrder(BTCZAR),
        "order_id or client_order_id={'order_id': None, 'client_order_id': None}: exactly one must be given",
    ),
    "cancel by both ids": (
        lambda: CancelOrder(BTCZAR, ExchangeOrderId("a"), ClientOrderId("b")),
        "order_id or client_order_id={'order_id': 'a', 'client_order_id': 'b'}: exactly one must be given",
    ),
    "cancel by a path": (
        lambda: CancelOrder(BTCZAR, ExchangeOrderId("../x")),
        "order_id='../x': must be 1 to 64 letters, digits and dashes",
    ),
    "lower-case side": (lambda: limit(side="buy"), "side='buy': must be one of BUY, SELL"),
    "side of a market order": (
        lambda: market(side=None, base_amount=ONE),
        "side=None: must be one of BUY, SELL",
    ),
    "time in force": (
        lambda: limit(time_in_force="DAY"),
        "time_in_force='DAY': must be one of GTC, IOC, FOK",
    ),
    "strategy": (
        lambda: modify(new_price=ONE, strategy="KEEP"),
        "strategy='KEEP': must be one of RETAIN_ORIGINAL, CANCEL_ORIGINAL, REPRICE",
    ),
    "account event": (
        lambda: unsubscribe_account_command([cast("AccountEvent", "NEW_TRADE")]),
        f"event='NEW_TRADE': must be one of {', '.join(AccountEvent)}",
    ),
    "market event": (
        lambda: subscribe_market_command({cast("MarketEvent", "FULL_ORDERBOOK_SNAPSHOT"): []}),
        f"event='FULL_ORDERBOOK_SNAPSHOT': must be one of {', '.join(MarketEvent)}",
    ),
    "message id of 37": (
        lambda: order_command(limit(), "x" * 37),
        f"client_msg_id='{'x' * 37}': must be 1 to 36 of 0-9 a-z A-Z -",
    ),
    "empty message id": (
        lambda: order_command(limit(), ""),
        "client_msg_id='': must be 1 to 36 of 0-9 a-z A-Z -",
    ),
    "empty batch": (lambda: batch_command([], "c"), "requests=0: must be 1 to 20"),
    "batch of 21": (lambda: batch_command([limit()] * 21, "c"), "requests=21: must be 1 to 20"),
    "modify beside a placement": (
        lambda: batch_command([modify(new_price=ONE), market(base_amount=ONE)], "c"),
        "requests='MODIFY_ORDER': cannot be beside a placement (-21311)",
    ),
    "no account event": (lambda: subscribe_account_command([]), "events=[]: must name an event"),
    "no market event": (lambda: subscribe_market_command({}), "pairs_of={}: must name an event"),
    "pair of a subscription": (
        lambda: subscribe_market_command({MarketEvent.NEW_TRADE: [Symbol("BTC-ZAR")]}),
        "symbol='BTC-ZAR': must be 1 to 40 letters and digits",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_breaks_a_rule_is_never_sent(name: str) -> None:
    make, message = REFUSED[name]
    with pytest.raises(InvalidArgumentError) as caught:
        make()
    assert caught.value.message == message


def test_a_batch_of_twenty_is_sent() -> None:
    sent = decode_command(batch_command([limit()] * 20, "c"))
    assert isinstance(sent, BatchOrdersCommand)
    assert len(sent.payload.requests) == 20


# --- round trips

amounts = st.decimals(min_value=Decimal("1e-18"), max_value=Decimal("1e18"), places=18)
symbols = st.text("09AZ", min_size=1, max_size=40).map(Symbol)
client_ids = st.text("09azAZ-", min_size=1, max_size=50).map(ClientOrderId)
order_ids = st.uuids().map(str).map(ExchangeOrderId)
msg_ids = st.text("09azAZ-", min_size=1, max_size=36)
sides = st.sampled_from(Side)

limits = st.builds(
    PlaceLimit,
    symbols,
    sides,
    amounts,
    amounts,
    client_ids,
    post_only=st.booleans(),
    time_in_force=st.sampled_from(TimeInForce),
    allow_margin=st.booleans(),
    reduce_only=st.booleans(),
)
markets = st.builds(PlaceMarket, symbols, sides, client_ids, base_amount=amounts) | st.builds(
    PlaceMarket, symbols, sides, client_ids, quote_amount=amounts
)
modifies = st.builds(
    ModifyOrder,
    symbols,
    order_ids,
    new_price=amounts,
    new_remaining=st.none() | amounts,
    strategy=st.sampled_from(ModifyMatchStrategy),
)
cancels = st.builds(CancelOrder, symbols, order_id=order_ids) | st.builds(
    CancelOrder, symbols, client_order_id=client_ids
)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else format_decimal(amount)


def _payload(request: OrderRequest) -> LimitPayload | MarketPayload | ModifyPayload | CancelPayload:
    """What a command must say of a request, worked out independently of `body`."""
    if isinstance(request, PlaceLimit):
        return LimitPayload(
            side=request.side.value,
            quantity=format_decimal(request.quantity),
            price=format_decimal(request.price),
            pair=request.symbol,
            post_only=request.post_only,
            customer_order_id=request.client_order_id,
            time_in_force=request.time_in_force.value,
            allow_margin=request.allow_margin,
            reduce_only=request.reduce_only,
        )
    if isinstance(request, PlaceMarket):
        return MarketPayload(
            side=request.side.value,
            pair=request.symbol,
            base_amount=_text(request.base_amount),
            quote_amount=_text(request.quote_amount),
            customer_order_id=request.client_order_id,
        )
    if isinstance(request, ModifyOrder):
        return ModifyPayload(
            pair=request.symbol,
            order_id=request.order_id,
            new_price=_text(request.new_price),
            new_remaining_quantity=_text(request.new_remaining),
            modify_match_strategy=request.strategy,
        )
    return CancelPayload(
        pair=request.symbol, order_id=request.order_id, customer_order_id=request.client_order_id
    )


@settings(deadline=None)
@given(limits | markets | modifies | cancels, msg_ids)
def test_an_order_command_is_read_back_as_it_was_meant(request: OrderRequest, msg_id: str) -> None:
    command = decode_command(order_command(request, msg_id))
    assert isinstance(
        command, PlaceLimitCommand | PlaceMarketCommand | ModifyOrderCommand | CancelOrderCommand
    )
    assert (command.payload, command.client_msg_id) == (_payload(request), msg_id)


@settings(deadline=None)
@given(
    st.lists(limits | markets | cancels, min_size=1, max_size=20)
    | st.lists(modifies | cancels, min_size=1, max_size=20),
    msg_ids,
)
def test_a_batch_is_read_back_in_order(requests: list[OrderRequest], msg_id: str) -> None:
    command = decode_command(batch_command(requests, msg_id))
    assert isinstance(command, BatchOrdersCommand)
    assert [entry.data for entry in command.payload.requests] == [_payload(request) for request in requests]


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(MarketEvent), st.lists(symbols, max_size=4), min_size=1))
def test_a_subscription_is_read_back_with_all_its_pairs(pairs_of: dict[MarketEvent, list[Symbol]]) -> None:
    command = decode_command(subscribe_market_command(pairs_of))
    assert command == SubscribeCommand(
        [Subscription(event, list(pairs)) for event, pairs in pairs_of.items()]
    )


# --- reading what others sent


def test_every_kind_of_batch_entry_is_read() -> None:
    entries = [
        {"type": "PLACE_LIMIT", "data": {"pair": "X", "side": "BUY", "quantity": "1", "price": "1"}},
        {"type": "PLACE_MARKET", "data": {"pair": "X", "side": "BUY", "baseAmount": "1"}},
        {"type": "MODIFY_ORDER", "data": {"customerOrderId": "MM-1", "pair": "X", "newPrice": "1"}},
        {"type": "CANCEL_ORDER", "data": {"orderId": "a", "pair": "X"}},
    ]
    frame = {"type": "BATCH_ORDERS", "clientMsgId": "c", "payload": {"requests": entries}}
    command = decode_command(orjson.dumps(frame))
    assert isinstance(command, BatchOrdersCommand)
    assert [type(entry) for entry in command.payload.requests] == [
        BatchLimit,
        BatchMarket,
        BatchModify,
        BatchCancel,
    ]


def test_small_commands_are_read() -> None:
    assert decode_command(PING) == PingCommand()
    armed = decode_command(cancel_on_disconnect_command(True))
    assert isinstance(armed, CancelOnDisconnectCommand)
    assert armed.payload.cancel_on_disconnect
    assert decode_command(unsubscribe_account_command([AccountEvent.MARGIN_INFO])) == UnsubscribeCommand(
        [UnsubscribedEvent(AccountEvent.MARGIN_INFO)]
    )


def test_the_secrets_of_an_authentication_are_not_kept() -> None:
    raw = b'{"type":"AUTHENTICATE","payload":{"apiKey":"KEY","signature":"SIGNATURE","timestamp":1}}'
    shown = repr(decode_command(raw))
    assert "KEY" not in shown
    assert "SIGNATURE" not in shown


def test_a_command_nobody_knows_is_unknown() -> None:
    assert isinstance(decode_command(b'{"type":"PLACE_BATCH_ORDERS"}'), UnknownFrame)


WRONG: dict[str, tuple[str, str]] = {
    "data instead of payload": (
        '{"type":"PLACE_LIMIT_ORDER","clientMsgId":"c","data":{}}',
        "PLACE_LIMIT_ORDER: frame: Object contains unknown field `data`",
    ),
    "a field that does not exist": (
        '{"type":"CANCEL_LIMIT_ORDER","clientMsgId":"c","payload":{"orderId":"a","pair":"X","force":true}}',
        "CANCEL_LIMIT_ORDER: payload: Object contains unknown field `force`",
    ),
    "a lower-case side": (
        '{"type":"PLACE_MARKET_ORDER","clientMsgId":"c","payload":{"side":"buy","pair":"X","baseAmount":"1"}}',
        "PLACE_MARKET_ORDER: payload.side: not one of the expected words: buy",
    ),
    "a price with a comma": (
        (
            '{"type":"PLACE_LIMIT_ORDER","clientMsgId":"c",'
            '"payload":{"side":"BUY","pair":"X","quantity":"1","price":"114,953"}}'
        ),
        "PLACE_LIMIT_ORDER: payload.price: not a plain decimal number: 114,953",
    ),
    "both ids": (
        (
            '{"type":"CANCEL_LIMIT_ORDER","clientMsgId":"c",'
            '"payload":{"orderId":"a","customerOrderId":"b","pair":"X"}}'
        ),
        "CANCEL_LIMIT_ORDER: payload: needs exactly one of orderId and customerOrderId",
    ),
    "no amount": (
        '{"type":"PLACE_MARKET_ORDER","clientMsgId":"c","payload":{"side":"BUY","pair":"X"}}',
        "PLACE_MARKET_ORDER: payload: needs exactly one of baseAmount and quoteAmount",
    ),
    "pairs left out": (
        '{"type":"SUBSCRIBE","subscriptions":[{"event":"NEW_TRADE"}]}',
        "SUBSCRIBE: subscriptions[0]: leaving out the pairs means all pairs",
    ),
    "an event that does not exist": (
        '{"type":"SUBSCRIBE","subscriptions":[{"event":"NEW_TRADES","pairs":[]}]}',
        "SUBSCRIBE: subscriptions[0]: not an event that can be subscribed",
    ),
    "an empty batch": (
        '{"type":"BATCH_ORDERS","clientMsgId":"c","payload":{"requests":[]}}',
        "BATCH_ORDERS: payload.requests: Expected `array` of length >= 1",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_command_that_would_never_be_sent_is_refused(name: str) -> None:
    text, message = WRONG[name]
    with pytest.raises(DecodeError) as caught:
        decode_command(text.encode())
    assert caught.value.message.startswith(message)
