"""Schedules from seeds: what a user, a market and a network might do, drawn with a taste for trouble.

Faults are aimed: most stand right before the command whose frames they are for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from random import Random
from typing import Final, Literal

from valr_connector.verification import schedule as s

BuyOrSell = Literal["BUY", "SELL"]
Dials = Mapping[str, str | bool | float]

MIDDLE: Final = 1_000_000
LADDER: Final = 20_000
"""How far from the middle others quote; the connector's passive orders stand between."""
_IMMEDIATELY: Final = 0.002


class Profile(StrEnum):
    """Which faults there are, and how many."""

    NONE = "none"
    LIGHT = "light"
    HEAVY = "heavy"
    SOCKETS = "sockets"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class _Mix:
    """How much trouble.

    Attributes:
        aimed: chance that a command has a fault aimed at it.
        others: how many other faults there are at most.
        sockets, rest: weights of the two kinds.
    """

    aimed: float
    others: int
    sockets: int
    rest: int


_MIXES: Final[Mapping[Profile, _Mix]] = {
    Profile.NONE: _Mix(0.0, 0, 0, 0),
    Profile.LIGHT: _Mix(0.15, 2, 3, 1),
    Profile.HEAVY: _Mix(0.5, 6, 3, 2),
    Profile.SOCKETS: _Mix(0.5, 4, 1, 0),
    Profile.REST: _Mix(0.4, 5, 1, 8),
}


def generate(seed: int, profile: Profile = Profile.HEAVY) -> s.Schedule:
    """The schedule of a seed."""
    return _Generator(Random(f"{profile.value} {seed}"), _MIXES[profile]).schedule(seed)


