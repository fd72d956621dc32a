"""Schedules from seeds: what a user, a market and a network might do, drawn with a taste for trouble.

They are short, for many short schedules find more than few long ones. Faults are aimed: most stand right
before the command whose frames they are for. What would happen too rarely by chance has a plot of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from random import Random
from typing import Final, Literal

from valr_connector.verification import schedule as s
from valr_connector.verification.generate_faults import (
    BATCHING,
    CANCELLING,
    MODIFYING,
    PLACING,
    SOCKETS,
    SOCKETS_WITHOUT_BOOKS,
    STOPPING,
    FaultMaker,
    Mix,
)
from valr_connector.verification.generate_feed_faults import feed_faults

BuyOrSell = Literal["BUY", "SELL"]
Dials = Mapping[str, str | bool | float]

MIDDLE: Final = 1_000_000
LADDER: Final = 20_000
"""How far from the middle others quote; the connector's passive orders stand between."""
_IMMEDIATELY: Final = 0.002
_FOLLOWING_BOOKS: Final = 0.3
"""So many follow a book beside their orders."""
_PASSIVE: Final[Mapping[str, float]] = {"passive": 0.95, "post-only": 0.95, "stop": 0.5}
"""How often an order of that kind would rest; others never would."""
_MODIFIED_TWICE: Final = 0.3
"""So many of the modifies have another one right behind them."""
_BATCHED_STOPS: Final = 0.3
_STOP_AT: Final = 0.4
_CALM: Final = 0.12
_LENIENT: Final = 0.5
_DYING_SILENTLY: Final = 0.1
_TOLERANCE_S: Final = 30.0
"""A request that a fault held back is signed in time all the same; a date that is an hour off is not."""
"""So many schedules have no fault: then everything has to be told when it happens, and not a second later."""


class Profile(StrEnum):
    """Which faults there are, and how many."""

    NONE = "none"
    LIGHT = "light"
    HEAVY = "heavy"
    SOCKETS = "sockets"
    REST = "rest"


_QUIET: Final = Mix(0.0, 0, 0, 0)
_MIXES: Final[Mapping[Profile, Mix]] = {
    Profile.NONE: _QUIET,
    Profile.LIGHT: Mix(0.15, 2, 3, 1),
    Profile.HEAVY: Mix(0.5, 3, 3, 2),
    Profile.SOCKETS: Mix(0.5, 3, 1, 0),
    Profile.REST: Mix(0.4, 3, 1, 8),
}


def generate(seed: int, profile: Profile = Profile.HEAVY) -> s.Schedule:
    """The schedule of a seed."""
    rng = Random(f"{profile.value} {seed}")
    mix = _QUIET if rng.random() < _CALM else _MIXES[profile]
    return _Generator(rng, mix).schedule(seed)


@dataclass(slots=True)
class _Plot:
    """What happens besides other faults, and what that needs of the world."""

    steps: list[s.AnyStep]
    venue: dict[str, str | bool | float] = field(default_factory=dict)
    settings: dict[str, str | bool | float] = field(default_factory=dict)
    journal: bool = False
    bears_faults: bool = True


def _of_signatures(seed: int) -> Dials:
    """What the venue thinks of a signature's time (protocol 21 no. 14). Drawn apart from all else."""
    if Random(f"signatures {seed}").random() < _LENIENT:
        return {}
    return {"timestamp_tolerance_s": _TOLERANCE_S, "refuse_repeated_timestamps": True}


