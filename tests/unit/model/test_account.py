"""What a key may do."""

from __future__ import annotations

import pytest

from valr_connector.model.account import ApiKeyInfo


@pytest.mark.parametrize(
    ("permissions", "can_view", "can_trade"),
    [
        ({"View access", "Trade"}, True, True),
        ({"View access"}, True, False),
        ({"Trade"}, False, True),
        (set(), False, False),
        ({"Withdraw"}, False, False),
    ],
)
def test_a_key_may_do_what_its_permissions_name(
    permissions: set[str], can_view: bool, can_trade: bool
) -> None:
    key = ApiKeyInfo("bot", frozenset(permissions))
    assert (key.can_view, key.can_trade) == (can_view, can_trade)


def test_a_key_is_of_the_primary_account_unless_valr_says_otherwise() -> None:
    assert not ApiKeyInfo("bot", frozenset()).is_subaccount
