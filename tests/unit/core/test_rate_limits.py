"""VALR's limits as data: what counts where, and what each lane may use."""

from __future__ import annotations

from itertools import pairwise

import pytest

from valr_connector.core import rate_limits as limits
from valr_connector.core.commands import CommandKind
from valr_connector.core.rate_limits import (
    LANE_PERCENT,
    SHRINK_PERCENT,
    Scope,
    WindowRule,
    budgets,
    windows_of,
)
from valr_connector.errors import InvalidArgumentError
from valr_connector.protocol.endpoints import ENDPOINTS
from valr_connector.protocol.requests import Lane

BOTH_MINUTES = (limits.KEY_MINUTE, limits.HOST_MINUTE)


@pytest.mark.parametrize(
    ("operation", "rules"),
    [
        ("GET /v1/public/time", (limits.TIME,)),
        ("GET /v1/public/status", (limits.STATUS,)),
        ("GET /v1/public/BTCZAR/buckets", (limits.BUCKETS,)),
        ("GET /v1/public/{pair}/markprice/buckets", (limits.BUCKETS,)),
        ("GET /v1/public/pairs", (limits.HOST_MINUTE, limits.PUBLIC_MINUTE)),
        ("GET /v1/public/pairs/SPOT", (limits.HOST_MINUTE, limits.PUBLIC_MINUTE)),
        ("POST /v1/batch/orders", (limits.BATCH,)),
        ("POST /v1/orders/stop/limit", (limits.PLACE,)),
        ("DELETE /v1/orders", (limits.CANCEL,)),
        ("DELETE /v1/orders/{pair}", (limits.CANCEL,)),
        ("PUT /v2/orders/modify", (limits.MODIFY,)),
        ("PUT /v1/loans/rate", (limits.LOANS,)),
        ("POST /v1/account/subaccount", (limits.SUBACCOUNTS,)),
        ("POST /v1/account/subaccounts/transfer", (limits.TRANSFERS,)),
        ("POST /v2/orders/limit", BOTH_MINUTES),
        ("DELETE /v2/orders/order", BOTH_MINUTES),
        ("GET /v1/orders/open", BOTH_MINUTES),
        ("GET /v1/loans/rates", BOTH_MINUTES),
        ("GET /v1/account/balances", BOTH_MINUTES),
        ("DIAL", (limits.DIALS,)),
        ("PLACE_LIMIT_ORDER", (limits.SOCKET_PLACE,)),
        ("PLACE_MARKET_ORDER", (limits.SOCKET_PLACE,)),
        ("CANCEL_LIMIT_ORDER", (limits.SOCKET_CANCEL,)),
        ("MODIFY_ORDER", (limits.SOCKET_MODIFY,)),
        ("BATCH_ORDERS", (limits.SOCKET_BATCH,)),
    ],
)
def test_an_operation_counts_in_the_windows_that_the_documentation_names(
    operation: str, rules: tuple[WindowRule, ...]
) -> None:
    assert tuple(windows_of(operation)) == rules


@pytest.mark.parametrize("operation", ["", "PLACE", "/v1/orders", "get /v1/orders", "PING"])
def test_what_is_no_operation_is_refused(operation: str) -> None:
    with pytest.raises(InvalidArgumentError, match="operation="):
        windows_of(operation)


def test_every_rest_call_and_every_command_of_the_library_counts_somewhere() -> None:
    for endpoint in ENDPOINTS:
        assert windows_of(endpoint.name)
    for kind in CommandKind:
        assert kind in limits.COMMANDS


@pytest.mark.parametrize(
    ("rule", "limit", "period_s"),
    [
        (limits.KEY_MINUTE, 2000, 60),
        (limits.HOST_MINUTE, 1200, 60),
        (limits.PUBLIC_MINUTE, 30, 60),
        (limits.TIME, 20, 1),
        (limits.STATUS, 20, 1),
        (limits.BUCKETS, 20, 1),
        (limits.BATCH, 400, 1),
        (limits.PLACE, 400, 1),
        (limits.CANCEL, 450, 1),
        (limits.MODIFY, 400, 1),
        (limits.LOANS, 1, 1),
        (limits.SUBACCOUNTS, 1, 1),
        (limits.TRANSFERS, 20, 1),
        (limits.SOCKET_PLACE, 400, 1),
        (limits.SOCKET_CANCEL, 450, 1),
        (limits.SOCKET_BATCH, 400, 1),
        (limits.SOCKET_MODIFY, 400, 1),
        (limits.DIALS, 60, 60),
    ],
    ids=lambda value: value.name if isinstance(value, WindowRule) else None,
)
def test_the_figures_are_those_of_the_documentation(rule: WindowRule, limit: int, period_s: int) -> None:
    assert (rule.limit, rule.period_ns) == (limit, period_s * 1_000_000_000)


def test_only_the_window_of_a_key_is_counted_per_key() -> None:
    assert limits.KEY_MINUTE.scope is Scope.KEY
    assert {rule.scope for rule in (limits.HOST_MINUTE, limits.SOCKET_PLACE, limits.DIALS)} == {Scope.HOST}


def test_cancels_may_use_the_whole_of_a_shared_window_and_placements_may_not() -> None:
    assert budgets(limits.HOST_MINUTE, Lane.CANCEL, 1.0)[0] == 1200
    assert budgets(limits.HOST_MINUTE, Lane.PLACE, 1.0)[0] == 1020


def test_every_lane_leaves_at_least_as_much_as_the_more_urgent_ones() -> None:
    assert list(LANE_PERCENT) == list(Lane)
    assert all(more >= less for more, less in pairwise(LANE_PERCENT.values()))


def test_a_window_of_one_lane_has_no_reserve() -> None:
    assert budgets(limits.SOCKET_PLACE, Lane.PLACE, 1.0)[0] == 400
    assert budgets(limits.PUBLIC_MINUTE, Lane.PUBLIC, 1.0)[0] == 30


def test_a_share_of_the_limits_is_a_share_of_each_budget() -> None:
    assert budgets(limits.SOCKET_CANCEL, Lane.CANCEL, 0.5)[0] == 225
    assert budgets(limits.KEY_MINUTE, Lane.READ, 0.25)[0] == 350


def test_a_budget_shrinks_step_by_step_and_never_to_nothing() -> None:
    assert budgets(limits.SOCKET_PLACE, Lane.PLACE, 1.0) == (400, 300, 224, 168, 128)
    assert budgets(limits.LOANS, Lane.PUBLIC, 0.01) == (1,) * len(SHRINK_PERCENT)
