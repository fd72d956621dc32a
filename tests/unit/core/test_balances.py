"""The newest known state of each wallet."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.core.builders import at
from valr_connector.core.balances import Balances, checked_currency
from valr_connector.errors import InvalidArgumentError
from valr_connector.model.account import Balance
from valr_connector.model.events import BalanceChanged


def wallet(
    currency: str = "ZAR", available: int = 100, reserved: int = 0, second: float | None = None
) -> Balance:
    total = Decimal(available + reserved)
    updated_at = None if second is None else at(second)
    return Balance(currency, Decimal(available), Decimal(reserved), total, updated_at)


def test_a_wallet_that_was_never_listed_is_empty() -> None:
    assert Balances()["BTC"] == Balance("BTC", Decimal(0), Decimal(0), Decimal(0))


def test_an_update_is_taken_over_and_told() -> None:
    balances = Balances()
    assert balances.update(wallet(second=1)) == (BalanceChanged(wallet(second=1)),)
    assert balances["ZAR"] == wallet(second=1)
    assert balances.by_currency == {"ZAR": wallet(second=1)}


def test_an_update_replaces_the_amounts_it_does_not_add_to_them() -> None:
    balances = Balances()
    balances.update(wallet(available=100, second=1))
    balances.update(wallet(available=60, reserved=40, second=2))
    assert (balances["ZAR"].available, balances["ZAR"].reserved) == (Decimal(60), Decimal(40))


def test_an_older_update_is_left_out() -> None:
    balances = Balances()
    balances.update(wallet(available=60, second=2))
    assert not balances.update(wallet(available=100, second=1))
    assert balances["ZAR"].available == Decimal(60)


def test_of_two_updates_of_one_instant_the_later_counts() -> None:
    balances = Balances()
    balances.update(wallet(available=60, second=2))
    assert balances.update(wallet(available=50, second=2))


def test_an_update_without_a_time_counts_as_news() -> None:
    balances = Balances()
    balances.update(wallet(available=60, second=2))
    assert balances.update(wallet(available=50))
    assert balances.update(wallet(available=40, second=1))


def test_an_update_of_the_time_alone_is_kept_and_not_told() -> None:
    balances = Balances()
    balances.update(wallet(second=1))
    assert not balances.update(wallet(second=3))
    assert not balances.update(wallet(available=1, second=2))
    assert balances["ZAR"] == wallet(second=3)


def test_each_of_the_amounts_counts_as_a_change() -> None:
    balances = Balances()
    zero = Decimal(0)
    balances.update(Balance("ZAR", zero, zero, zero))
    assert balances.update(Balance("ZAR", zero, zero, Decimal(1)))
    assert balances.update(Balance("ZAR", zero, Decimal(1), Decimal(1)))
    assert balances.update(Balance("ZAR", Decimal(1), Decimal(1), Decimal(1)))


def test_a_complete_list_is_taken_over_and_empties_what_it_leaves_out() -> None:
    balances = Balances()
    balances.update(wallet("BTC", second=1))
    changes = balances.replace([wallet("ZAR", available=7, second=2)])
    emptied = Balance("BTC", Decimal(0), Decimal(0), Decimal(0), at(2))
    assert changes == [BalanceChanged(wallet("ZAR", available=7, second=2)), BalanceChanged(emptied)]


def test_a_list_older_than_the_news_of_a_wallet_does_not_empty_it() -> None:
    balances = Balances()
    balances.update(wallet("BTC", second=3))
    balances.replace([wallet("ZAR", second=2)])
    assert balances["BTC"].available == Decimal(100)


def test_a_list_without_any_time_empties_what_it_leaves_out() -> None:
    balances = Balances()
    balances.update(wallet("BTC", second=3))
    balances.replace([wallet("ZAR")])
    assert balances["BTC"].available == Decimal(0)


def test_a_wallet_that_stays_empty_is_not_told_again() -> None:
    balances = Balances()
    balances.update(wallet("BTC", second=1))
    balances.replace([wallet("ZAR", second=2)])
    assert balances.replace([wallet("ZAR", second=3)]) == []


def test_an_empty_list_empties_everything() -> None:
    balances = Balances()
    balances.update(wallet("BTC", second=1))
    assert len(balances.replace([])) == 1
    assert balances["BTC"].total == Decimal(0)


@pytest.mark.parametrize("written", ["R", "zar", "", None])
def test_what_is_no_code_is_refused(written: object) -> None:
    with pytest.raises(InvalidArgumentError, match='must be a code such as "ZAR"'):
        checked_currency(written, {"ZAR"})


def test_a_code_that_valr_itself_named_is_one() -> None:
    assert [checked_currency(code, {"ZAR", "xyz"}) for code in ("ZAR", "BTC", "xyz")] == ["ZAR", "BTC", "xyz"]