class _Generator:
    def __init__(self, rng: Random, mix: _Mix) -> None:
        self._rng = rng
        self._mix = mix

    def schedule(self, seed: int) -> s.Schedule:
        latency_s = self._rng.choice((0.002, 0.01, 0.05, 0.2))
        venue, settings = self._dialect(), self._settings()
        is_making = self._rng.random() < 0.2
        steps = [*self._market(), *(self._making() if is_making else self._trading())]
        steps += self._other_faults(max(step.at for step in steps))
        if self._rng.random() < 0.1:
            steps.append(s.Listen(at=0.0, seconds=self._seconds(0.01, 0.5)))
        steps.sort(key=lambda step: step.at)
        return s.Schedule(seed=seed, venue=venue, settings=settings, latency_s=latency_s, steps=tuple(steps))

    # --- the world -----------------------------------------------------------------------------------

    def _dialect(self) -> Dials:
        rng = self._rng
        dials: dict[str, str | bool | float] = {
            "send_placed_status": rng.random() < 0.5,
            "order_status_needs_subscription": rng.random() < 0.3,
            "account_acks": rng.random() < 0.7,
            "customer_order_id_in_events": rng.random() < 0.6,
            "failure_frames": rng.choice(("processed", "failed_order", "both")),
            "send_failed_status": True,
            "error_replies": rng.choice(("error", "invalid")),
            "duplicate_ids_fail_late": rng.random() < 0.3,
            "finished_order_status": rng.choice(("terminal", "not_found", "invalid")),
            "rate_limited_body": rng.choice(("html", "json", "empty")),
        }
        if rng.random() < 0.5:
            dials["processing_latency_s"] = 0.005
            dials["processing_jitter_s"] = rng.choice((0.01, 0.1, 0.5))
        if rng.random() < 0.4:
            dials["event_jitter_s"] = rng.choice((0.005, 0.05, 0.3))
            dials["events_may_swap"] = True
        if rng.random() < 0.3:
            dials["open_orders_latency_s"] = rng.choice((0.05, 0.5))
        return dials

    def _settings(self) -> Dials:
        rng = self._rng
        return {
            "reconcile_interval_s": rng.choice((4.0, 8.0, 8.0, 30.0)),
            "place_timeout_s": rng.choice((0.5, 2.0)),
            "cancel_timeout_s": rng.choice((0.5, 2.0)),
            "ping_interval_s": 3.0,
            "silence_timeout_s": 8.0,
            "on_close": "cancel" if rng.random() < 0.9 else "leave",
        }

    # --- traders -----------------------------------------------------------------------------------

    def _market(self) -> Iterator[s.AnyStep]:
        yield self._move(0.0, 0)

    def _move(self, at: float, drift: int) -> s.Market:
        middle = MIDDLE + drift
        return s.Market(
            at=at, bid=Decimal(middle - LADDER), ask=Decimal(middle + LADDER), amount=Decimal("0.05")
        )

    def _trading(self) -> Iterator[s.AnyStep]:
        rng = self._rng
        at = 0.1
        for number in range(rng.randint(3, 10)):
            at += rng.choice((0.0, self._seconds(0.0, 0.1), self._seconds(0.1, 1.5)))
            yield from self._life_of_an_order(round(at, 3), f"o{number}")
        yield from self._events_of_the_market(at)
        yield from self._events_of_the_user(at)

    def _life_of_an_order(self, at: float, name: str) -> Iterator[s.AnyStep]:
        rng = self._rng
        place = self._placement(at, name)
        yield from self._aimed(at, self._at_placing)
        yield place
        if rng.random() < 0.5:
            yield self._taking(at + self._soon(), place.side)
        if rng.random() < 0.7:
            cancelled_at = round(at + self._soon(), 3)
            yield from self._aimed(cancelled_at, self._at_cancelling)
            yield s.Cancel(at=cancelled_at, name=name)
            if rng.random() < 0.4:
                yield self._taking(cancelled_at + rng.choice((0.0, _IMMEDIATELY, 0.01)), place.side)
            if rng.random() < 0.2:
                yield s.Cancel(at=round(cancelled_at + self._soon(), 3), name=name)
        if rng.random() < 0.1:
            yield s.Revoke(at=round(at + self._soon(), 3), name=name)

    def _placement(self, at: float, name: str) -> s.Place:
        rng = self._rng
        side = self._side()
        amount = Decimal(rng.randint(1, 20)) / 1000
        kind = rng.choices(
            ("passive", "crossing", "post-only", "ioc", "fok", "market", "value"), (10, 2, 4, 2, 1, 2, 1)
        )
        away = rng.randint(100, LADDER - 100) if kind[0] in ("passive", "post-only") else -(LADDER + 1_000)
        if kind[0] == "post-only" and rng.random() < 0.2:
            away = -(LADDER + 1_000)
        price = Decimal(MIDDLE - away if side == "BUY" else MIDDLE + away)
        match kind[0]:
            case "market":
                return s.Place(at=at, name=name, side=side, amount=amount)
            case "value":
                return s.Place(at=at, name=name, side=side, quote=Decimal(rng.randint(100, 20_000)))
            case "ioc":
                return s.Place(at=at, name=name, side=side, amount=amount * 4, price=price, tif="IOC")
            case "fok":
                return s.Place(at=at, name=name, side=side, amount=amount * 4, price=price, tif="FOK")
            case found:
                is_post_only = found == "post-only"
                return s.Place(
                    at=at, name=name, side=side, amount=amount, price=price, post_only=is_post_only
                )

    def _taking(self, at: float, side: BuyOrSell) -> s.Take:
        return s.Take(at=round(at, 3), side=side, amount=Decimal(self._rng.randint(1, 20)) / 1000)

    def _events_of_the_market(self, until: float) -> Iterator[s.AnyStep]:
        rng = self._rng
        for _ in range(rng.randint(0, 2)):
            yield self._move(self._seconds(0.5, until + 1), rng.randint(-2 * LADDER, 2 * LADDER))
        if rng.random() < 0.15:
            yield s.Foreign(
                at=self._seconds(0.0, until),
                side="BUY",
                amount=Decimal("0.001"),
                price=Decimal(MIDDLE - 2 * LADDER),
                customer_order_id=rng.choice(("", "somebody-else")),
            )

    def _events_of_the_user(self, until: float) -> Iterator[s.AnyStep]:
        rng = self._rng
        if rng.random() < 0.15:
            yield s.CancelAll(at=self._seconds(0.3, until + 1))
        if rng.random() < 0.12:
            at = self._seconds(0.3, until + 1)
            yield from self._aimed(at, self._at_cancelling)
            yield s.Restart(at=at)
        elif rng.random() < 0.08:
            at = self._seconds(until, until + 1)
            yield from self._aimed(at, self._at_cancelling)
            yield s.Close(at=at)

    def _making(self) -> Iterator[s.AnyStep]:
        rng = self._rng
        at, drift = 0.1, 0
        for _ in range(rng.randint(6, 14)):
            drift += rng.randint(-500, 500)
            yield from self._aimed(at, rng.choice((self._at_placing, self._at_cancelling)))
            yield s.Refresh(
                at=at,
                bid=Decimal(MIDDLE + drift - 2_000),
                ask=Decimal(MIDDLE + drift + 2_000),
                amount=Decimal("0.01"),
            )
            if rng.random() < 0.4:
                yield self._taking(at + self._seconds(0.0, 0.9), self._side())
            at = round(at + rng.choice((1.0, 1.0, 0.3)), 3)

    # --- faults --------------------------------------------------------------------------------------

    def _aimed(self, at: float, aim: Callable[[float], s.AnyStep]) -> Iterator[s.AnyStep]:
        if self._rng.random() < self._mix.aimed:
            yield aim(at)

    def _at_placing(self, at: float) -> s.AnyStep:
        kinds = ("PLACE_LIMIT_ORDER", "")
        return self._at_command(at, kinds, ("PLACE_LIMIT_WS_RESPONSE", "ORDER_PROCESSED"), "POST_/v2/orders")

    def _at_cancelling(self, at: float) -> s.AnyStep:
        kinds = ("CANCEL_LIMIT_ORDER", "")
        return self._at_command(at, kinds, ("CANCEL_ORDER_WS_RESPONSE",), "DELETE_/v2/orders")

    def _at_command(
        self, at: float, commands: Sequence[str], replies: Sequence[str], route: str
    ) -> s.AnyStep:
        rng = self._rng
        if rng.randrange(self._mix.sockets + self._mix.rest) >= self._mix.sockets:
            return self._request_fault(at, rng.choice((route, route, "GET_/v1/orders")))
        if rng.random() < 0.45:
            return self._outward(at, rng.choice(commands))
        news = ("ORDER_STATUS_UPDATE", "NEW_ACCOUNT_TRADE", "OPEN_ORDERS_UPDATE", "")
        return self._inward(at, rng.choice((*replies, *news)))

    def _outward(self, at: float, kind: str) -> s.FrameFault:
        fate = self._rng.choice(
            (
                s.FrameFate.DROP,
                s.FrameFate.LATE,
                s.FrameFate.STALL,
                s.FrameFate.CUT_BEFORE,
                s.FrameFate.CUT_AFTER,
            )
        )
        longest = 3.0 if fate is s.FrameFate.LATE else 7.0
        seconds = self._seconds(0.01, longest) if fate in _SLOW_FATES else 0.0
        return s.FrameFault(at=at, way="out", kind=kind, fate=fate, seconds=seconds)

    def _inward(self, at: float, kind: str) -> s.FrameFault:
        rng = self._rng
        fate = rng.choice(tuple(s.FrameFate))
        seconds = self._seconds(0.01, 7.0) if fate in _SLOW_FATES else 0.0
        count = rng.choice((1, 1, 2, 4))
        return s.FrameFault(at=at, way="in", kind=kind, fate=fate, seconds=seconds, count=count)

    def _request_fault(self, at: float, kind: str) -> s.RequestFault:
        rng = self._rng
        fate = rng.choice(tuple(s.RequestFate))
        is_slow = fate in (s.RequestFate.SLOW, s.RequestFate.LATE)
        lasting = self._seconds(0.5, 4.0) if rng.random() < 0.4 else 0.0
        return s.RequestFault(
            at=at,
            kind=kind,
            fate=fate,
            seconds=self._seconds(0.1, 4.0) if is_slow else 0.0,
            status=rng.choice(
                (500, 502, 503, 504, 429) if fate is s.RequestFate.ERROR_BEFORE else (500, 503, 504)
            ),
            count=rng.choice((1, 2, 5)),
            lasting=lasting,
        )

    def _other_faults(self, until: float) -> Iterator[s.AnyStep]:
        rng = self._rng
        for _ in range(rng.randint(0, self._mix.others)):
            at = self._seconds(0.0, until + 0.5)
            if rng.randrange(self._mix.sockets + self._mix.rest) >= self._mix.sockets:
                yield self._request_fault(at, rng.choice(("", "GET_/v1/orders", "GET_/v1/account", "POST_")))
            else:
                yield self._socket_fault(at)
        if self._mix.others and rng.random() < 0.1:
            yield s.Jump(at=self._seconds(0.0, until), seconds=float(rng.choice((-3600, -5, 5, 3600))))
        if self._mix.others and rng.random() < 0.05:
            yield s.ReadOnly(at=self._seconds(0.0, until), seconds=self._seconds(0.5, 3.0))

    def _socket_fault(self, at: float) -> s.AnyStep:
        rng = self._rng
        socket = rng.choice(_SOCKETS)
        match rng.randrange(7):
            case 0 | 1:
                return s.Cut(at=at, socket=socket, code=rng.choice((1000, 1006, 1006, 1012)))
            case 2:
                return s.HalfOpen(at=at, socket=socket, seconds=rng.choice((0.5, 2.0, 6.0, 12.0)))
            case 3:
                return s.DialFault(
                    at=at,
                    socket=socket,
                    fate=rng.choice(tuple(s.DialFate)),
                    status=rng.choice((429, 500, 503)),
                    count=rng.choice((1, 2)),
                )
            case 4:
                return s.Inject(
                    at=at, socket=socket, kind=rng.choice(("unknown", "garbage", "empty", "binary"))
                )
            case 5:
                return self._inward(at, "")
            case _:
                return self._inward(at, rng.choice(("ORDER_STATUS_UPDATE", "NEW_ACCOUNT_TRADE")))

    # --- numbers -------------------------------------------------------------------------------------

    def _side(self) -> BuyOrSell:
        return "BUY" if self._rng.random() < 0.5 else "SELL"

    def _seconds(self, least: float, most: float) -> float:
        return round(self._rng.uniform(least, most), 3)

    def _soon(self) -> float:
        """At once, in a moment, or after a while."""
        return self._rng.choice((0.0, 0.005, self._seconds(0.0, 0.2), self._seconds(0.2, 3.0)))


_SOCKETS: Final[tuple[s.SocketName, ...]] = ("account", "account", "account", "trade")
_SLOW_FATES: Final = frozenset({s.FrameFate.LATE, s.FrameFate.STALL})
