"""VALR's rate limits: fixed windows that begin with each second or minute of the clock (protocol 4)."""

from __future__ import annotations

from typing import NamedTuple

from valr_connector.simulator.settings import RateLimits

_SECOND = 1_000_000_000
_MINUTE = 60 * _SECOND

_LIGHT_PUBLIC = frozenset({"/v1/public/time", "/v1/public/status"})

COMMAND_LIMITS = {
    "PLACE_LIMIT_ORDER": "place",
    "PLACE_MARKET_ORDER": "place",
    "MODIFY_ORDER": "modify",
    "CANCEL_LIMIT_ORDER": "cancel",
    "BATCH_ORDERS": "batch",
}


class _Rule(NamedTuple):
    name: str
    subject: str
    limit: int
    window_ns: int


class RateLimiter:
    """Counts requests; None as `limits` lets everything pass."""

    def __init__(self, limits: RateLimits | None) -> None:
        self._limits = limits
        self._counts: dict[tuple[str, str], tuple[int, int]] = {}

    def admit_request(self, method: str, path: str, *, address: str, key: str, now_ns: int) -> float:
        """0.0 if a REST request may pass, which counts it; else the seconds until its window ends."""
        if self._limits is None:
            return 0.0
        return self._admit(_request_rules(self._limits, method, path, address, key), now_ns)

    def admit_command(self, frame_type: str, *, account_id: str, now_ns: int) -> bool:
        """Whether a socket command may pass, which counts it."""
        if self._limits is None:
            return True
        kind = COMMAND_LIMITS[frame_type]
        limit = {
            "place": self._limits.place_per_second,
            "modify": self._limits.modify_per_second,
            "cancel": self._limits.cancel_per_second,
            "batch": self._limits.batch_per_second,
        }[kind]
        return not self._admit([_Rule(f"socket {kind}", account_id, limit, _SECOND)], now_ns)

    def admit_connection(self, *, address: str, now_ns: int) -> float:
        """0.0 if a socket may be opened, which counts it; else the seconds until the window ends."""
        if self._limits is None:
            return 0.0
        rule = _Rule("connections", address, self._limits.connections_per_minute, _MINUTE)
        return self._admit([rule], now_ns)

    def _admit(self, rules: list[_Rule], now_ns: int) -> float:
        used = [self._used(rule, now_ns) for rule in rules]
        full = [rule for rule, count in zip(rules, used, strict=True) if count >= rule.limit]
        if full:
            return max((rule.window_ns - now_ns % rule.window_ns) / _SECOND for rule in full)
        for rule, count in zip(rules, used, strict=True):
            self._counts[rule.name, rule.subject] = (now_ns // rule.window_ns, count + 1)
        return 0.0

    def _used(self, rule: _Rule, now_ns: int) -> int:
        window, count = self._counts.get((rule.name, rule.subject), (0, 0))
        return count if window == now_ns // rule.window_ns else 0


def _request_rules(limits: RateLimits, method: str, path: str, address: str, key: str) -> list[_Rule]:
    """The windows a request counts in. Routes with a limit per second count in no window per minute."""
    subject = key or address
    light = _light_public(path) if method == "GET" else None
    if light is not None:
        return [_Rule(light, address, limits.light_public_per_second, _SECOND)]
    if method == "POST" and path == "/v1/batch/orders":
        return [_Rule("batch", subject, limits.batch_per_second, _SECOND)]
    if method == "POST" and _is_version_1_order(path):
        return [_Rule("place", subject, limits.place_per_second, _SECOND)]
    if method == "DELETE" and _is_version_1_order(path):
        return [_Rule("cancel", subject, limits.cancel_per_second, _SECOND)]
    if method == "PUT" and path == "/v2/orders/modify":
        return [_Rule("modify", subject, limits.modify_per_second, _SECOND)]
    rules = [_Rule("address", address, limits.per_address_per_minute, _MINUTE)]
    if method == "GET" and path.startswith("/v1/public/"):
        rules.append(_Rule("public", address, limits.public_per_minute, _MINUTE))
    elif key:
        rules.append(_Rule("key", key, limits.per_key_per_minute, _MINUTE))
    return rules


def _light_public(path: str) -> str | None:
    """What a public read of its own window is counted as; None where it counts in the minute."""
    if path.startswith("/v1/public/") and path.endswith("/buckets"):
        return "buckets"
    return path if path in _LIGHT_PUBLIC else None


def _is_version_1_order(path: str) -> bool:
    """Only /v1/orders is exempt; /v2/orders counts in the minute, as nothing says otherwise (protocol 4)."""
    return path == "/v1/orders" or path.startswith("/v1/orders/")
