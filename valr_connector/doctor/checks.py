"""The checks: each a function from facts to one finding. Whoever gathers the facts is `examination`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from valr_connector.config import key_from_environment
from valr_connector.core.rate_limits import LimitUse
from valr_connector.doctor.finding import Finding, error, ok, warning
from valr_connector.errors import (
    AuthenticationError,
    ConfigurationError,
    DecodeError,
    NotReadyError,
    PermissionDeniedError,
    RateLimitedError,
    ReadOnlyError,
    ThrottledError,
    TransportError,
    UnknownPairError,
    ValrError,
)
from valr_connector.model.enums import SessionState, Socket
from valr_connector.model.market import PairInfo
from valr_connector.observe.latency import LatencySummary

OLDEST_PYTHON: Final = (3, 11)
HARMLESS_OFFSET_S: Final = 0.5
LARGE_OFFSET_S: Final = 30.0
FULL_PERCENT: Final = 80
SLOW_PING_MS: Final = 250.0
DANGEROUS: Final = frozenset({"Withdraw", "Internal Transfer", "Link bank account"})
"""Permissions that move money out of the account; trading needs none of them (protocol 2.1)."""


def python(version: Sequence[int]) -> Finding:
    """The interpreter's version."""
    shown = ".".join(map(str, version[:3]))
    if tuple(version[:2]) < OLDEST_PYTHON:
        return error("python", f"Python {shown} is too old", "install Python 3.11 or newer")
    return ok("python", f"Python {shown}")


def packages(wanted: Iterable[str], installed: Mapping[str, str | None]) -> Finding:
    """What the library is built on.

    Args:
        wanted: requirements, ``aiohttp>=3.11``.
        installed: version by name; None where it is missing.
    """
    bad: list[str] = []
    for requirement in wanted:
        name, _, oldest = requirement.partition(">=")
        version = installed.get(name)
        if version is None:
            bad.append(f"{name} is missing")
        elif _numbers(version) < _numbers(oldest):
            bad.append(f"{name} {version} is older than {oldest}")
    if bad:
        return error("packages", "; ".join(bad), "install the library again, with what it requires")
    return ok("packages", ", ".join(f"{name} {version}" for name, version in installed.items()))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def credentials(environment: Mapping[str, str]) -> Finding:
    """Whether there is a key, and whether it looks like one; it is not shown."""
    try:
        key = key_from_environment(environment)
    except ConfigurationError as wrong:
        advice = "export key and secret, without spaces or quotes, in the shell that starts the program"
        return error("credentials", str(wrong), advice)
    whose = "a subaccount is named" if key["subaccount_id"] else "no subaccount is named"
    return ok("credentials", f"a key and a secret are set; {whose}")


_ADVICE: Final[tuple[tuple[type[ValrError], str], ...]] = (
    (AuthenticationError, "check key, secret, subaccount id and the addresses that the key is limited to"),
    (PermissionDeniedError, "make a key with the permissions View access and Trade"),
    (RateLimitedError, "wait a minute; look for other programs with the same key or address"),
    (ThrottledError, "wait a minute; look for other instances in this process"),
    (ReadOnlyError, "VALR is in read-only mode: wait until it is over"),
    (UnknownPairError, "list the pairs with: valr pairs"),
    (TransportError, "check the network, DNS, the proxy and the hosts in the settings"),
    (NotReadyError, "try again with -vv before the command, which logs every step"),
    (DecodeError, "VALR answered something unknown: look for a newer version of this library"),
)


def no_connection(failure: ValrError) -> Finding:
    """Starting failed."""
    advice = (text for kind, text in _ADVICE if isinstance(failure, kind))
    return error("connection", str(failure), next(advice, "see the message"))


def permissions(granted: frozenset[str]) -> Finding:
    """What the key may do beyond what trading needs."""
    listed = ", ".join(sorted(granted))
    if dangerous := sorted(granted & DANGEROUS):
        return warning(
            "permissions",
            f"the key may also: {', '.join(dangerous)}",
            "a key that leaks should not be able to move money out: make one with View access and Trade only",
        )
    return ok("permissions", listed)


def clock(offset_s: float) -> Finding:
    """How far this machine's clock is from VALR's."""
    says = f"VALR's clock is {offset_s:+.3f} s from this machine's"
    if abs(offset_s) > LARGE_OFFSET_S:
        return error("clock", says, "set the clock: timestamps in logs and files of this machine are wrong")
    if abs(offset_s) > HARMLESS_OFFSET_S:
        return warning("clock", f"{says}; signatures are corrected by it", "let NTP set the clock")
    return ok("clock", says)


def rest(*, is_online: bool) -> Finding:
    """What VALR's REST service says of itself."""
    if not is_online:
        return warning("REST", "VALR says that it is in read-only mode", "wait: orders are refused meanwhile")
    return ok("REST", "VALR answers, and takes orders")


def sockets(states: Mapping[Socket, SessionState]) -> Finding:
    """Both WebSockets."""
    down = [f"{socket} {state}" for socket, state in states.items() if state is not SessionState.LIVE]
    if down:
        advice = "REST works and this does not: let the network pass WebSockets to VALR's port 443"
        return error("sockets", f"not live: {', '.join(down)}", advice)
    return ok("sockets", f"live: {', '.join(states)}")


def subscriptions(ages_s: Mapping[str, float | None], refused: Sequence[str]) -> Finding:
    """Whether what was subscribed comes.

    Args:
        ages_s: of each followed pair's book; None where it is not valid.
        refused: what VALR refused, in words.
    """
    if refused:
        return error("subscriptions", f"refused: {'; '.join(refused)}", "check the pair with: valr pairs")
    silent = [pair for pair, age in ages_s.items() if age is None]
    if silent:
        return error("subscriptions", f"no valid book of {', '.join(silent)}", "look again in a minute")
    return ok("subscriptions", f"books of {', '.join(ages_s)} are valid")


def rules(listed: int, followed: Iterable[PairInfo]) -> Finding:
    """The table of trading rules, and the rules of the followed pairs."""
    inactive = [info.pair for info in followed if not info.is_active]
    if inactive:
        return warning("rules", f"VALR does not trade {', '.join(inactive)} now", "choose another pair")
    return ok("rules", f"{listed} pairs with their rules")


def limits(uses: Iterable[LimitUse], refusals: int) -> Finding:
    """How much of VALR's limits is left, as far as this process knows."""
    if refusals:
        advice = "other programs use the same key or address: give each a smaller limits_share"
        return warning("limits", f"VALR refused {refusals} requests as too many", advice)
    fullest = max(uses, key=lambda use: use.used / use.limit)
    says = f"the fullest one has {fullest.used} of {fullest.limit} {fullest.name}"
    if fullest.used * 100 >= fullest.limit * FULL_PERCENT:
        return warning("limits", says, "wait a minute, or ask for less")
    return ok("limits", says)


def latency(round_trips: LatencySummary, sent: int) -> Finding:
    """Round trips of PINGs on the account socket."""
    if round_trips.count < sent:
        says = f"only {round_trips.count} of {sent} PINGs were answered"
        return error("latency", says, "the connection loses what is sent: check the network")
    p50, p99, most = (ns / 1e6 for ns in (round_trips.p50_ns, round_trips.p99_ns, round_trips.max_ns))
    says = f"PING p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {most:.1f} ms ({round_trips.count} PINGs)"
    if p50 > SLOW_PING_MS:
        return warning("latency", says, "trade from a place nearer to VALR, or on a better line")
    return ok("latency", says)
