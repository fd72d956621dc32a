"""VALR's rate limits: fixed windows that begin with each second or minute of the clock (protocol 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from valr_connector.simulator.settings import RateLimits

_SECOND = 1_000_000_000
_MINUTE = 60 * _SECOND

_LIGHT_PUBLIC = ("/v1/public/time", "/v1/public/status")
_BUCKETS = "/buckets"
_REGISTER = "/v1/account/subaccount"
_TRANSFER = "/v1/account/subaccounts/transfer"
_OWN_SECOND = {
    ("POST", "/v1/batch/orders"): "batch",
    ("PUT", "/v2/orders/modify"): "modify",
    ("POST", _REGISTER): _REGISTER,
    ("POST", _TRANSFER): _TRANSFER,
}
"""Routes with a window of their own, per second (protocol 4)."""
_WRITES_OF_ORDERS = {"POST": "place", "DELETE": "cancel"}

COMMAND_LIMITS = {
    "PLACE_LIMIT_ORDER": "place",
    "PLACE_MARKET_ORDER": "place",
    "MODIFY_ORDER": "modify",
    "CANCEL_LIMIT_ORDER": "cancel",
    "BATCH_ORDERS": "batch",
}


class _Window(NamedTuple):
    """One window that a request counts in: its key's where it has one and `is_of_key`, else its address's."""

    name: str
    limit: int
    period_ns: int
    is_of_key: bool = True


class RateLimiter:
    """Counts requests; None as `limits` lets everything pass."""

    def __init__(self, limits: RateLimits | None) -> None:
        self._windows = None if limits is None else _windows(limits)
        self._counts: dict[tuple[str, str], tuple[int, int]] = {}
        self._minute = 0
        """That of the counts; no window is longer, or lies in two."""

    def admit_request(self, method: str, path: str, *, address: str, key: str, now_ns: int) -> float:
        """0.0 if a REST request may pass, which counts it; else the seconds until its window ends."""
        if self._windows is None:
            return 0.0
        windows = self._windows[_counted_as(method, path, bool(key))]
        return self._admit(windows, address, key or address, now_ns)

    def admit_command(self, frame_type: str, *, account_id: str, now_ns: int) -> bool:
        """Whether a socket command may pass, which counts it."""
        if self._windows is None:
            return True
        windows = self._windows[f"socket {COMMAND_LIMITS[frame_type]}"]
        return not self._admit(windows, "", account_id, now_ns)

    def admit_connection(self, *, address: str, now_ns: int) -> float:
        """0.0 if a socket may be opened, which counts it; else the seconds until the window ends."""
        if self._windows is None:
            return 0.0
        return self._admit(self._windows["connection"], address, address, now_ns)

    def _admit(self, windows: Sequence[_Window], address: str, key: str, now_ns: int) -> float:
        counts: dict[tuple[str, str], tuple[int, int]] = {}
        wait_ns = 0
        minute = now_ns // _MINUTE
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
        for name, limit, period_ns, is_of_key in windows:
            subject = (name, key if is_of_key else address)
            number, passed_ns = divmod(now_ns, period_ns)
            counted, count = self._counts.get(subject, (number, 0))
            if counted != number:
                count = 0
            elif count >= limit:
                wait_ns = max(wait_ns, period_ns - passed_ns)
            counts[subject] = (number, count + 1)
        if not wait_ns:
            self._counts.update(counts)
        return wait_ns / _SECOND


@lru_cache(maxsize=16)
def _windows(limits: RateLimits) -> Mapping[str, Sequence[_Window]]:
    """By what a request or command counts as. What has a limit per second counts in no window per minute."""
    orders = {
        "batch": limits.batch_per_second,
        "place": limits.place_per_second,
        "modify": limits.modify_per_second,
        "cancel": limits.cancel_per_second,
    }
    accounts = {
        _REGISTER: limits.subaccounts_per_second,
        _TRANSFER: limits.transfers_per_second,
    }
    light = limits.light_public_per_second
    of_address = _Window("address", limits.per_address_per_minute, _MINUTE, is_of_key=False)
    public = _Window("public", limits.public_per_minute, _MINUTE, is_of_key=False)
    return {
        **{kind: (_Window(kind, limit, _SECOND),) for kind, limit in (orders | accounts).items()},
        **{f"socket {kind}": (_Window(f"socket {kind}", limit, _SECOND),) for kind, limit in orders.items()},
        **{path: (_Window(path, light, _SECOND, is_of_key=False),) for path in (*_LIGHT_PUBLIC, _BUCKETS)},
        "connection": (_Window("connections", limits.connections_per_minute, _MINUTE, is_of_key=False),),
        "public": (of_address, public),
        "anonymous": (of_address,),
        "with a key": (of_address, _Window("key", limits.per_key_per_minute, _MINUTE)),
    }


@lru_cache(maxsize=1024)
def _counted_as(method: str, path: str, has_key: bool) -> str:
    """What a REST request counts as; a key of `_windows`."""
    if method == "GET" and path.startswith("/v1/public/"):
        if path.endswith(_BUCKETS):
            return _BUCKETS
        return path if path in _LIGHT_PUBLIC else "public"
    if (method, path) in _OWN_SECOND:
        return _OWN_SECOND[method, path]
    if method in _WRITES_OF_ORDERS and _is_version_1_order(path):
        return _WRITES_OF_ORDERS[method]
    return "with a key" if has_key else "anonymous"


def _is_version_1_order(path: str) -> bool:
    """Only /v1/orders is exempt; /v2/orders counts in the minute, as nothing says otherwise (protocol 4)."""
    return path == "/v1/orders" or path.startswith("/v1/orders/")
