"""VALR's rate limits as data: windows, what counts in which, how much of each a lane may use (protocol 4).

A limit is a number of requests in a fixed window, which begins with each full second or minute of VALR's
clock. Routes with a limit per second of their own do not count in the windows of a minute.

Three things are not documented, and the stricter reading is taken here (protocol 4, 21 nos. 16 and 17):

* whether a limit of a route or of the sockets is one per key, account or address: all keys of this process
  count together;
* whether /v2/orders has limits of its own: placing and cancelling there count in both minutes;
* whether public requests count in the address' minute too: they do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from valr_connector.errors import InvalidArgumentError
from valr_connector.protocol.requests import Lane

DOCUMENTED_ON: Final = "2025-11-17"
"""State of VALR's documentation that the figures are from."""

MILLISECOND: Final = 1_000_000
SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND


class Scope(StrEnum):
    """Whose requests count together."""

    KEY = "KEY"
    HOST = "HOST"
    """All that this process sends to one host: for VALR, one address."""


@dataclass(frozen=True, slots=True)
class WindowRule:
    """One documented limit.

    Attributes:
        name: for people.
        limit: requests in one window.
        period_ns: length of the window; it begins at multiples of this on VALR's clock.
        scope: whose requests count together.
        slack_ns: how long after it was let through a request may still be on its way out of this process,
            because a connection has to be opened for it first.
        is_shared: whether requests of several lanes count in it, so that the less urgent ones have to leave
            something (`LANE_PERCENT`).
    """

    name: str
    limit: int
    period_ns: int
    scope: Scope = Scope.HOST
    slack_ns: int = 0
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How much of one of VALR's limits is in use.

    Attributes:
        name: of the limit, for people.
        used: requests of the last `period_s` seconds.
        limit: how many VALR takes in one window of that length.
    """

    name: str
    used: int
    limit: int
    period_s: int


_TO_CONNECT: Final = 3 * SECOND
_TO_CONNECT_QUICKLY: Final = SECOND // 2
_TO_DIAL: Final = 10 * SECOND


def _route(name: str, limit: int) -> WindowRule:
    return WindowRule(f"{name} per second", limit, SECOND, slack_ns=_TO_CONNECT_QUICKLY)


def _socket(name: str, limit: int) -> WindowRule:
    return WindowRule(f"{name} on sockets per second", limit, SECOND)


KEY_MINUTE: Final = WindowRule("requests of a key per minute", 2000, MINUTE, Scope.KEY, _TO_CONNECT, True)
HOST_MINUTE: Final = WindowRule(
    "requests of an address per minute", 1200, MINUTE, Scope.HOST, _TO_CONNECT, True
)
PUBLIC_MINUTE: Final = WindowRule("public requests per minute", 30, MINUTE, slack_ns=_TO_CONNECT)
TIME: Final = _route("questions for the time", 20)
STATUS: Final = _route("questions for the status", 20)
BUCKETS: Final = _route("questions for buckets", 20)
BATCH: Final = _route("batches", 400)
PLACE: Final = _route("placements by /v1", 400)
CANCEL: Final = _route("cancels by /v1", 450)
MODIFY: Final = _route("modifications", 400)
LOANS: Final = _route("changes of loans", 1)
SUBACCOUNTS: Final = _route("new subaccounts", 1)
TRANSFERS: Final = _route("transfers between subaccounts", 20)
SOCKET_PLACE: Final = _socket("placements", 400)
SOCKET_CANCEL: Final = _socket("cancels", 450)
SOCKET_BATCH: Final = _socket("batches", 400)
SOCKET_MODIFY: Final = _socket("modifications", 400)
DIALS: Final = WindowRule("new sockets per minute", 60, MINUTE, slack_ns=_TO_DIAL, is_shared=True)

DIAL: Final = "DIAL"
"""The operation of opening a socket, of either kind."""

_SOCKET_OPERATIONS: Final[Mapping[str, Sequence[WindowRule]]] = MappingProxyType(
    {
        DIAL: (DIALS,),
        "PLACE_LIMIT_ORDER": (SOCKET_PLACE,),
        "PLACE_MARKET_ORDER": (SOCKET_PLACE,),
        "CANCEL_LIMIT_ORDER": (SOCKET_CANCEL,),
        "BATCH_ORDERS": (SOCKET_BATCH,),
        "MODIFY_ORDER": (SOCKET_MODIFY,),
    }
)
COMMANDS: Final = tuple(name for name in _SOCKET_OPERATIONS if name != DIAL)
"""The commands on /ws/account that VALR counts, as RATE_LIMIT_EXCEEDED names them (protocol 15.6)."""

_REST_OPERATIONS: Final = tuple(
    (re.compile(pattern), rules)
    for pattern, rules in (
        ("GET /v1/public/time", (TIME,)),
        ("GET /v1/public/status", (STATUS,)),
        ("GET /v1/public/.+/buckets", (BUCKETS,)),
        ("POST /v1/batch/orders", (BATCH,)),
        ("POST /v1/orders(/.+)?", (PLACE,)),
        ("DELETE /v1/orders(/.+)?", (CANCEL,)),
        ("PUT /v2/orders/modify", (MODIFY,)),
        ("(POST|PUT|DELETE) /v1/loans/.+", (LOANS,)),
        ("POST /v1/account/subaccount", (SUBACCOUNTS,)),
        ("POST /v1/account/subaccounts/transfer", (TRANSFERS,)),
        ("GET /v1/public/.+", (HOST_MINUTE, PUBLIC_MINUTE)),
        ("[A-Z]+ /.*", (KEY_MINUTE, HOST_MINUTE)),
    )
)
"""By method and path, variable parts as values or in braces; the first that matches counts."""

LANE_PERCENT: Final[Mapping[Lane, int]] = MappingProxyType(
    {
        Lane.CANCEL: 100,
        Lane.RECONCILE: 95,
        Lane.PLACE: 85,
        Lane.MODIFY: 80,
        Lane.READ: 70,
        Lane.PUBLIC: 60,
    }
)
"""How much of a shared window each lane may fill, the most urgent first.

Never more than a more urgent lane may: so whatever has room for a request has room for every more urgent
one, and what the others leave is the reserve of the cancels.
"""

SHRINK_PERCENT: Final = (100, 75, 56, 42, 32)
"""What is left of a budget after so many refusals; "we may lower limits under pressure" (protocol 4)."""


@lru_cache(maxsize=1024)
def windows_of(operation: str) -> Sequence[WindowRule]:
    """The windows in which an operation counts.

    Args:
        operation: method and path without query, as `Request.name` has them; or the type of a command on
            /ws/account; or `DIAL`.

    Raises:
        InvalidArgumentError: it is none of them.
    """
    rules = _SOCKET_OPERATIONS.get(operation)
    if rules is not None:
        return rules
    for pattern, counted in _REST_OPERATIONS:
        if pattern.fullmatch(operation):
            return counted
    raise InvalidArgumentError("operation", operation, "must be method and path, a command's type, or DIAL")


def budgets(rule: WindowRule, lane: Lane, share: float) -> Sequence[int]:
    """How many requests a window may hold for a request of this lane to be let in as one more.

    Args:
        share: the part of VALR's limit to use, more than 0 and at most 1.

    Returns:
        One figure for each step of `SHRINK_PERCENT`; never less than 1.
    """
    percent = LANE_PERCENT[lane] if rule.is_shared else 100
    return _shrunk(int(rule.limit * share) * percent // 100)


@lru_cache(maxsize=1024)
def _shrunk(allowed: int) -> Sequence[int]:
    return tuple(max(1, allowed * left // 100) for left in SHRINK_PERCENT)
