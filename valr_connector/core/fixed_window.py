"""One of VALR's windows, counted from this side, and what a kind of request may use of its windows.

Theory
------
VALR refuses whatever is more than `limit` in one of its windows. A window remembers when each of the newest
`limit` requests was sent. One more may be sent when the request that lies `limit` back is surely in an
earlier window (`VenueClock.later_window`): whichever window the new one falls into then holds fewer than
`limit`. As that is so for every request, and in particular for the last one of each of VALR's windows, none
ever holds more, whatever the pattern of calls. Nothing is counted per window, so nothing has to be corrected
when more becomes known about VALR's clock. A smaller budget is the same look at a nearer request.

What is taken stays taken: a request that was let through and then not sent still counts.

The time handed in is monotonic. Should it run backwards nevertheless, that counts as no time at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from valr_connector.core.rate_limits import MINUTE, SHRINK_PERCENT, WindowRule, budgets
from valr_connector.core.venue_clock import LONGEST_DIFFERENCE, VenueClock
from valr_connector.protocol.requests import Lane

_SMALLEST: Final = len(SHRINK_PERCENT) - 1


class FixedWindow:
    """Requests that count in one of VALR's windows.

    Args:
        rule: the limit.
        clock: VALR's clock; shared by all windows of a host.
    """

    __slots__ = (
        "_clock", "_limit", "_longest", "_next", "_paused_until", "_recovers_at", "_recovery",
        "_seen", "_sent", "_step", "rule",
    )  # fmt: skip

    def __init__(self, rule: WindowRule, clock: VenueClock) -> None:
        self.rule = rule
        self._clock = clock
        self._limit = rule.limit
        self._longest = rule.period_ns + rule.slack_ns + LONGEST_DIFFERENCE
        self._recovery = max(MINUTE, 5 * rule.period_ns)
        self._sent: list[int] = []
        self._next = 0
        self._seen = 0
        self._paused_until = 0
        self._step = 0
        self._recovers_at = 0

    def ready_at(self, allowed: Sequence[int], now: int) -> int:
        """From when on one more may be sent, if nothing else is; `now` or earlier where it may be already.

        Args:
            allowed: the budgets of whoever asks, as `rate_limits.budgets` gives them.
        """
        self._see(now)
        budget = allowed[self._step_at(now) if self._step else 0]
        if len(self._sent) < budget:
            return self._paused_until
        before = self._sent[self._next - budget]
        return max(self._paused_until, self._free_after(before, now))

    def note(self, now: int) -> None:
        """One was sent; to be called only right after `ready_at` let it."""
        if len(self._sent) < self._limit:
            self._sent.append(now)
        else:
            self._sent[self._next] = now
        self._next = (self._next + 1) % self._limit

    def refused(self, now: int, sent: int, retry_after: int | None = None) -> None:
        """VALR refused a request that counted here: wait for the next window, and use less for a while.

        The budget shrinks by one step, and grows back by one in every minute, or every five windows of a
        minute, without a refusal. As long as it is smaller, the place of VALR's windows is not relied on
        either: something that is assumed here is wrong.

        Args:
            sent: when the refused request was sent; those of one pause count as one refusal.
            retry_after: how long VALR asks to wait from now, where it does.
        """
        self._see(now)
        if sent >= self._paused_until:
            self._step = min(self._step_at(now) + 1, _SMALLEST)
            self._recovers_at = now + self._recovery
        rule = self.rule
        ends = self._clock.later_window(sent, now, period=rule.period_ns, slack=rule.slack_ns)
        self._paused_until = max(self._paused_until, ends if retry_after is None else now + retry_after)

    def used(self, now: int) -> int:
        """How many requests were sent in the last period; VALR's own window holds that many at most."""
        since = now - self.rule.period_ns
        return sum(sent > since for sent in self._sent)

    def use(self, allowed: Sequence[int], now: int) -> float:
        """How full it is: the part of a budget (`ready_at`) that is used, 0 to 1."""
        self._see(now)
        budget = allowed[self._step_at(now) if self._step else 0]
        return min(1.0, self.used(now) / budget)

    def is_idle(self, now: int) -> bool:
        """Whether it could be forgotten without harm. One that was never used is about to be."""
        if not self._sent:
            return False
        newest = self._sent[self._next - 1]
        return newest + self._longest <= now and self._paused_until <= now and not self._step_at(now)

    def _free_after(self, before: int, now: int) -> int:
        apart = before + self._longest
        if apart <= now or self._step:
            return apart
        return self._clock.later_window(before, now, period=self.rule.period_ns, slack=self.rule.slack_ns)

    def _step_at(self, now: int) -> int:
        """How far the budget is shrunk; whatever has passed since the last refusal has grown it."""
        if self._step and now >= self._recovers_at:
            grown = 1 + (now - self._recovers_at) // self._recovery
            self._step = max(0, self._step - grown)
            self._recovers_at += grown * self._recovery
        return self._step

    def _see(self, now: int) -> None:
        back = self._seen - now
        self._seen = now
        if back > 0:
            self._sent = [sent - back for sent in self._sent]
            self._paused_until -= back
            self._recovers_at -= back


class Allowance:
    """What one kind of request may use: all of its windows have to have room.

    Args:
        windows: those in which it counts.
        lane: how urgent it is.
        share: the part of VALR's limits to use, more than 0 and at most 1.

    Attributes:
        windows: as given.
        identity: equal for two allowances that always let the same through.
    """

    __slots__ = ("_parts", "identity", "lane", "windows")

    def __init__(self, windows: Sequence[FixedWindow], lane: Lane, share: float) -> None:
        self.lane = lane
        self.windows = tuple(windows)
        self.identity = (lane, share, self.windows)
        self._parts = tuple((window, budgets(window.rule, lane, share)) for window in windows)

    def take(self, now: int) -> bool:
        """Whether a request may be sent now, which counts it."""
        for window, allowed in self._parts:
            if window.ready_at(allowed, now) > now:
                return False
        for window, _ in self._parts:
            window.note(now)
        return True

    def ready_at(self, now: int) -> int:
        """From when on a request may be sent, if nothing else is."""
        return max(window.ready_at(allowed, now) for window, allowed in self._parts)

    def use(self, now: int) -> float:
        """How full the fullest window is, 0 to 1."""
        return max(window.use(allowed, now) for window, allowed in self._parts)

    def tightest(self, now: int) -> WindowRule:
        """The limit that lets the next one wait longest."""
        window, _ = max(self._parts, key=lambda part: part[0].ready_at(part[1], now))
        return window.rule

    def refused(self, now: int, sent: int, retry_after: int | None = None) -> None:
        """VALR refused such a request; which window was full it does not say. See `FixedWindow.refused`."""
        for window, _ in self._parts:
            window.refused(now, sent, retry_after)
