"""From published pairs to the rules that are traded by (protocol 6, 7.4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest

from valr_connector.core.trading_rules import check_limit_order, quantise_amount
from valr_connector.errors import OrderRuleError
from valr_connector.model.market import PairInfo
from valr_connector.protocol import endpoints
from valr_connector.protocol.pair_rules import to_pair_infos

ROW = {
    "symbol": "BTCZAR",
    "baseCurrency": "BTC",
    "quoteCurrency": "ZAR",
    "shortName": "BTC/ZAR",
    "active": True,
    "minBaseAmount": "0.0001",
    "maxBaseAmount": "7",
    "minQuoteAmount": "10",
    "maxQuoteAmount": "5000000",
    "tickSize": "1",
    "baseDecimalPlaces": "8",
    "marginTradingAllowed": True,
    "currencyPairType": "SPOT",
    "initialMarginFraction": "0.2",
}


def infos(*rows: dict[str, Any]) -> list[PairInfo]:
    return to_pair_infos(endpoints.pairs().decode(orjson.dumps(list(rows))))


def test_a_pair_is_read_in_full() -> None:
    [info] = infos(ROW)
    assert (info.pair, info.symbol, info.base, info.quote) == ("BTC-ZAR", "BTCZAR", "BTC", "ZAR")
    assert (info.tick_size, info.amount_step) == (Decimal(1), Decimal("0.00000001"))
    assert (info.min_amount, info.max_amount) == (Decimal("0.0001"), Decimal(7))
    assert (info.min_notional, info.max_notional) == (Decimal(10), Decimal(5000000))
    assert (info.is_active, info.is_perpetual, info.margin_allowed) == (True, False, True)


@pytest.mark.parametrize(
    ("places", "step"),
    [("8", "0.00000001"), ("4", "0.0001"), ("1", "0.1"), ("0", "1"), (0, "1"), (3, "0.001")],
)
def test_base_decimal_places_are_a_count_and_not_a_step(places: Any, step: str) -> None:
    [info] = infos({**ROW, "baseDecimalPlaces": places})
    assert info.amount_step == Decimal(step)


def test_where_valr_states_no_smallest_order_it_is_a_step_and_not_nothing() -> None:
    [info] = infos({**ROW, "minBaseAmount": "0", "minQuoteAmount": "0"})
    with pytest.raises(OrderRuleError, match=r"BTC-ZAR needs at least 0\.00000001 BTC"):
        check_limit_order(info, quantise_amount(info, Decimal("0.000000009")), Decimal(900_000))


def test_a_perpetual_says_so_in_its_name() -> None:
    [info] = infos({**ROW, "symbol": "1000PEPEUSDTPERP", "baseCurrency": "1000PEPE", "quoteCurrency": "USDT",
                    "currencyPairType": "FUTURE", "marginTradingAllowed": False})  # fmt: skip
    assert (info.pair, info.symbol, info.is_perpetual) == ("1000PEPE-USDT-PERP", "1000PEPEUSDTPERP", True)
    assert not info.margin_allowed


@pytest.mark.parametrize(
    ("flag", "is_active"), [(True, True), ("true", True), (False, False), ("false", False)]
)
def test_an_inactive_pair_is_marked(flag: bool | str, is_active: bool) -> None:
    assert infos({**ROW, "active": flag})[0].is_active is is_active


def test_the_rand_is_zar_in_every_pair() -> None:
    assert infos({**ROW, "quoteCurrency": "R"})[0].pair == "BTC-ZAR"


@pytest.mark.parametrize(
    "field",
    ["tickSize", "baseDecimalPlaces", "minBaseAmount", "maxBaseAmount", "minQuoteAmount", "maxQuoteAmount"],
)
@pytest.mark.parametrize("absent", ["missing", None, ""])
def test_a_row_that_lacks_a_rule_is_left_out(field: str, absent: str | None) -> None:
    row = {key: value for key, value in ROW.items() if key != field}
    lacking = row if absent == "missing" else {**row, field: absent}
    assert [info.symbol for info in infos(lacking, {**ROW, "symbol": "ETHZAR"})] == ["ETHZAR"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"tickSize": "0"},
        {"tickSize": "-1"},
        {"baseDecimalPlaces": "-1"},
        {"baseDecimalPlaces": "41"},
        {"baseDecimalPlaces": "1.5"},
        {"baseDecimalPlaces": "1e99"},
    ],
)
def test_a_row_with_a_rule_that_makes_no_sense_is_left_out(wrong: dict[str, str]) -> None:
    assert infos({**ROW, **wrong}) == []
