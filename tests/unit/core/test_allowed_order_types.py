"""An order of a type that the pair does not take is refused here, as far as VALR has told what it takes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from tests.unit.core.builders import PAIR_INFO
from valr_connector.core.order_entry import limit_order, market_order, stop_limit_order
from valr_connector.core.order_record import OrderRecord
from valr_connector.errors import OrderRuleError
from valr_connector.model.enums import OrderType, Side
from valr_connector.model.market import PairInfo

Entry = Callable[[PairInfo], OrderRecord]


def limit(info: PairInfo, *, post_only: bool = False) -> OrderRecord:
    return limit_order(
        info,
        Side.BUY,
        client_order_id="q-1",
        amount="0.5",
        price="1000000",
        post_only=post_only,
        time_in_force="GTC",
    )


def market(info: PairInfo) -> OrderRecord:
    return market_order(info, Side.BUY, client_order_id="q-1", amount="0.5", quote_amount=None)


def stop(info: PairInfo) -> OrderRecord:
    return stop_limit_order(
        info,
        Side.SELL,
        client_order_id="q-1",
        order_type=OrderType.STOP_LOSS_LIMIT,
        amount="0.5",
        price="900000",
        stop_price="910000",
    )


ENTRIES: dict[str, Entry] = {
    "LIMIT": limit,
    "LIMIT_POST_ONLY": lambda info: limit(info, post_only=True),
    "MARKET": market,
    "STOP_LOSS_LIMIT": stop,
}


@pytest.mark.parametrize(("word", "entry"), ENTRIES.items(), ids=ENTRIES)
def test_only_the_types_that_the_pair_takes_are_let_through(word: str, entry: Entry) -> None:
    assert entry(replace(PAIR_INFO, order_types=(word,))).amount
    others = tuple(sorted(set(ENTRIES) - {word}))
    with pytest.raises(OrderRuleError) as caught:
        entry(replace(PAIR_INFO, order_types=others))
    assert (caught.value.field, caught.value.value) == ("order_type", word)
    assert caught.value.rule == f"BTC-ZAR takes {', '.join(others)} at present"


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_while_valr_has_not_told_the_types_none_is_refused(entry: Entry) -> None:
    assert entry(replace(PAIR_INFO, order_types=None)).amount


def test_a_pair_that_takes_no_orders_says_so() -> None:
    with pytest.raises(OrderRuleError, match="takes no orders at present"):
        limit(replace(PAIR_INFO, order_types=()))