class _Generator:
    def __init__(self, rng: Random, mix: Mix) -> None:
        self._rng = rng
        self._mix = mix
        self._books = rng.random() < _FOLLOWING_BOOKS
        self._faults = FaultMaker(rng, mix, SOCKETS if self._books else SOCKETS_WITHOUT_BOOKS)
        self._seconds = self._faults.seconds

    def schedule(self, seed: int) -> s.Schedule:
        rng = self._rng
        latency_s = rng.choice((0.002, 0.01, 0.05, 0.2))
        venue, settings = self._dialect(), self._settings()
        plot = self._plot(latency_s)
        steps = [self._move(0.0, 0), *plot.steps]
        if plot.bears_faults:
            last = max(step.at for step in steps)
            steps += self._faults.others(last)
            steps += self._feed_faults(seed, last)
            steps += self._silence(seed, last)
        steps.sort(key=lambda step: step.at)
        return s.Schedule(
            seed=seed,
            venue={**venue, **_of_signatures(seed), **plot.venue},
            settings={**settings, **plot.settings},
            latency_s=latency_s,
            journal=plot.journal or rng.random() < 0.05,
            books=self._books,
            steps=tuple(steps),
        )

    def _feed_faults(self, seed: int, until: float) -> Iterator[s.AnyStep]:
        """Drawn apart from all else, which is the same with a book and without."""
        if self._books and not self._mix.is_calm:
            yield from feed_faults(Random(f"feed {seed}"), until)

    def _silence(self, seed: int, until: float) -> Iterator[s.AnyStep]:
        """A connection that dies without a word, and does not come back. Drawn apart from all else, too."""
        rng = Random(f"silence {seed}")
        if not self._mix.is_calm and rng.random() < _DYING_SILENTLY:
            socket: s.SocketName = "trade" if self._books and rng.random() < 0.5 else "account"
            yield s.HalfOpen(at=round(rng.uniform(0.1, until), 3), socket=socket)

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
            "cancel_all_takes_stops": rng.random() < 0.7,
        }
        if rng.random() < 0.5:
            dials["processing_latency_s"] = 0.005
            dials["processing_jitter_s"] = rng.choice((0.01, 0.1, 0.5))
        if rng.random() < 0.4:
            dials["event_jitter_s"] = rng.choice((0.005, 0.05, 0.3))
            dials["events_may_swap"] = True
        if rng.random() < 0.3:
            dials["open_orders_latency_s"] = rng.choice((0.05, 0.5))
        if rng.random() < 0.2:
            dials["reply_jitter_s"] = rng.choice((0.02, 0.3))
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

    def _move(self, at: float, drift: int) -> s.Market:
        middle = MIDDLE + drift
        return s.Market(
            at=at, bid=Decimal(middle - LADDER), ask=Decimal(middle + LADDER), amount=Decimal("0.05")
        )

    # --- plots ---------------------------------------------------------------------------------------

    def _plot(self, latency_s: float) -> _Plot:
        """Most often somebody trades; else what trading alone would bring about too rarely."""
        plots: list[tuple[int, Callable[[], _Plot]]] = [
            (50, lambda: _Plot([*self._trading(self._rng.randint(2, 4))])),
            (10, lambda: _Plot([*self._making()])),
            (6, lambda: self._filled_after_the_receipt(latency_s)),
            (5, self._known_by_an_id_to_come),
            (7, self._triggered),
            (5, self._stop_modified),
        ]
        mishaps: list[tuple[int, Callable[[], _Plot]]] = [
            (16, self._crashing),
            (4, self._placed_again),
            (3, self._placed_twice),
            (14, self._misreported),
        ]
        plots += () if self._mix.is_calm else mishaps
        weights = [weight for weight, _ in plots]
        return self._rng.choices(plots, weights)[0][1]()

    def _trading(self, orders: int) -> Iterator[s.AnyStep]:
        rng = self._rng
        at = 0.1
        for number in range(orders):
            at += rng.choice((0.0, self._seconds(0.0, 0.1), self._seconds(0.1, 1.0)))
            yield from self._life_of_an_order(round(at, 3), f"o{number}")
        yield from self._events_of_the_market(at)
        yield from self._events_of_the_user(at)
        if rng.random() < 0.1:
            yield from self._batch(round(at + self._soon(), 3), [f"o{number}" for number in range(orders)])

    def _life_of_an_order(self, at: float, name: str) -> Iterator[s.AnyStep]:
        rng = self._rng
        place = self._placement(at, name)
        yield from self._faults.aimed(at, PLACING if place.stop is None else STOPPING)
        yield place
        if rng.random() < 0.45:
            yield self._taking(at + self._soon(), place.side)
        if place.stop is not None and rng.random() < 0.7:
            yield self._triggering(at + self._soon(), place.side, takes_profit=place.takes_profit)
        is_modified_twice = False
        if rng.random() < 0.3:
            modified_at = round(at + self._soon(), 3)
            yield from self._modify(modified_at, name, place.side)
            is_modified_twice = rng.random() < _MODIFIED_TWICE
            if is_modified_twice:
                yield self._change(round(modified_at + rng.choice((0.0, 0.01)), 3), name, place.side)
        if not is_modified_twice and rng.random() < 0.65:
            yield from self._cancelling(round(at + self._soon(), 3), name, place.side)
        if rng.random() < 0.08:
            yield s.Revoke(at=round(at + self._soon(), 3), name=name)

    def _cancelling(self, at: float, name: str, side: BuyOrSell) -> Iterator[s.AnyStep]:
        rng = self._rng
        yield from self._faults.aimed(at, CANCELLING)
        yield s.Cancel(at=at, name=name)
        if rng.random() < 0.35:
            yield self._taking(at + rng.choice((0.0, _IMMEDIATELY, 0.01)), side)
        if rng.random() < 0.15:
            yield s.Cancel(at=round(at + self._soon(), 3), name=name)

    def _modify(self, at: float, name: str, side: BuyOrSell) -> Iterator[s.AnyStep]:
        yield from self._faults.aimed(at, MODIFYING)
        yield self._change(at, name, side)

    def _change(self, at: float, name: str, side: BuyOrSell) -> s.Modify:
        rng = self._rng
        sizes: Mapping[str, Decimal] = {
            rng.choice(("total", "remaining")): Decimal(rng.randint(1, 30)) / 1000
        }
        price = self._passive_price(side, rng.choice((rng.randint(100, LADDER), -LADDER - 1_000)))
        is_price, is_size = rng.choice(((True, False), (False, True), (True, True)))
        return s.Modify(
            at=at,
            name=name,
            price=price if is_price else None,
            on_match=rng.choice(("RETAIN_ORIGINAL", "CANCEL_ORIGINAL", "REPRICE")),
            **(sizes if is_size else {}),
        )

    def _batch(self, at: float, known: Iterable[str]) -> Iterator[s.AnyStep]:
        rng = self._rng
        yield from self._faults.aimed(at, BATCHING)
        side = self._side()
        price = self._passive_price(side, rng.randint(100, LADDER - 100))
        first = ",".join(name for name in known if rng.random() < 0.6)
        if first and rng.random() < 0.3:
            yield s.Batch(at=at, modifies=first, price=price)
        else:
            places = "b0,b1" if rng.random() < 0.5 else "b0"
            stop = self._passive_price(side, 5_000) if rng.random() < _BATCHED_STOPS else None
            yield s.Batch(
                at=at,
                places=places,
                cancels=first,
                side=side,
                amount=Decimal("0.004"),
                price=price,
                stop=stop,
                takes_profit=stop is not None,
            )

    def _making(self) -> Iterator[s.AnyStep]:
        rng = self._rng
        at, drift = 0.1, 0
        for _ in range(rng.randint(3, 6)):
            drift += rng.randint(-500, 500)
            yield from self._faults.aimed(at, rng.choice((PLACING, CANCELLING)))
            yield s.Refresh(
                at=at,
                bid=Decimal(MIDDLE + drift - 2_000),
                ask=Decimal(MIDDLE + drift + 2_000),
                amount=Decimal("0.01"),
            )
            if rng.random() < 0.4:
                yield self._taking(at + self._seconds(0.0, 0.9), self._side())
            at = round(at + rng.choice((1.0, 1.0, 0.3)), 3)

    def _crashing(self) -> _Plot:
        """Processes that die in the middle of their work, one after the other."""
        rng = self._rng
        is_making = rng.random() < 0.25
        steps = [*self._making()] if is_making else [*self._trading(rng.randint(1, 3))]
        placings = [step.at for step in steps if isinstance(step, s.Place | s.Refresh | s.Batch)]
        deeds = [step.at for step in steps]
        crashes: list[s.AnyStep] = []
        for _ in range(rng.choice((1, 1, 2))):
            writes = rng.choice((0, 1, 1, 2, 3))
            later = 0.0 if writes else rng.choice((0.0, 0.001, 0.01, self._seconds(0.0, 0.5)))
            at = round(rng.choice(placings if writes == 1 else deeds) + later, 3)
            crashes.append(s.Crash(at=at, writes=writes, pause=rng.choice((0.0, 0.2, 1.0))))
        return _Plot([*crashes, *steps], journal=True)

    def _filled_after_the_receipt(self, latency_s: float) -> _Plot:
        """A cancel that VALR has received meets a fill before the engine gets to it."""
        place = s.Place(at=0.1, name="o0", side="BUY", amount=Decimal("0.01"), price=Decimal(MIDDLE - 100))
        cancelled_at = round(0.6 + latency_s, 3)
        steps: list[s.AnyStep] = [
            place,
            s.Cancel(at=cancelled_at, name="o0"),
            s.Take(at=round(cancelled_at + latency_s + 0.01, 3), side="BUY", amount=Decimal("0.02")),
            *self._faults.aimed(cancelled_at, CANCELLING),
        ]
        venue: dict[str, str | bool | float] = {"processing_latency_s": 0.25, "processing_jitter_s": 0.01}
        return _Plot(steps, venue)

    def _known_by_an_id_to_come(self) -> _Plot:
        """Events that name an order by VALR's id alone come before the reply that tells us that id."""
        steps: list[s.AnyStep] = []
        for number, at in enumerate((0.1, 0.4)):
            steps += self._faults.aimed(at, PLACING)
            amount = Decimal("0.01")
            price = Decimal(MIDDLE + LADDER + 1_000)
            steps.append(s.Place(at=at, name=f"o{number}", side="BUY", amount=amount, price=price))
        venue: dict[str, str | bool | float] = {
            "customer_order_id_in_events": False,
            "reply_latency_s": 0.2,
            "reply_jitter_s": 0.3,
        }
        return _Plot(steps, venue)

    def _triggered(self) -> _Plot:
        """A stop order is triggered, and is filled, rests, or meets an order of its own account."""
        rng = self._rng
        side = self._side()
        other: BuyOrSell = "SELL" if side == "BUY" else "BUY"
        steps: list[s.AnyStep] = []
        if rng.random() < 0.6:
            in_the_way = self._passive_price(other, 500)
            steps.append(s.Place(at=0.1, name="o0", side=other, amount=Decimal("0.01"), price=in_the_way))
        at = round(_STOP_AT + rng.choice((0.5, self._soon())), 3)
        steps += self._stopping(side, rng.choice((1_000, -LADDER - 1_000, -LADDER - 1_000)), at)
        if rng.random() < 0.3:
            steps += self._cancelling(round(at + rng.choice((-_IMMEDIATELY, self._soon())), 3), "o1", side)
        return _Plot(steps)

    def _stop_modified(self) -> _Plot:
        """A stop order is modified while it waits, which VALR refuses, or once it is triggered and rests."""
        rng = self._rng
        side = self._side()
        at = round(_STOP_AT + rng.choice((0.3, 0.6)), 3)
        modified_at = at + rng.choice((-0.2, -0.1, -0.1, -_IMMEDIATELY, _IMMEDIATELY, 0.1))
        return _Plot([*self._stopping(side, 1_000, at), *self._modify(round(modified_at, 3), "o1", side)])

    def _stopping(self, side: BuyOrSell, away: int, triggered_at: float) -> Iterator[s.AnyStep]:
        """A stop order `o1`, by itself or in a batch, and the trade that triggers it."""
        amount, price, stop = (
            Decimal("0.01"),
            self._passive_price(side, away),
            self._passive_price(side, 5_000),
        )
        if self._rng.random() < _BATCHED_STOPS:
            yield from self._faults.aimed(_STOP_AT, BATCHING)
            yield s.Batch(
                at=_STOP_AT, places="o1", side=side, amount=amount, price=price, stop=stop, takes_profit=True
            )
        else:
            yield from self._faults.aimed(_STOP_AT, STOPPING)
            yield s.Place(
                at=_STOP_AT, name="o1", side=side, amount=amount, price=price, stop=stop, takes_profit=True
            )
        yield self._triggering(triggered_at, side, takes_profit=True)

    def _placed_again(self) -> _Plot:
        """A placement is lost for good, and after the grace it is sent again."""
        fate = self._rng.choice((s.FrameFate.DROP, s.FrameFate.CUT_BEFORE))
        lost = s.FrameFault(at=0.1, way="out", kind="PLACE_LIMIT_ORDER", fate=fate)
        return self._persistent([lost], {})

    def _placed_twice(self) -> _Plot:
        """VALR's engine is slower than the grace: a second attempt meets the first."""
        unheard = s.FrameFault(
            at=0.1, way="in", kind="PLACE_LIMIT_WS_RESPONSE", fate=s.FrameFate.DROP, count=2
        )
        slow: dict[str, str | bool | float] = {"processing_latency_s": 2.9, "processing_jitter_s": 0.0}
        return self._persistent([unheard], {**slow, "duplicate_ids_fail_late": False})

    def _persistent(self, faults: list[s.AnyStep], venue: dict[str, str | bool | float]) -> _Plot:
        """One order that is to be placed by all means."""
        rng = self._rng
        side = self._side()
        price = self._passive_price(side, rng.randint(100, LADDER - 100))
        place = s.Place(
            at=0.1, name="o0", side=side, amount=Decimal("0.01"), price=price, retry="if_proved_absent"
        )
        steps = [*faults, place, self._taking(rng.choice((3.5, 4.5)), side)]
        settings: dict[str, str | bool | float] = {"not_found_grace_s": 1.0, "place_timeout_s": 0.5}
        return _Plot(steps, venue, settings, bears_faults=False)

    def _misreported(self) -> _Plot:
        """VALR tells the end of an order that lives on, or ends otherwise."""
        rng = self._rng
        side = self._side()
        price = self._passive_price(side, rng.randint(100, LADDER - 100))
        place = s.Place(at=0.1, name="o9", side=side, amount=Decimal("0.02"), price=price)
        at = self._seconds(0.6, 1.2)
        steps: list[s.AnyStep] = [place, s.Misreport(at=at, name="o9")]
        match rng.choice(("nothing", "some", "some", "some", "all", "all", "all")):
            case "some":
                steps.append(self._taking(at + self._soon(), side))
            case "all":
                taken_at = round(at + rng.choice((-_IMMEDIATELY, 0.0, _IMMEDIATELY)), 3)
                steps.append(s.Take(at=taken_at, side=side, amount=Decimal("0.03")))
            case _:
                pass
        if rng.random() < 0.5:
            steps += self._trading(1)
        return _Plot(steps)

    # --- parts of plots ------------------------------------------------------------------------------

    def _placement(self, at: float, name: str) -> s.Place:
        rng = self._rng
        side = self._side()
        amount = Decimal(rng.randint(1, 20)) / 1000
        kinds = ("passive", "crossing", "post-only", "ioc", "fok", "market", "value", "stop")
        kind = rng.choices(kinds, (40, 8, 16, 8, 4, 8, 4, 6))[0]
        is_passive = rng.random() < _PASSIVE.get(kind, 0.0)
        away = rng.randint(100, LADDER - 100) if is_passive else -(LADDER + 1_000)
        price = self._passive_price(side, away)
        match kind:
            case "market":
                return s.Place(at=at, name=name, side=side, amount=amount)
            case "value":
                return s.Place(at=at, name=name, side=side, quote=Decimal(rng.randint(100, 20_000)))
            case "ioc":
                return s.Place(at=at, name=name, side=side, amount=amount * 4, price=price, tif="IOC")
            case "fok":
                return s.Place(at=at, name=name, side=side, amount=amount * 4, price=price, tif="FOK")
            case "stop":
                takes_profit = rng.random() < 0.4
                stop = self._passive_price(side, 5_000 if takes_profit else -5_000)
                return s.Place(
                    at=at,
                    name=name,
                    side=side,
                    amount=amount,
                    price=price,
                    stop=stop,
                    takes_profit=takes_profit,
                )
            case found:
                is_post_only = found == "post-only"
                return s.Place(
                    at=at, name=name, side=side, amount=amount, price=price, post_only=is_post_only
                )

    def _taking(self, at: float, side: BuyOrSell) -> s.Take:
        return s.Take(at=round(at, 3), side=side, amount=Decimal(self._rng.randint(1, 20)) / 1000)

    def _triggering(self, at: float, side: BuyOrSell, *, takes_profit: bool) -> s.Take:
        """A trade on that side of the middle that triggers a stop order."""
        other: BuyOrSell = "SELL" if side == "BUY" else "BUY"
        return self._taking(at, side if takes_profit else other)

    def _events_of_the_market(self, until: float) -> Iterator[s.AnyStep]:
        rng = self._rng
        if rng.random() < 0.4:
            yield self._move(self._seconds(0.5, until + 0.5), rng.randint(-2 * LADDER, 2 * LADDER))
        if rng.random() < 0.15:
            yield s.Foreign(
                at=self._seconds(0.0, until),
                side="BUY",
                amount=Decimal("0.001"),
                price=Decimal(MIDDLE - 2 * LADDER),
                customer_order_id=rng.choice(("", "somebody-else", "somebody-else")),
            )

    def _events_of_the_user(self, until: float) -> Iterator[s.AnyStep]:
        rng = self._rng
        if rng.random() < 0.2:
            yield s.CancelAll(at=self._seconds(0.3, until + 0.5))
        if rng.random() < 0.05:
            yield s.Listen(at=0.0, seconds=self._seconds(0.01, 0.5))
        if self._mix.is_calm:
            return
        if rng.random() < 0.08:
            at = self._seconds(0.3, until + 0.5)
            yield from self._faults.aimed(at, CANCELLING)
            yield s.Restart(at=at)
        elif rng.random() < 0.06:
            at = self._seconds(0.1, until + 0.5)
            yield from self._faults.aimed(at, CANCELLING)
            yield s.Close(at=at)

    # --- numbers -------------------------------------------------------------------------------------

    def _side(self) -> BuyOrSell:
        return "BUY" if self._rng.random() < 0.5 else "SELL"

    def _passive_price(self, side: BuyOrSell, away: int) -> Decimal:
        """So far from the middle, on the passive side of it; on the other side if that is negative."""
        return Decimal(MIDDLE - away if side == "BUY" else MIDDLE + away)

    def _soon(self) -> float:
        """At once, in a moment, or after a while."""
        return self._rng.choice((0.0, 0.005, self._seconds(0.0, 0.2), self._seconds(0.2, 1.5)))
