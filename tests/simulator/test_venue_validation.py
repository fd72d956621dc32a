"""What the venue refuses before an order gets an id (protocol 3.3, 6)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.simulator.trading_floor import TradingFloor, btc_zar
from valr_connector.simulator.vocabulary import NewOrder, Rejection

D = Decimal


@pytest.fixture
def floor() -> TradingFloor:
    return TradingFloor()


def refusal(floor: TradingFloor, request: NewOrder) -> Rejection:
    with pytest.raises(Rejection) as caught:
        floor.venue.accept("ann", request)
    assert floor.venue.orders("ann") == []
    assert floor.events == []
    return caught.value


def test_an_unknown_pair_is_unsupported(floor: TradingFloor) -> None:
    refused = refusal(floor, btc_zar()._replace(symbol="NOPEZAR"))
    assert (refused.status, refused.code, refused.message) == (400, -21, "Unsupported Currency Pair")


def test_an_inactive_pair_is_halted(floor: TradingFloor) -> None:
    refused = refusal(floor, btc_zar()._replace(symbol="SOLZAR"))
    assert (refused.code, refused.message) == (-32, "The given currency pair is not active")


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(NewOrder("BTCZAR", "buy", "market", quantity=D(1)), id="market"),
        pytest.param(btc_zar()._replace(post_only=True), id="post-only limit"),
    ],
)
def test_an_order_type_that_the_pair_lacks_is_refused(request_: NewOrder) -> None:
    floor = TradingFloor()
    pair = replace(floor.venue.pairs["BTCZAR"], order_types=("LIMIT",))
    venue = type(floor.venue)([pair], clock=floor.tick, rng=floor.venue._rng)
    venue.open_account("ann", {}, maker_percent=D(0), taker_percent=D(0))
    with pytest.raises(Rejection) as caught:
        venue.accept("ann", request_)
    assert caught.value.code == -12005
    venue.accept("ann", btc_zar())


def test_margin_is_not_enabled_for_anybody(floor: TradingFloor) -> None:
    assert refusal(floor, btc_zar()._replace(allow_margin=True)).code == -19213


@pytest.mark.parametrize("customer_order_id", ["with_underscore", "a b", "ä", "x" * 51, "line\n", "٣"])
def test_a_malformed_customer_order_id_is_refused(floor: TradingFloor, customer_order_id: str) -> None:
    assert refusal(floor, btc_zar(customer_order_id=customer_order_id)).code == -11


@pytest.mark.parametrize("customer_order_id", ["", "MM-1", "x" * 50, "-"])
def test_a_customer_order_id_of_letters_digits_and_dashes_is_taken(
    floor: TradingFloor, customer_order_id: str
) -> None:
    order = floor.venue.accept("ann", btc_zar(customer_order_id=customer_order_id))
    assert order.request.customer_order_id == customer_order_id


@pytest.mark.parametrize("price", ["1000.5", "0.5", "1000.00000001"])
def test_a_price_off_the_tick_is_refused(floor: TradingFloor, price: str) -> None:
    assert refusal(floor, btc_zar(price=price)).code == -11


@pytest.mark.parametrize(
    "number", ["0", "-1", "NaN", "sNaN", "Infinity", "-Infinity", "1E+21", "1." + "0" * 60]
)
def test_a_price_or_quantity_that_is_no_sensible_number_is_refused(floor: TradingFloor, number: str) -> None:
    assert refusal(floor, btc_zar(price=number)).code == -11
    assert refusal(floor, btc_zar(quantity=number)).code == -11


def test_a_limit_order_without_price_or_quantity_is_refused(floor: TradingFloor) -> None:
    assert refusal(floor, btc_zar()._replace(price=None)).code == -11
    assert refusal(floor, btc_zar()._replace(quantity=None)).code == -11


def test_a_limit_order_by_quote_amount_is_refused(floor: TradingFloor) -> None:
    assert refusal(floor, btc_zar()._replace(quote_amount=D(1000))).code == -11


@pytest.mark.parametrize("time_in_force", ["IOC", "FOK"])
def test_post_only_contradicts_an_immediate_order(floor: TradingFloor, time_in_force: str) -> None:
    contradiction = NewOrder(
        "BTCZAR",
        "buy",
        "limit",
        quantity=D(1),
        price=D(1000),
        post_only=True,
        time_in_force="IOC" if time_in_force == "IOC" else "FOK",
    )
    assert refusal(floor, contradiction).code == -11


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(NewOrder("BTCZAR", "buy", "market"), id="no amount"),
        pytest.param(
            NewOrder("BTCZAR", "buy", "market", quantity=D(1), quote_amount=D(1000)), id="both amounts"
        ),
        pytest.param(NewOrder("BTCZAR", "buy", "market", quantity=D(1), price=D(1000)), id="a price"),
        pytest.param(NewOrder("BTCZAR", "buy", "market", quantity=D(0)), id="zero base"),
        pytest.param(NewOrder("BTCZAR", "buy", "market", quote_amount=D(-5)), id="negative quote"),
    ],
)
def test_a_market_order_takes_exactly_one_positive_amount(floor: TradingFloor, request_: NewOrder) -> None:
    assert refusal(floor, request_).code == -11


def test_a_post_only_market_order_is_a_contradiction(floor: TradingFloor) -> None:
    contradiction = NewOrder("BTCZAR", "buy", "market", quantity=D(1), post_only=True)
    assert refusal(floor, contradiction).code == -11


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(btc_zar(quantity="0.00000999", price="5000000"), id="base"),
        pytest.param(btc_zar(quantity="0.00999999", price="1000"), id="quote"),
        pytest.param(btc_zar(quantity="0.000000001", price="5000000"), id="nothing left after truncation"),
        pytest.param(btc_zar(quantity="1E-200", price="5000000"), id="next to nothing"),
        pytest.param(NewOrder("BTCZAR", "sell", "market", quantity=D("0.000001")), id="market base"),
        pytest.param(NewOrder("BTCZAR", "buy", "market", quote_amount=D("9.99")), id="market quote"),
    ],
)
def test_an_order_below_either_minimum_is_too_small(floor: TradingFloor, request_: NewOrder) -> None:
    refused = refusal(floor, request_)
    assert refused.code == -12007
    assert refused.message == (
        "Minimum order size not met . Minimum amount: 0.00001 BTC, minimum total: 10 ZAR"
    )


@pytest.mark.parametrize(
    ("request_", "maximum"),
    [
        pytest.param(btc_zar(quantity="5.00000001", price="1000"), "5 BTC", id="base"),
        pytest.param(btc_zar(quantity="5", price="1000001"), "5000000 ZAR", id="quote"),
        pytest.param(NewOrder("BTCZAR", "sell", "market", quantity=D("5.1")), "5 BTC", id="market base"),
        pytest.param(
            NewOrder("BTCZAR", "buy", "market", quote_amount=D(5000001)), "5000000 ZAR", id="market quote"
        ),
    ],
)
def test_an_order_above_either_maximum_is_too_large(
    floor: TradingFloor, request_: NewOrder, maximum: str
) -> None:
    refused = refusal(floor, request_)
    assert (refused.code, refused.message) == (
        -39,
        f"Please decrease your amount.  The maximum is {maximum}",
    )


def test_an_order_of_exactly_the_minimum_or_the_maximum_is_taken(floor: TradingFloor) -> None:
    floor.venue.accept("ann", btc_zar(quantity="0.01", price="1000"))
    floor.venue.accept("ann", btc_zar(quantity="5", price="1000000"))
    floor.venue.accept("ann", NewOrder("BTCZAR", "buy", "market", quote_amount=D(10)))


def test_an_over_precise_quantity_is_cut_to_the_pairs_decimals(floor: TradingFloor) -> None:
    order = floor.venue.accept("ann", btc_zar(quantity="0.123456789"))
    assert order.original_quantity == order.remaining_quantity == D("0.12345678")


def test_a_pair_without_decimals_trades_whole_units(floor: TradingFloor) -> None:
    order = floor.limit("ann", "buy", "50000.9", "0.00002", symbol="SHIBUSDC")
    assert order.remaining_quantity == 50000
    assert floor.reserved("ann", "USDC") == 1


def test_a_price_is_written_with_the_ticks_decimals(floor: TradingFloor) -> None:
    assert str(floor.venue.accept("ann", btc_zar(price="1000.000")).price) == "1000"


def test_an_account_that_nobody_opened_is_an_error_of_the_caller(floor: TradingFloor) -> None:
    with pytest.raises(LookupError, match="'dan'"):
        floor.venue.accept("dan", btc_zar())


class TestCustomerOrderIdUniqueness:
    def test_the_id_of_an_open_order_is_refused_at_validation(self, floor: TradingFloor) -> None:
        floor.limit("ann", "buy", "1", "1000", customer_order_id="MM-1")
        with pytest.raises(Rejection) as caught:
            floor.venue.accept("ann", btc_zar(customer_order_id="MM-1"))
        assert (caught.value.code, caught.value.message) == (
            -11502,
            "Duplicate customer order id's are not allowed",
        )

    def test_the_id_of_an_accepted_and_unprocessed_order_is_refused_too(self, floor: TradingFloor) -> None:
        floor.venue.accept("ann", btc_zar(customer_order_id="MM-1"))
        with pytest.raises(Rejection) as caught:
            floor.venue.accept("ann", btc_zar(customer_order_id="MM-1"))
        assert caught.value.code == -11502

    def test_the_id_is_free_again_after_the_order_ended(self, floor: TradingFloor) -> None:
        first = floor.limit("ann", "buy", "1", "1000", customer_order_id="MM-1")
        floor.venue.cancel("ann", "BTCZAR", order_id=first.order_id)
        second = floor.limit("ann", "buy", "1", "1000", customer_order_id="MM-1")
        assert second.is_open
        assert floor.venue.order_by_customer_id("ann", "MM-1") is second

    def test_two_accounts_may_use_the_same_id(self, floor: TradingFloor) -> None:
        floor.limit("ann", "buy", "1", "1000", customer_order_id="MM-1")
        assert floor.limit("bob", "buy", "1", "1000", customer_order_id="MM-1").is_open

    def test_orders_without_an_id_never_collide(self, floor: TradingFloor) -> None:
        assert floor.limit("ann", "buy", "1", "1000").is_open
        assert floor.limit("ann", "buy", "1", "1000").is_open

    def test_a_late_refusing_venue_lets_the_duplicate_end_as_failed(self) -> None:
        floor = TradingFloor(duplicate_ids_fail_late=True)
        first = floor.limit("ann", "buy", "1", "1000", customer_order_id="MM-1")
        second = floor.limit("ann", "buy", "1", "1000", customer_order_id="MM-1")
        assert first.is_open
        assert (second.state, second.failed_reason) == (
            "Failed",
            "Duplicate customer order id's are not allowed",
        )

    def test_a_late_refusing_venue_gives_the_id_to_the_first_that_was_accepted(self) -> None:
        floor = TradingFloor(duplicate_ids_fail_late=True)
        first = floor.venue.accept("ann", btc_zar(customer_order_id="MM-1"))
        second = floor.venue.accept("ann", btc_zar(customer_order_id="MM-1"))
        floor.venue.process(second.order_id)
        floor.venue.process(first.order_id)
        assert second.state == "Failed"
        assert first.is_open

    def test_a_late_refusing_venue_takes_the_duplicate_once_the_first_has_ended(self) -> None:
        floor = TradingFloor(duplicate_ids_fail_late=True)
        first = floor.limit("ann", "buy", "1", "1000", customer_order_id="MM-1")
        second = floor.venue.accept("ann", btc_zar(customer_order_id="MM-1"))
        floor.venue.cancel("ann", "BTCZAR", order_id=first.order_id)
        floor.venue.process(second.order_id)
        assert second.is_open
