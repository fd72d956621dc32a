"""Quantising over every pair that is known, against the check of the embedded exchange (protocol 6).

The exchange's rules are written from the protocol and share nothing with the library's: what the library lets
through, the exchange takes, and what it refuses for its size, the exchange would have refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valr_connector.core.order_entry import limit_order, market_order
from valr_connector.core.trading_rules import TradingRules, quantise_amount, quantise_price
from valr_connector.errors import OrderRuleError
from valr_connector.model.enums import Side
from valr_connector.model.market import PairInfo
from valr_connector.protocol.pair_rules import to_pair_info
from valr_connector.protocol.rest_bodies import PairRow
from valr_connector.simulator import rules
from valr_connector.simulator.exact import EXACT
from valr_connector.simulator.market_wire import pair_object
from valr_connector.simulator.pairs import DEFAULT_PAIRS
from valr_connector.simulator.vocabulary import NewOrder, PairSpec, Rejection

CORPUS = Path(__file__).parents[2] / "shared" / "frames" / "rest_public.jsonl"
_rows = msgspec.json.Decoder(list[PairRow])


def _odd(symbol: str, tick: str, decimals: str, base: tuple[str, str], quote: tuple[str, str]) -> Any:
    """A row with numbers of a shape that few pairs have."""
    return {
        "symbol": symbol,
        "baseCurrency": symbol[:-3],
        "quoteCurrency": symbol[-3:],
        "active": True,
        "tickSize": tick,
        "baseDecimalPlaces": decimals,
        "minBaseAmount": base[0],
        "maxBaseAmount": base[1],
        "minQuoteAmount": quote[0],
        "maxQuoteAmount": quote[1],
        "currencyPairType": "SPOT",
    }


OWN: list[Any] = [
    *(pair_object(pair) for pair in DEFAULT_PAIRS),
    _odd("PEPEZAR", "0.00000001", "0", ("44600", "2750000000"), ("10", "5000000")),
    _odd("GOLDZAR", "5", "1", ("0.1", "100"), ("10", "5000000")),
    _odd("QTRZAR", "0.25", "2", ("0.01", "1000"), ("0.01", "250000")),
    _odd("DUSTBTC", "0.000000000001", "18", ("0.000000000001", "1000000000000"), ("0.00000001", "5")),
    _odd("WIDEZAR", "1000", "8", ("0.00000001", "100"), ("1", "99999999")),
]


def _published() -> Iterator[Any]:
    """The rows of /v1/public/pairs in the corpus, where it lies beside the repository."""
    for line in CORPUS.read_bytes().splitlines() if CORPUS.is_file() else ():
        frame = orjson.loads(line)["frame"]
        if frame["path"].startswith("/v1/public/pairs"):
            yield from frame["body"]


def _known() -> dict[str, PairInfo]:
    rows = {row["symbol"]: row for row in (*OWN, *_published())}
    infos = [to_pair_info(row) for row in _rows.decode(orjson.dumps(list(rows.values())))]
    assert None not in infos, "a row lacks a rule"
    return {info.pair: msgspec.structs.replace(info, is_active=True) for info in infos if info is not None}


KNOWN = _known()


def spec_of(info: PairInfo) -> PairSpec:
    """The same rules as the exchange holds them; perpetuals without their need of a futures account."""
    places = -int(info.amount_step.as_tuple().exponent)
    return PairSpec(
        symbol=info.symbol,
        base=info.base,
        quote=info.quote,
        tick_size=info.tick_size,
        base_decimals=places,
        min_base=info.min_amount,
        max_base=info.max_amount,
        min_quote=info.min_notional,
        max_quote=info.max_notional,
    )


def refused_there(info: PairInfo, **order: Any) -> int | None:
    """The code with which the exchange refuses an order; None where it takes it."""
    with localcontext(EXACT):
        try:
            rules.check_request({info.symbol: spec_of(info)}, NewOrder(info.symbol, **order))
        except Rejection as rejection:
            return rejection.code
    return None


def is_on_grid(value: Decimal, step: Decimal) -> bool:
    with localcontext(EXACT):
        return value % step == 0


def around(least: Decimal, most: Decimal) -> st.SearchStrategy[Decimal]:
    """Numbers between two bounds, somewhat beyond them, and right at them."""
    places = min(20, max(0, -int(least.as_tuple().exponent)) + 2)
    inside = st.decimals(least * Decimal("0.9"), most * Decimal("1.1"), places=places)
    return st.one_of(inside, st.sampled_from([least, most]))


@st.composite
def wishes(draw: st.DrawFn) -> tuple[PairInfo, Side, Decimal, Decimal]:
    """A pair, a side, an amount and a price whose product is about what the pair takes."""
    info = draw(st.sampled_from(list(KNOWN.values())))
    notional = draw(around(info.min_notional, info.max_notional))
    amount = draw(around(info.min_amount, info.max_amount))
    with localcontext() as context:
        context.prec = 24
        price = max(notional / amount, Decimal("1e-15"))  # what needs more than 40 places is no number here
    return info, draw(st.sampled_from(Side)), amount, price


@given(wishes())
def test_a_quantised_order_is_on_the_grid_and_never_crosses_the_callers_intent(
    wish: tuple[PairInfo, Side, Decimal, Decimal],
) -> None:
    info, side, amount, price = wish
    grid_price, grid_amount = quantise_price(info, side, price), quantise_amount(info, amount)
    assert is_on_grid(grid_price, info.tick_size)
    assert is_on_grid(grid_amount, info.amount_step)
    assert grid_amount <= amount
    assert grid_price <= price if side is Side.BUY else grid_price >= price


@settings(max_examples=300)
@given(wishes())
def test_what_is_let_through_the_exchange_takes_and_what_is_refused_it_would_refuse(
    wish: tuple[PairInfo, Side, Decimal, Decimal],
) -> None:
    info, side, amount, price = wish
    given: dict[str, Any] = {"side": side.value.lower(), "kind": "limit"}
    try:
        order = limit_order(
            info,
            side,
            client_order_id="q-1",
            amount=amount,
            price=price,
            post_only=False,
            time_in_force="GTC",
        )
    except OrderRuleError:
        quantised = {"quantity": quantise_amount(info, amount), "price": quantise_price(info, side, price)}
        assert refused_there(info, **given, **quantised) in {-11, -12007, -39}
    else:
        assert refused_there(info, **given, quantity=order.amount, price=order.price) is None


@given(wishes(), st.booleans())
def test_a_market_order_that_is_let_through_the_exchange_takes(
    wish: tuple[PairInfo, Side, Decimal, Decimal], by_quote: bool
) -> None:
    info, side, amount, price = wish
    size: dict[str, Any] = {"amount": amount, "quote_amount": None}
    if by_quote:
        notional = quantise_price(info, side, price) * quantise_amount(info, amount)
        size = {"amount": None, "quote_amount": notional or info.min_notional}
    given: dict[str, Any] = {"side": side.value.lower(), "kind": "market"}
    try:
        order = market_order(info, side, client_order_id="q-1", **size)
    except OrderRuleError:
        return
    assert refused_there(info, **given, quantity=order.amount, quote_amount=order.quote_amount) is None


@pytest.mark.parametrize("name", KNOWN)
def test_each_pairs_smallest_order_is_taken_or_refused_by_both(name: str) -> None:
    info = KNOWN[name]
    with localcontext() as context:
        context.prec = 40
        price = quantise_price(info, Side.SELL, info.min_notional / info.min_amount)
    request = {"side": "sell", "kind": "limit", "quantity": info.min_amount, "price": price}
    taken_there = refused_there(info, **request) is None
    try:
        limit_order(
            info,
            Side.SELL,
            client_order_id="q-1",
            amount=info.min_amount,
            price=price,
            post_only=False,
            time_in_force="GTC",
        )
    except OrderRuleError:
        assert not taken_there
    else:
        assert taken_there


def test_names_are_mapped_both_ways_for_every_pair() -> None:
    known = TradingRules()
    known.replace(KNOWN.values())
    assert len(known) == len(KNOWN) > 10
    for info in KNOWN.values():
        assert known.symbol_of(info.pair) == info.symbol
        assert known.pair_of(info.symbol) == info.pair
        assert info.pair == f"{info.base}-{info.quote}" + ("-PERP" if info.is_perpetual else "")


def test_a_perpetual_is_named_by_its_currencies_and_not_by_cutting_its_symbol() -> None:
    perpetual = KNOWN["BTC-USDT-PERP"]
    assert (perpetual.symbol, perpetual.quote, perpetual.is_perpetual) == ("BTCUSDTPERP", "USDT", True)
