"""VALR's limits for everything that this process sends (protocol 4, S8).

What counts together has to be counted together: all instances that use the same key or the same host share
the windows of that key or host. They do so through a `LimiterRegistry`. There is one for the process,
`PROCESS_LIMITS`; whoever has clocks of his own, as a simulation has, brings a registry with those clocks.

A registry may be used from the event loops of several threads: the windows are shared, and each loop lets
its own requests through in the order of their lanes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import chain
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

from valr_connector.core.answer_cache import AnswerCache
from valr_connector.core.clock import ClockOffset
from valr_connector.core.fixed_window import Allowance, FixedWindow
from valr_connector.core.rate_limits import (
    COMMANDS,
    DIAL,
    SECOND,
    LimitUse,
    Scope,
    WindowRule,
    budgets,
    windows_of,
)
from valr_connector.core.venue_clock import VenueClock
from valr_connector.errors import InvalidArgumentError, ThrottledError
from valr_connector.net.turnstile import Turnstile
from valr_connector.observe import metrics as m
from valr_connector.protocol.requests import Lane

GIVEN_UP: Final = "cancelled while it waited for room in VALR's limits"
"""Why a request whose caller gives up was not sent, in words."""


class LimiterRegistry:
    """All windows, by host and by key. A window that is full outlives the instance that filled it.

    Args:
        clock: monotonic nanoseconds.
        wall_clock: nanoseconds; where it steps against `clock`, VALR's clock has to be measured anew.
        scale: multiplies every limit; other than 1 only against an exchange of one's own.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], int] = time.monotonic_ns,
        wall_clock: Callable[[], int] = time.time_ns,
        scale: int = 1,
    ) -> None:
        if scale < 1:
            raise InvalidArgumentError("scale", scale, "has to be at least 1")
        self._clock = clock
        self._wall_clock = wall_clock
        self._scale = scale
        self._lock = Lock()
        self._windows: dict[tuple[str, str], FixedWindow] = {}
        self._limiters: WeakSet[Limiter] = WeakSet()
        self._told: dict[str, AnswerCache] = {}
        self._venues: WeakValueDictionary[str, VenueClock] = WeakValueDictionary()
        self._turnstiles: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Turnstile]] = (
            WeakKeyDictionary()
        )

    def limiter(
        self, *, host: str, key: str, share: float = 1.0, metrics: m.Metrics | None = None
    ) -> Limiter:
        """The limits as one instance meets them.

        Args:
            host: whom it talks to, name and port.
            key: its API key, empty where it has none.
            share: the part of VALR's limits that it lets this process fill. Give all instances the same: the
                cancels of a smaller share find no room where the placements of a larger one have been.

        Raises:
            InvalidArgumentError: `share` is not more than 0 and at most 1.
        """
        if not 0 < share <= 1:
            raise InvalidArgumentError("share", share, "has to be more than 0 and at most 1")
        self._forget_idle()
        limiter = self._new_limiter(host, key, share, metrics or m.Metrics())
        self._limiters.add(limiter)
        return limiter

    def _new_limiter(self, host: str, key: str, share: float, metrics: m.Metrics) -> Limiter:
        """For registries whose limiters do more."""
        return Limiter(self, host, key, share, metrics)

    def now(self, venue: VenueClock) -> int:
        """The monotonic clock; `venue` is checked against the wall clock by the way."""
        now = self._clock()
        venue.check(now, self._wall_clock())
        return now

    def align(self, venue: VenueClock, offset: ClockOffset) -> None:
        """Tell where VALR's windows begin."""
        if offset.round_trip_ns is None:
            return
        wall = self._wall_clock()
        with self._lock:
            venue.align(
                now=self._clock(),
                wall=wall,
                server=offset.server_ns(wall),
                round_trip=offset.round_trip_ns,
            )

    def misalign(self, venue: VenueClock) -> None:
        """Where VALR's windows begin is not known any more."""
        with self._lock:
            venue.forget()

    def refused(self, allowance: Allowance, now: int, sent: int, retry_after: int | None) -> None:
        """VALR refused a request of this kind; all are nanoseconds."""
        with self._lock:
            allowance.refused(now, sent, retry_after)

    def tightest(self, allowance: Allowance, now: int) -> tuple[WindowRule, int]:
        """The limit that keeps a request waiting longest, and for how many nanoseconds."""
        with self._lock:
            return allowance.tightest(now), max(0, allowance.ready_at(now) - now)

    def uses(self, windows: Iterable[FixedWindow], now: int) -> tuple[LimitUse, ...]:
        """How much of these windows is in use, by name."""
        with self._lock:
            uses = [
                LimitUse(w.rule.name, w.used(now), w.rule.limit, w.rule.period_ns // SECOND) for w in windows
            ]
        return tuple(sorted(uses, key=lambda use: use.name))

    def venue(self, host: str) -> VenueClock:
        """What is known of the clock of a host."""
        with self._lock:
            return self._venues.setdefault(host, VenueClock())

    def told(self, host: str) -> AnswerCache:
        """What a host told lately, whoever asked; for whoever finds no room to ask again."""
        return self._told.setdefault(host, AnswerCache())

    def has_room(self, allowance: Allowance, now: int) -> bool:
        """Whether a request of this kind could be sent at once."""
        with self._lock:
            return allowance.ready_at(now) <= now

    def use(self, allowance: Allowance, now: int) -> float:
        """How full the fullest window of an allowance is, 0 to 1."""
        with self._lock:
            return allowance.use(now)

    def turnstile(self, host: str, venue: VenueClock) -> Turnstile:
        """Where requests to a host wait on the running event loop."""
        of_this_loop = self._turnstiles.setdefault(asyncio.get_running_loop(), {})
        found = of_this_loop.get(host)
        if found is None:
            found = of_this_loop[host] = Turnstile(partial(self.now, venue), self._lock)
        return found

    def window(self, rule: WindowRule, host: str, key: str, venue: VenueClock) -> FixedWindow:
        """The window in which requests of this host, or of this key there, count."""
        subject = f"{host} {key}" if rule.scope is Scope.KEY else host
        with self._lock:
            found = self._windows.get((rule.name, subject))
            if found is None:
                found = FixedWindow(self._scaled(rule), venue)
                self._windows[rule.name, subject] = found
            return found

    def _scaled(self, rule: WindowRule) -> WindowRule:
        return rule if self._scale == 1 else replace(rule, limit=rule.limit * self._scale)

    def _forget_idle(self) -> None:
        """Forget what nobody uses any more, once it would have room for everything again."""
        now = self._clock()
        with self._lock:
            in_use = {window for limiter in self._limiters for window in limiter.windows}
            self._windows = {
                name: window
                for name, window in self._windows.items()
                if window in in_use or not window.is_idle(now)
            }


PROCESS_LIMITS: Final = LimiterRegistry()
"""What the whole process shares unless told otherwise."""


class Limiter:
    """The limits as one instance meets them; see `LimiterRegistry.limiter`."""

    def __init__(
        self, registry: LimiterRegistry, host: str, key: str, share: float, metrics: m.Metrics
    ) -> None:
        self._registry = registry
        self._host = host
        self._key = key
        self._share = share
        self._metrics = metrics
        self._venue = registry.venue(host)
        self._allowances: dict[tuple[Lane, str], Allowance] = {}
        self._waiting: list[Allowance] = []
        self._here: tuple[asyncio.AbstractEventLoop | None, Turnstile | None] = None, None
        metrics.watch(m.LIMIT_USE, self._use)

    @property
    def is_aligned(self) -> bool:
        """Whether VALR's clock is known, so that full windows can follow each other."""
        return self._venue.is_aligned

    @property
    def windows(self) -> frozenset[FixedWindow]:
        """All windows that its requests have counted in."""
        return frozenset(chain.from_iterable(a.windows for a in tuple(self._allowances.values())))

    @property
    def uses(self) -> tuple[LimitUse, ...]:
        """How much of each limit that its requests count in is in use, whoever filled it."""
        return self._registry.uses(self.windows, self._registry.now(self._venue))

    @property
    def waits(self) -> tuple[str, ...]:
        """The limits that its requests wait for room in, in words; each once."""
        now = self._registry.now(self._venue)
        rules = ((self._registry.tightest(each, now)[0], each.lane) for each in self._waiting)
        return tuple(
            f"waiting for room in VALR's limits: {self._in_words(rule, lane)}"
            for rule, lane in dict.fromkeys(rules)
        )

    @property
    def told(self) -> AnswerCache:
        """What VALR told lately, whoever of those that share its limits asked."""
        return self._registry.told(self._host)

    def has_room(self, lane: Lane, operation: str) -> bool:
        """Whether such a request could be sent at once; none is counted.

        Raises:
            InvalidArgumentError: there is no such operation; see `rate_limits.windows_of`.
        """
        return self._registry.has_room(self._allowance(lane, operation), self._registry.now(self._venue))

    def try_acquire(self, lane: Lane, operation: str) -> bool:
        """Whether such a request may be sent at once, which counts it.

        Raises:
            InvalidArgumentError: there is no such operation; see `rate_limits.windows_of`.
        """
        allowance = self._allowances.get((lane, operation)) or self._allowance(lane, operation)
        loop, turnstile = self._here
        if turnstile is None or loop is not asyncio.get_running_loop():
            turnstile = self._turnstile()
        return turnstile.try_pass(allowance)

    async def acquire(self, lane: Lane, operation: str, deadline: int | None = None) -> None:
        """Wait until such a request may be sent, which counts it. With room it returns without a hop.

        Args:
            deadline: monotonic nanoseconds of the registry's clock; None waits as long as it takes.

        Raises:
            ThrottledError: there is no room by the deadline; raised at once where that is certain.
            InvalidArgumentError: there is no such operation; see `rate_limits.windows_of`.
        """
        if self.try_acquire(lane, operation):
            return
        allowance = self._allowance(lane, operation)
        began = self._registry.now(self._venue)
        self._waiting.append(allowance)
        try:
            has_room = await self._turnstile().wait(allowance, deadline)
        finally:
            self._waiting.remove(allowance)
        if not has_room:
            self._throttle(allowance, operation)
        waited = self._registry.now(self._venue) - began
        self._metrics.latency(m.LIMIT_WAIT, lane.value).record(max(0, waited))

    def refused(self, operation: str, *, sent: int | None = None, retry_after_s: float | None = None) -> None:
        """VALR refused such a request with 429 or RATE_LIMIT_EXCEEDED: pause, and use less for a while.

        Args:
            sent: when it was sent, monotonic nanoseconds; None takes now.
            retry_after_s: seconds that VALR asks to wait.
        """
        now = self._registry.now(self._venue)
        retry_after = None if retry_after_s is None else round(retry_after_s * SECOND)
        self._metrics.counter(m.LIMIT_REFUSED, operation).add()
        self._registry.refused(
            self._allowance(Lane.CANCEL, operation), now, now if sent is None else sent, retry_after
        )

    def command_refused(self, command: str | None) -> None:
        """VALR sent RATE_LIMIT_EXCEEDED for this type of command; it may be any where it does not say."""
        for operation in (command,) if command in COMMANDS else COMMANDS:
            self.refused(operation)

    def align(self, offset: ClockOffset) -> None:
        """VALR's clock has been measured against the registry's wall clock."""
        self._registry.align(self._venue, offset)

    def misalign(self) -> None:
        """VALR's clock is in doubt."""
        self._registry.misalign(self._venue)

    def _use(self) -> Iterable[tuple[tuple[str], float]]:
        """How full the fullest window of each lane is, of those that this instance has used."""
        now = self._registry.now(self._venue)
        fullest: dict[str, float] = {}
        for (lane, _), allowance in tuple(self._allowances.items()):
            fullest[lane.value] = max(fullest.get(lane.value, 0.0), self._registry.use(allowance, now))
        return [((lane,), use) for lane, use in fullest.items()]

    def _throttle(self, allowance: Allowance, operation: str) -> None:
        now = self._registry.now(self._venue)
        rule, wait = self._registry.tightest(allowance, now)
        self._metrics.counter(m.LIMIT_THROTTLED, operation).add()
        raise ThrottledError(operation, self._in_words(rule, allowance.lane), wait / SECOND)

    def _in_words(self, rule: WindowRule, lane: Lane) -> str:
        """A limit, and how little of it there is here where others have their share."""
        whole = f"{rule.limit} {rule.name}"
        if self._share == 1:
            return whole
        return f"{budgets(rule, lane, self._share)[0]} of {whole} (limits_share={self._share})"

    def _turnstile(self) -> Turnstile:
        """That of the running event loop; remembered, for the registry's table of them is a slow one."""
        turnstile = self._registry.turnstile(self._host, self._venue)
        self._here = asyncio.get_running_loop(), turnstile
        return turnstile

    def _allowance(self, lane: Lane, operation: str) -> Allowance:
        found = self._allowances.get((lane, operation))
        if found is None:
            windows = [
                self._registry.window(rule, self._host, self._key, self._venue)
                for rule in windows_of(operation)
            ]
            found = self._allowances[lane, operation] = Allowance(windows, lane, self._share)
        return found


class DialPermit:
    """What a socket asks before it dials."""

    def __init__(self, limiter: Limiter, lane: Lane) -> None:
        self._limiter = limiter
        self._lane = lane

    async def acquire(self) -> None:
        """Wait until another dial is within VALR's limit."""
        await self._limiter.acquire(self._lane, DIAL)

    def refused(self) -> None:
        """VALR answered a dial with 429."""
        self._limiter.refused(DIAL)
