"""One tree of errors, and messages that say what was wrong, with what, and what it should be."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.unit.core.builders import PAIR_INFO, new_order
from valr_connector import errors as e
from valr_connector.core.order_entry import limit_order, market_order
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.order_tracker import OrderTracker
from valr_connector.core.reconcile import Patience, Questions
from valr_connector.core.trading_rules import TradingRules
from valr_connector.model.enums import Side, TimeInForce
from valr_connector.model.market import PairInfo

FINE = replace(PAIR_INFO, tick_size=Decimal("0.00000001"), min_notional=Decimal(0))


def limit(
    info: PairInfo = PAIR_INFO,
    *,
    side: object = Side.BUY,
    amount: object = "1",
    price: object = "1000000",
    client_order_id: object = "MM-1",
    post_only: bool = False,
    time_in_force: object = TimeInForce.GTC,
) -> OrderRecord:
    return limit_order(
        info,
        side,
        client_order_id=client_order_id,
        amount=amount,
        price=price,
        post_only=post_only,
        time_in_force=time_in_force,
    )


def market(*, amount: object = None, quote_amount: object = None, side: object = Side.SELL) -> OrderRecord:
    return market_order(PAIR_INFO, side, client_order_id="MM-1", amount=amount, quote_amount=quote_amount)


def known_pairs() -> TradingRules:
    rules = TradingRules()
    rules.replace([PAIR_INFO])
    return rules


def tracked_twice() -> None:
    tracker = OrderTracker(Questions(Patience()))
    tracker.track(new_order("MM-1"))
    tracker.track(new_order("MM-1"))


CALLER_ERRORS: list[tuple[Callable[[], object], type[e.CallerError], str]] = [
    (
        lambda: limit(amount=0.1),
        e.InvalidArgumentError,
        "amount=0.1: floats are refused; give a Decimal, an int or text",
    ),
    (
        lambda: limit(price=None),
        e.InvalidArgumentError,
        "price=None: must be a Decimal, an int or text",
    ),
    (lambda: limit(price=True), e.InvalidArgumentError, "price=True: must be a Decimal, an int or text"),
    (lambda: limit(price="12,5"), e.InvalidArgumentError, "price='12,5': is not a number"),
    (lambda: limit(amount="NaN"), e.InvalidArgumentError, "amount='NaN': must be finite"),
    (lambda: limit(amount="1e41"), e.InvalidArgumentError, "amount='1e41': must have at most 40 digits"),
    (lambda: limit(amount="0"), e.InvalidArgumentError, "amount='0': must be more than zero"),
    (
        lambda: limit(price=Decimal(-1)),
        e.InvalidArgumentError,
        "price=Decimal('-1'): must be more than zero",
    ),
    (lambda: limit(side="buy"), e.InvalidArgumentError, "side='buy': must be Side.BUY or Side.SELL"),
    (lambda: market(amount=1, side=None), e.InvalidArgumentError, "side=None: must be Side.BUY or Side.SELL"),
    (
        lambda: limit(time_in_force="DAY"),
        e.InvalidArgumentError,
        "time_in_force='DAY': must be GTC, IOC or FOK",
    ),
    (
        lambda: limit(post_only=True, time_in_force="IOC"),
        e.InvalidArgumentError,
        "time_in_force='IOC': a post-only order can only rest: it has to be GTC",
    ),
    (
        lambda: limit(client_order_id="mm_1"),
        e.InvalidArgumentError,
        "client_order_id='mm_1': must be 1 to 50 of the characters 0-9, a-z, A-Z and -",
    ),
    (
        lambda: limit(client_order_id=7),
        e.InvalidArgumentError,
        "client_order_id=7: must be 1 to 50 of the characters 0-9, a-z, A-Z and -",
    ),
    (tracked_twice, e.InvalidArgumentError, "client_order_id='MM-1': was used before"),
    (
        market,
        e.InvalidArgumentError,
        "amount=None: give exactly one of amount and quote_amount",
    ),
    (
        lambda: market(amount=1, quote_amount=10),
        e.InvalidArgumentError,
        "amount=1: give exactly one of amount and quote_amount",
    ),
    (
        lambda: market(quote_amount="-5"),
        e.InvalidArgumentError,
        "quote_amount='-5': must be more than zero",
    ),
    (lambda: limit(price="0.4"), e.OrderRuleError, "price='0': BTC-ZAR has tick size 1"),
    (
        lambda: limit(FINE, price="0.000000001"),
        e.OrderRuleError,
        "price='0': BTC-ZAR has tick size 0.00000001",
    ),
    (
        lambda: limit(amount="0.000099999"),
        e.OrderRuleError,
        "amount='0.00009999': BTC-ZAR needs at least 0.0001 BTC",
    ),
    (lambda: limit(amount="20.50"), e.OrderRuleError, "amount='20.5': BTC-ZAR allows at most 2 BTC"),
    (
        lambda: limit(amount="0.001", price="9000"),
        e.OrderRuleError,
        "notional='9': BTC-ZAR needs at least 10 ZAR",
    ),
    (
        lambda: limit(amount="2", price="3000000"),
        e.OrderRuleError,
        "notional='6000000': BTC-ZAR allows at most 5000000 ZAR",
    ),
    (lambda: market(quote_amount="9"), e.OrderRuleError, "notional='9': BTC-ZAR needs at least 10 ZAR"),
    (
        lambda: limit(replace(PAIR_INFO, is_active=False)),
        e.OrderRuleError,
        "pair='BTC-ZAR': VALR does not trade this pair at present",
    ),
    (
        lambda: known_pairs().pair("BTCZAR"),
        e.UnknownPairError,
        "pair='BTCZAR': VALR lists no such pair; write it BTC-ZAR",
    ),
    (lambda: known_pairs().pair("DOGE-ZAR"), e.UnknownPairError, "pair='DOGE-ZAR': VALR lists no such pair"),
]


@pytest.mark.parametrize(("call", "kind", "message"), CALLER_ERRORS, ids=[row[2] for row in CALLER_ERRORS])
def test_a_wrong_call_is_refused_with_exactly_these_words(
    call: Callable[[], object], kind: type[e.CallerError], message: str
) -> None:
    with pytest.raises(e.CallerError) as caught:
        call()
    assert (type(caught.value), caught.value.message) == (kind, message)


def test_an_error_about_an_argument_names_field_value_and_rule() -> None:
    error = e.InvalidArgumentError("price", "x", "is not a number")
    assert (error.field, error.value, error.rule) == ("price", "x", "is not a number")


def test_a_number_that_python_does_not_write_out_is_named_by_its_kind() -> None:
    error = e.InvalidArgumentError("price", 10**5000, "must be less")
    assert error.message == "price=an int too long to be shown: must be less"


def test_an_order_that_is_not_tracked_is_named() -> None:
    error = e.UnknownOrderError("MM-9")
    assert (error.message, error.order_id) == ("order 'MM-9' is not tracked here", "MM-9")


# --- the tree --------------------------------------------------------------------------------------

DRAWN = re.compile(r"^ {4}((?:│   |    )*)(?:├── |└── )(\w+)", re.MULTILINE)


def drawn_tree() -> dict[str, str]:
    """Each error's parent, as the drawing in the module's docstring has it."""
    above = ["ValrError"]
    parents: dict[str, str] = {}
    for branch in DRAWN.finditer(e.__doc__ or ""):
        depth = len(branch[1]) // 4 + 1
        del above[depth:]
        parents[branch[2]] = above[-1]
        above.append(branch[2])
    return parents


def test_every_error_hangs_where_the_tree_draws_it() -> None:
    kinds = [kind for kind in vars(e).values() if isinstance(kind, type) and issubclass(kind, e.ValrError)]
    assert drawn_tree() == {kind.__name__: kind.__bases__[0].__name__ for kind in kinds[1:]}


def test_a_wrong_call_is_also_a_value_error() -> None:
    assert issubclass(e.CallerError, ValueError)


def test_an_error_of_the_exchange_is_no_wrong_call() -> None:
    assert not issubclass(e.ExchangeError, e.CallerError)


# --- what VALR answered ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (e.ExchangeError("Insufficient Balance"), "Insufficient Balance"),
        (e.ExchangeError("Invalid", code=-11, status=400), "Invalid (HTTP 400, code -11)"),
        (
            e.OrderRefusedError("Too small", code=-12007, status=400, request="POST /v2/orders/limit"),
            "Too small (POST /v2/orders/limit, HTTP 400, code -12007)",
        ),
        (e.ReadOnlyError("Read only", request="PLACE_LIMIT_ORDER"), "Read only (PLACE_LIMIT_ORDER)"),
    ],
)
def test_an_answer_is_told_with_what_is_known_of_it(error: e.ExchangeError, message: str) -> None:
    assert error.message == message


def test_an_answer_keeps_its_parts() -> None:
    error = e.ExchangeError("Invalid", code=-11, status=400, request="GET /", order_id="ex-1")
    assert (error.reason, error.code, error.status, error.request, error.order_id) == (
        "Invalid",
        -11,
        400,
        "GET /",
        "ex-1",
    )


def test_a_rate_limit_says_how_long_to_wait_only_if_valr_did() -> None:
    assert e.RateLimitedError("Too many requests").retry_after_s is None


# --- bytes that do not fit -------------------------------------------------------------------------


def test_a_decode_error_names_the_frame_the_field_and_the_value() -> None:
    error = e.DecodeError("BALANCE_UPDATE", "data.available", "abc", "is not a number")
    assert error.message == "BALANCE_UPDATE: data.available: is not a number: abc"
    assert (error.kind, error.field, error.value, error.problem) == (
        "BALANCE_UPDATE",
        "data.available",
        "abc",
        "is not a number",
    )


def test_a_decode_error_of_the_whole_says_frame() -> None:
    assert e.DecodeError("?", "", "{", "is no JSON").message == "?: frame: is no JSON: {"


@pytest.mark.parametrize(("length", "shown"), [(80, 80), (81, 80), (9_000, 80)])
def test_a_decode_error_shows_at_most_eighty_characters(length: int, shown: int) -> None:
    error = e.DecodeError("?", "", "x" * length, "is no JSON")
    assert len(error.value) == shown
    assert error.value.endswith("..." if length > 80 else "xxx")


# --- the order journal -----------------------------------------------------------------------------


def test_a_damaged_journal_names_the_file_the_byte_and_the_damage() -> None:
    error = e.JournalCorruptError("orders.journal", 4_096, "the checksum differs")
    assert error.message == "orders.journal: the record at byte 4096 is damaged: the checksum differs"
    assert (error.path, error.offset) == ("orders.journal", 4_096)
