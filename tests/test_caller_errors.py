"""Every kind of mistake that a caller can make, in one table: what is raised, and what it says.

An error names what was given and the rule that it breaks. Nothing has been sent when it is raised.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from tests.net.trading import AT_ONCE, Desk, in_virtual_time, not_trading
from valr_connector import (
    BatchCancel,
    BatchMarket,
    CallerError,
    ClosedError,
    ConfigurationError,
    Event,
    Fill,
    Hosts,
    InvalidArgumentError,
    ModifyMatchStrategy,
    NotReadyError,
    OrderRuleError,
    OrderType,
    Settings,
    Side,
    TimeInForce,
    UnknownOrderError,
    UnknownPairError,
    ValrError,
    ValrExchange,
)
from valr_connector.simulator.settings import SimulatorSettings

Call = Callable[[Desk], Awaitable[object]]
KEY = "k" * 64
NO_DIRECTORY = Path(__file__) / "session"


class Stage(StrEnum):
    """Where in its life the exchange is when the mistake is made."""

    NEW = "not started"
    STARTED = "started"
    CLOSED = "closed"


def now(action: Callable[[Desk], object]) -> Call:
    """A call that is not awaited."""

    async def call(desk: Desk) -> object:
        return action(desk)

    return call


def limit(**changes: Any) -> Call:
    """A limit order that is fine but for the changes."""
    fine: dict[str, Any] = {"pair": "BTC-ZAR", "side": Side.BUY, "amount": "0.01", "price": "900000"}
    return lambda desk: desk.valr.place_limit_order(**fine | changes)


def market(**changes: Any) -> Call:
    """A market order that is fine but for the changes."""
    fine: dict[str, Any] = {"pair": "BTC-ZAR", "side": Side.BUY, "amount": "0.01"}
    return lambda desk: desk.valr.place_market_order(**fine | changes)


def stop_limit(**changes: Any) -> Call:
    """A stop-limit order that is fine but for the changes."""
    fine: dict[str, Any] = {
        "pair": "BTC-ZAR",
        "side": Side.SELL,
        "order_type": OrderType.STOP_LOSS_LIMIT,
        "amount": "0.01",
        "price": "800000",
        "stop_price": "810000",
    }
    return lambda desk: desk.valr.place_stop_limit_order(**fine | changes)


def modify(**given: Any) -> Call:
    """A change of an order of ours."""

    async def call(desk: Desk) -> object:
        return await desk.valr.modify_order(await desk.buy(client_order_id="mine-1"), **given)

    return call


def batch(operations: Any) -> Call:
    return lambda desk: desk.valr.batch(operations)


def followed(pairs: Any) -> Call:
    return now(lambda _: ValrExchange(KEY, KEY, pairs=pairs))


def balance(currency: str) -> Call:
    return now(lambda desk: desk.valr.balance(currency))


def settings(**chosen: Any) -> Call:
    return now(lambda _: Settings(**chosen))


def credentials(key: Any, secret: Any) -> Call:
    return now(lambda _: ValrExchange(key, secret, pairs=[]))


def made_with(field: str, given: Any) -> Call:
    return now(lambda _: ValrExchange(KEY, KEY, pairs=[], **{field: given}))


def host(field: str, address: str) -> Call:
    return now(lambda _: Hosts(**{field: address}))


async def use_an_id_twice(desk: Desk) -> object:
    await desk.buy(client_order_id="mine-1")
    return await desk.buy(client_order_id="mine-1")


async def follow_with_a_coroutine(desk: Desk) -> object:
    async def callback(event: Event) -> None:
        """Nobody would await it."""

    return desk.valr.on(Event, callback)


NUMBERS: list[tuple[str, object, str]] = [
    ("a float", 0.1, "0.1: floats are refused; give a Decimal, an int or text"),
    ("a bool", True, "True: must be a Decimal, an int or text"),
    ("nothing", None, "None: must be a Decimal, an int or text"),
    ("no number", "lots", "'lots': is not a number"),
    ("NaN", Decimal("NaN"), "Decimal('NaN'): must be finite"),
    ("infinity", "Infinity", "'Infinity': must be finite"),
    ("zero", 0, "0: must be more than zero"),
    ("negative", "-1", "'-1': must be more than zero"),
    ("absurd", "1e-50", "'1e-50': must have at most 40 digits"),
    (
        "too many digits for Python",
        -(10**5000),
        "an int too long to be shown: must have at most 40 digits",
    ),
]

LIST_RULE = 'must be a list of pairs, ["BTC-ZAR"]'
CLIENT_ID_RULE = "must be 1 to 50 of the characters 0-9, a-z, A-Z and -"
ADDRESS_RULE = r"String should match pattern '^wss?://[^/\s]+(/\S*)?$'"
REST_RULE = r"String should match pattern '^https?://[^/\s]+$'"

Row = tuple[str, Stage, Call, type[ValrError], str]

ROWS: list[Row] = [
    # --- numbers
    *(
        (f"amount: {what}", Stage.STARTED, limit(amount=value), InvalidArgumentError, f"amount={says}")
        for what, value, says in NUMBERS
    ),
    *(
        (f"price: {what}", Stage.STARTED, limit(price=value), InvalidArgumentError, f"price={says}")
        for what, value, says in NUMBERS
    ),
    (
        "market amount: a float",
        Stage.STARTED,
        market(amount=0.01),
        InvalidArgumentError,
        "amount=0.01: floats are refused; give a Decimal, an int or text",
    ),
    (
        "market quote amount: a float",
        Stage.STARTED,
        market(amount=None, quote_amount=1.5),
        InvalidArgumentError,
        "quote_amount=1.5: floats are refused; give a Decimal, an int or text",
    ),
    (
        "quantise: a float",
        Stage.STARTED,
        now(lambda desk: desk.valr.quantise_amount("BTC-ZAR", 0.1)),  # type: ignore[arg-type]  # the mistake
        InvalidArgumentError,
        "amount=0.1: floats are refused; give a Decimal, an int or text",
    ),
    (
        "quantise: zero",
        Stage.STARTED,
        now(lambda desk: desk.valr.quantise_price("BTC-ZAR", Side.BUY, 0)),
        InvalidArgumentError,
        "price=0: must be more than zero",
    ),
    # --- words
    (
        "side: lower case",
        Stage.STARTED,
        limit(side="buy"),
        InvalidArgumentError,
        "side='buy': must be Side.BUY or Side.SELL",
    ),
    (
        "side: nothing",
        Stage.STARTED,
        market(side=None),
        InvalidArgumentError,
        "side=None: must be Side.BUY or Side.SELL",
    ),
    (
        "time in force: unknown",
        Stage.STARTED,
        limit(time_in_force="DAY"),
        InvalidArgumentError,
        "time_in_force='DAY': must be GTC, IOC or FOK",
    ),
    (
        "post-only: text",
        Stage.STARTED,
        limit(post_only="false"),
        InvalidArgumentError,
        "post_only='false': must be True or False",
    ),
    (
        "time in force: cannot be post-only",
        Stage.STARTED,
        limit(time_in_force=TimeInForce.IOC, post_only=True),
        InvalidArgumentError,
        "time_in_force='IOC': a post-only order can only rest: it has to be GTC",
    ),
    (
        "retry: unknown",
        Stage.STARTED,
        limit(retry="always"),
        InvalidArgumentError,
        "retry='always': must be one of never, if_unsent, if_proved_absent",
    ),
    # --- client order ids
    *(
        (
            f"client order id: {what}",
            Stage.STARTED,
            limit(client_order_id=value),
            InvalidArgumentError,
            f"client_order_id={value!r}: {CLIENT_ID_RULE}",
        )
        for what, value in (("empty", ""), ("a space", "a b"), ("51 characters", "x" * 51), ("a number", 7))
    ),
    (
        "client order id: used before",
        Stage.STARTED,
        use_an_id_twice,
        InvalidArgumentError,
        "client_order_id='mine-1': was used before",
    ),
    # --- sizes
    (
        "market order: two sizes",
        Stage.STARTED,
        market(quote_amount="100"),
        InvalidArgumentError,
        "amount='0.01': give exactly one of amount and quote_amount",
    ),
    (
        "market order: no size",
        Stage.STARTED,
        market(amount=None),
        InvalidArgumentError,
        "amount=None: give exactly one of amount and quote_amount",
    ),
    (
        "amount: below the smallest",
        Stage.STARTED,
        limit(amount="0.000009"),
        OrderRuleError,
        "amount='0.000009': BTC-ZAR needs at least 0.00001 BTC",
    ),
    (
        "amount: nothing is left on the grid",
        Stage.STARTED,
        limit(pair="XRP-ZAR", amount="0.00009", price="50"),
        OrderRuleError,
        "amount='0': XRP-ZAR needs at least 0.4 XRP",
    ),
    (
        "amount: above the largest",
        Stage.STARTED,
        limit(amount="5.1"),
        OrderRuleError,
        "amount='5.1': BTC-ZAR allows at most 5 BTC",
    ),
    (
        "price: below the tick size",
        Stage.STARTED,
        limit(price="0.4"),
        OrderRuleError,
        "price='0': BTC-ZAR has tick size 1",
    ),
    (
        "notional: below the smallest",
        Stage.STARTED,
        limit(amount="0.00001"),
        OrderRuleError,
        "notional='9': BTC-ZAR needs at least 10 ZAR",
    ),
    (
        "notional: above the largest",
        Stage.STARTED,
        limit(amount="5", price="1000001"),
        OrderRuleError,
        "notional='5000005': BTC-ZAR allows at most 5000000 ZAR",
    ),
    (
        "market amount: above the largest",
        Stage.STARTED,
        market(amount="6"),
        OrderRuleError,
        "amount='6': BTC-ZAR allows at most 5 BTC",
    ),
    (
        "market quote amount: below the smallest",
        Stage.STARTED,
        market(amount=None, quote_amount="9.99"),
        OrderRuleError,
        "notional='9.99': BTC-ZAR needs at least 10 ZAR",
    ),
    # --- pairs
    *(
        (
            f"{what}: unknown pair",
            Stage.STARTED,
            call,
            UnknownPairError,
            "pair='BTC-EUR': VALR lists no such pair",
        )
        for what, call in (
            ("limit order", limit(pair="BTC-EUR")),
            ("market order", market(pair="BTC-EUR")),
            ("cancel all", lambda desk: desk.valr.cancel_all(pair="BTC-EUR")),
            ("cancel all of a pair", lambda desk: desk.valr.cancel_all("pair", "BTC-EUR")),
            ("pair info", now(lambda desk: desk.valr.pair_info("BTC-EUR"))),
            ("best bid", now(lambda desk: desk.valr.best_bid("BTC-EUR"))),
            ("best ask", now(lambda desk: desk.valr.best_ask("BTC-EUR"))),
            ("mid price", now(lambda desk: desk.valr.mid_price("BTC-EUR"))),
            ("quantise", now(lambda desk: desk.valr.quantise_amount("BTC-EUR", 1))),
        )
    ),
    (
        "limit order: VALR's own spelling",
        Stage.STARTED,
        limit(pair="BTCZAR"),
        UnknownPairError,
        "pair='BTCZAR': VALR lists no such pair; write it BTC-ZAR",
    ),
    *(
        (
            f"limit order: spelt {name}",
            Stage.STARTED,
            limit(pair=name),
            UnknownPairError,
            f"pair={name!r}: VALR lists no such pair; write it BTC-ZAR",
        )
        for name in ("btc-zar", "BTC/ZAR", "btc_zar", "BTC ZAR", "BTC-zar")
    ),
    (
        "limit order: no pair at all",
        Stage.STARTED,
        limit(pair=None),
        UnknownPairError,
        "pair=None: VALR lists no such pair",
    ),
    (
        "limit order: a list of pairs",
        Stage.STARTED,
        limit(pair=["BTC-ZAR"]),
        UnknownPairError,
        "pair=['BTC-ZAR']: VALR lists no such pair; write it BTC-ZAR",
    ),
    (
        "limit order: a pair that is not traded",
        Stage.STARTED,
        limit(pair="SOL-ZAR", price="3000", amount="1"),
        OrderRuleError,
        "pair='SOL-ZAR': VALR does not trade this pair at present",
    ),
    (
        "best bid: a pair that is not followed",
        Stage.STARTED,
        now(lambda desk: desk.valr.best_bid("ETH-ZAR")),
        InvalidArgumentError,
        "pair='ETH-ZAR': its book is not followed: name it in `pairs`",
    ),
    (
        "pairs: one text",
        Stage.NEW,
        now(lambda _: ValrExchange(KEY, KEY, pairs="BTC-ZAR")),
        InvalidArgumentError,
        "pairs='BTC-ZAR': must be a list of pairs, [\"BTC-ZAR\"]",
    ),
    *(
        (f"pairs: {what}", Stage.NEW, followed(pairs), InvalidArgumentError, f"pairs={pairs!r}: {LIST_RULE}")
        for what, pairs in (("nothing", None), ("a number", 5), ("numbers", [1]), ("lists", [["BTC-ZAR"]]))
    ),
    # --- stop-limit orders
    (
        "stop-limit: another type",
        Stage.STARTED,
        stop_limit(order_type=OrderType.LIMIT),
        InvalidArgumentError,
        "order_type=<OrderType.LIMIT: 'LIMIT'>: must be STOP_LOSS_LIMIT or TAKE_PROFIT_LIMIT",
    ),
    (
        "stop-limit: a float",
        Stage.STARTED,
        stop_limit(stop_price=0.5),
        InvalidArgumentError,
        "stop_price=0.5: floats are refused; give a Decimal, an int or text",
    ),
    (
        "stop-limit: below the tick size",
        Stage.STARTED,
        stop_limit(side=Side.BUY, stop_price="0.4"),
        InvalidArgumentError,
        "stop_price='0.4': is below the tick size of BTC-ZAR",
    ),
    # --- changes
    *(
        (f"modify: {what}", Stage.STARTED, modify(**given), InvalidArgumentError, message)
        for what, given, message in (
            ("nothing", {}, "price=None: give a price, remaining_amount or total_amount"),
            (
                "two sizes",
                {"remaining_amount": "0.01", "total_amount": "0.02"},
                "total_amount='0.02': excludes remaining_amount",
            ),
            ("a float", {"price": 5.0}, "price=5.0: floats are refused; give a Decimal, an int or text"),
            (
                "an unknown strategy",
                {"price": "900000", "on_match": "hope"},
                f"on_match='hope': must be one of {', '.join(ModifyMatchStrategy)}",
            ),
        )
    ),
    (
        "modify: an order of somebody else",
        Stage.STARTED,
        lambda desk: desk.valr.modify_order("theirs-1", price="900000"),
        UnknownOrderError,
        "order 'theirs-1' is not tracked here",
    ),
    # --- batches
    *(
        (f"batch: {what}", Stage.STARTED, batch(operations), error, message)
        for what, operations, error, message in (
            ("empty", [], InvalidArgumentError, "operations=0: must be 1 to 20"),
            ("nothing", None, InvalidArgumentError, "operations=None: must be a list of operations"),
            (
                "too many",
                [BatchCancel("mine-1")] * 21,
                InvalidArgumentError,
                "operations=21: must be 1 to 20",
            ),
            (
                "no list",
                BatchCancel("mine-1"),
                InvalidArgumentError,
                "operations=BatchCancel(order='mine-1'): must be a list of operations",
            ),
            (
                "an empty client order id",
                [BatchMarket(pair="BTC-ZAR", side=Side.BUY, amount="0.01", client_order_id="")],
                InvalidArgumentError,
                f"client_order_id='': {CLIENT_ID_RULE}",
            ),
            (
                "no operation",
                ["cancel"],
                InvalidArgumentError,
                (
                    "operations='cancel': must be "
                    "BatchLimit, BatchStopLimit, BatchMarket, BatchCancel or BatchModify"
                ),
            ),
            (
                "an order of somebody else",
                [BatchCancel("theirs-1")],
                UnknownOrderError,
                "order 'theirs-1' is not tracked here",
            ),
            (
                "an unknown pair",
                [BatchMarket(pair="BTC-EUR", side=Side.BUY, amount="1")],
                UnknownPairError,
                "pair='BTC-EUR': VALR lists no such pair",
            ),
            (
                "one id twice",
                [BatchMarket(pair="BTC-ZAR", side=Side.BUY, amount="0.01", client_order_id="mine-1")] * 2,
                InvalidArgumentError,
                "operations='mine-1': is meant twice",
            ),
        )
    ),
    # --- wallets
    (
        "balance: a number",
        Stage.STARTED,
        now(lambda desk: desk.valr.balance(5)),  # type: ignore[arg-type]  # the mistake
        InvalidArgumentError,
        'currency=5: must be a code such as "ZAR"',
    ),
    *(
        (
            f"balance: {currency!r}",
            Stage.STARTED,
            balance(currency),
            InvalidArgumentError,
            f'currency={currency!r}: must be a code such as "ZAR"',
        )
        for currency in ("R", "zar", "Btc", "")
    ),
    # --- orders
    (
        "cancel: an order of somebody else",
        Stage.STARTED,
        lambda desk: desk.valr.cancel_order("theirs-1"),
        UnknownOrderError,
        "order 'theirs-1' is not tracked here",
    ),
    (
        "cancel: no order",
        Stage.STARTED,
        lambda desk: desk.valr.cancel_order(None),  # type: ignore[arg-type]  # the mistake
        InvalidArgumentError,
        "order=None: must be an order or its client order id",
    ),
    (
        "order: of somebody else",
        Stage.STARTED,
        now(lambda desk: desk.valr.order("theirs-1")),
        UnknownOrderError,
        "order 'theirs-1' is not tracked here",
    ),
    # --- events
    (
        "events: no room",
        Stage.STARTED,
        now(lambda desk: desk.valr.events(Event, capacity=0)),
        InvalidArgumentError,
        "capacity=0: has to be a whole number, at least 1",
    ),
    (
        "events: capacity as text",
        Stage.STARTED,
        now(lambda desk: desk.valr.events(Event, capacity="5")),  # type: ignore[call-overload]  # the mistake
        InvalidArgumentError,
        "capacity='5': has to be a whole number, at least 1",
    ),
    (
        "events: no way to overflow",
        Stage.STARTED,
        now(lambda desk: desk.valr.events(Event, on_overflow="drop")),  # type: ignore[call-overload]  # the mistake
        InvalidArgumentError,
        "on_overflow='drop': must be one of KEEP_ALL, DROP_OLDEST, ERROR",
    ),
    (
        "events: no type",
        Stage.STARTED,
        now(lambda desk: desk.valr.events("OrderFilled")),  # type: ignore[call-overload]  # the mistake
        InvalidArgumentError,
        "event_type=('OrderFilled',): has to be one or more classes of events",
    ),
    (
        "on: no class of events",
        Stage.STARTED,
        now(lambda desk: desk.valr.on(Fill, print)),  # type: ignore[type-var]  # the mistake
        InvalidArgumentError,
        "event_type=(<class 'valr_connector.model.order.Fill'>,): has to be one or more classes of events",
    ),
    (
        "on: no function",
        Stage.STARTED,
        now(lambda desk: desk.valr.on(Event, 5)),  # type: ignore[arg-type]  # the mistake
        InvalidArgumentError,
        "callback=5: has to be a function",
    ),
    # --- before and after
    *(
        (
            f"{what}: not started",
            Stage.NEW,
            call,
            NotReadyError,
            "not started: use 'async with', or await start()",
        )
        for what, call in (
            ("limit order", limit()),
            ("market order", market()),
            ("cancel", lambda desk: desk.valr.cancel_order("mine-1")),
            ("cancel all", lambda desk: desk.valr.cancel_all()),
            ("best bid", now(lambda desk: desk.valr.best_bid("BTC-ZAR"))),
            ("drop", now(lambda desk: desk.valr.drop_account_socket())),
        )
    ),
    *(
        (
            f"{what}: not started",
            Stage.NEW,
            call,
            NotReadyError,
            "no pairs are loaded: use 'async with', or await start()",
        )
        for what, call in (
            ("rules", now(lambda desk: desk.valr.pair_info("BTC-ZAR"))),
            ("price", now(lambda desk: desk.valr.quantise_price("BTC-ZAR", Side.BUY, 1))),
            ("amount", now(lambda desk: desk.valr.quantise_amount("BTC-ZAR", 1))),
        )
    ),
    *(
        (f"{what}: closed", Stage.CLOSED, call, ClosedError, "closed")
        for what, call in (
            ("limit order", limit()),
            ("market order", market()),
            ("cancel", lambda desk: desk.valr.cancel_order("mine-1")),
            ("cancel all", lambda desk: desk.valr.cancel_all()),
        )
    ),
    *(
        (
            f"{what}: closed",
            Stage.CLOSED,
            call,
            ClosedError,
            "the publisher is closed: no event comes any more",
        )
        for what, call in (
            ("events", now(lambda desk: desk.valr.events(Event))),
            ("on", now(lambda desk: desk.valr.on(Event, print))),
        )
    ),
    *(
        (
            f"start: {stage}",
            stage,
            lambda desk: desk.valr.start(),
            ClosedError,
            "a ValrExchange is started once; make a new one",
        )
        for stage in (Stage.STARTED, Stage.CLOSED)
    ),
    # --- credentials; values are not shown
    *(
        (
            f"{field}: {what}",
            Stage.NEW,
            credentials(key, secret),
            InvalidArgumentError,
            f"{field}='<hidden>': must be text of printable ASCII without spaces",
        )
        for field, what, key, secret in (
            ("api_key", "empty", "", KEY),
            ("api_key", "a line break", KEY + "\n", KEY),
            ("api_key", "nothing", None, KEY),
            ("api_secret", "empty", KEY, ""),
            ("api_secret", "a space", KEY, "a b"),
            ("api_secret", "bytes", KEY, b"secret"),
        )
    ),
    (
        "subaccount: no number",
        Stage.NEW,
        now(lambda _: ValrExchange(KEY, KEY, pairs=[], subaccount_id="main")),
        InvalidArgumentError,
        "subaccount_id='main': must be a decimal number",
    ),
    (
        "subaccount: an int",
        Stage.NEW,
        now(lambda _: ValrExchange(KEY, KEY, pairs=[], subaccount_id=7)),  # type: ignore[arg-type]  # the mistake
        InvalidArgumentError,
        "subaccount_id=7: must be a decimal number",
    ),
    (
        "environment: no key",
        Stage.NEW,
        now(lambda _: ValrExchange.from_env(pairs=[])),
        ConfigurationError,
        "VALR_API_KEY and VALR_API_SECRET must be set in the environment",
    ),
    *(
        (f"{field}: {what}", Stage.NEW, made_with(field, given), InvalidArgumentError, message)
        for field, what, given, message in (
            ("settings", "a dict", {}, "settings=<class 'dict'>: must be of type Settings"),
            ("journal", "text", "a.journal", "journal=<class 'str'>: must be of type Path"),
            ("record", "text", "session", "record=<class 'str'>: must be of type Path"),
            ("record", "a file", NO_DIRECTORY, f"record='{NO_DIRECTORY}': cannot be made: Not a directory"),
        )
    ),
    (
        "exchange: only its settings",
        Stage.NEW,
        now(lambda _: ValrExchange.simulated(pairs=[], exchange=SimulatorSettings())),  # type: ignore[arg-type]  # the mistake
        InvalidArgumentError,
        f"exchange={SimulatorSettings!r}: must be of type EmbeddedExchange",
    ),
    *(
        (
            f"dashboard: port {port}",
            Stage.STARTED,
            lambda desk, port=port: desk.valr.serve_dashboard(port),
            InvalidArgumentError,
            f"port={port}: must be 0 to 65535",
        )
        for port in (-1, 65536)
    ),
    # --- settings
    (
        "settings: an unknown one",
        Stage.NEW,
        settings(place_timeout=1),
        ConfigurationError,
        "place_timeout=1: there is no such setting; write it place_timeout_s",
    ),
    (
        "settings: one that is like no other",
        Stage.NEW,
        settings(leverage=5),
        ConfigurationError,
        "leverage=5: there is no such setting",
    ),
    (
        "settings: an unknown one within the hosts",
        Stage.NEW,
        settings(hosts={"rst": ""}),
        ConfigurationError,
        "hosts={'rst': ''}: rst='': there is no such setting; write it rest",
    ),
    *(
        (
            f"settings: a time of {value!r}",
            Stage.NEW,
            settings(place_timeout_s=value),
            ConfigurationError,
            f"place_timeout_s={value!r}: {rule}",
        )
        for value, rule in (
            (0, "Input should be greater than 0"),
            (-1.5, "Input should be greater than 0"),
            (3601, "Input should be less than or equal to 3600"),
            (float("nan"), "Input should be less than or equal to 3600"),
            ("soon", "Input should be a valid number, unable to parse string as a number"),
            (None, "Input should be a valid number"),
        )
    ),
    (
        "settings: no attempt",
        Stage.NEW,
        settings(cancel_attempts=0),
        ConfigurationError,
        "cancel_attempts=0: Input should be greater than or equal to 1",
    ),
    (
        "settings: an unknown way to close",
        Stage.NEW,
        settings(on_close="flee"),
        ConfigurationError,
        "on_close='flee': Input should be 'cancel' or 'leave'",
    ),
    (
        "settings: a prefix that VALR would refuse",
        Stage.NEW,
        settings(client_order_id_prefix="my_bot"),
        ConfigurationError,
        "client_order_id_prefix='my_bot': String should match pattern '^[0-9a-zA-Z]{1,12}$'",
    ),
    (
        "settings: silence that ends before the first ping",
        Stage.NEW,
        settings(ping_interval_s=60),
        ConfigurationError,
        "silence_timeout_s=45.0: has to exceed ping_interval_s (60.0)",
    ),
    (
        "settings: a bad host within",
        Stage.NEW,
        settings(hosts={"rest": "api.valr.com"}),
        ConfigurationError,
        f"hosts={{'rest': 'api.valr.com'}}: rest='api.valr.com': {REST_RULE}",
    ),
    *(
        (
            f"hosts: {field} {value!r}",
            Stage.NEW,
            host(field, value),
            ConfigurationError,
            f"{field}={value!r}: {rule}",
        )
        for field, value, rule in (
            ("rest", "https://api.valr.com/", REST_RULE),
            ("rest", "wss://api.valr.com", REST_RULE),
            ("rest", "https://", REST_RULE),
            ("account_socket", "https://api.valr.com/ws/account", ADDRESS_RULE),
            ("trade_socket", "wss://", ADDRESS_RULE),
            ("trade_socket", "wss://api.valr.com/ws trade", ADDRESS_RULE),
        )
    ),
]


@pytest.mark.untraced  # a connector for each row
@pytest.mark.parametrize(
    ("stage", "call", "error", "message"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS]
)
@in_virtual_time
async def test_a_callers_mistake_is_told_in_the_callers_words(
    stage: Stage, call: Call, error: type[ValrError], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("VALR_API_KEY", "VALR_API_SECRET"):
        monkeypatch.delenv(name, raising=False)
    async with not_trading(dataclasses.replace(AT_ONCE, cache=False)) as desk:
        if stage is not Stage.NEW:
            await desk.valr.start()
        if stage is Stage.CLOSED:
            await desk.valr.close()
        with pytest.raises(ValrError) as mistake:
            await call(desk)
        orders_there = len(desk.venue_orders())
        placed_before = "mine-1" in desk.valr.orders
        await desk.valr.close()
    assert (type(mistake.value), mistake.value.message) == (error, message)
    assert orders_there == (1 if placed_before else 0)


@in_virtual_time
async def test_a_coroutine_function_is_no_callback() -> None:
    async with not_trading() as desk:
        with pytest.raises(InvalidArgumentError) as mistake:
            await follow_with_a_coroutine(desk)
        assert mistake.value.field == "callback"
        assert mistake.value.rule == "has to be a plain function; a task reads events() instead"


def test_a_callers_error_can_be_caught_as_a_value_error() -> None:
    for error in {row[3] for row in ROWS} - {NotReadyError, ClosedError}:
        assert issubclass(error, CallerError)
        assert issubclass(error, ValueError)


async def test_an_argument_error_says_field_value_and_rule_apart() -> None:
    with pytest.raises(InvalidArgumentError) as mistake:
        ValrExchange(KEY, KEY, pairs=[], subaccount_id="main")
    assert (mistake.value.field, mistake.value.value) == ("subaccount_id", "main")
    assert mistake.value.rule == "must be a decimal number"
