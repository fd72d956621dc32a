"""Schedules from seeds: what a user, a market and a network might do, drawn with a taste for trouble.

They are short, for many short schedules find more than few long ones. Faults are aimed: most stand right
before the command whose frames they are for. What would happen too rarely by chance has a plot of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from random import Random
from typing import Final

from valr_connector.verification import schedule as s
from valr_connector.verification.generate_faults import SOCKETS, SOCKETS_WITHOUT_BOOKS, FaultMaker, Mix
from valr_connector.verification.generate_feed_faults import feed_faults
from valr_connector.verification.generate_plots import Dials, Plots
from valr_connector.verification.generate_trading import market

_FOLLOWING_BOOKS: Final = 0.3
"""So many follow a book beside their orders."""
_CALM: Final = 0.12
"""So many schedules have no fault: then everything has to be told when it happens, and not a second later."""
_LENIENT: Final = 0.5
_DYING_SILENTLY: Final = 0.1
_QUICK_CIRCUITS: Final = 0.2
_SHORT_OF_ROOM: Final = 0.02
_IMPATIENT: Final = 0.15
"""So many users give up calls that have not returned."""
_EACH_POLICY: Final = 0.06
_TOLERANCE_S: Final = 30.0
"""A request that a fault held back is signed in time all the same; a date that is an hour off is not."""


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


def _of_signatures(seed: int) -> Dials:
    """What the venue thinks of a signature's time (protocol 21 no. 14). Drawn apart from all else."""
    if Random(f"signatures {seed}").random() < _LENIENT:
        return {}
    return {"timestamp_tolerance_s": _TOLERANCE_S, "refuse_repeated_timestamps": True}


def _of_circuits(seed: int) -> Dials:
    """After how few failures a circuit opens: a schedule is short. Drawn apart from all else."""
    rng = Random(f"circuits {seed}")
    return {"circuit_failures": rng.choice((1, 2))} if rng.random() < _QUICK_CIRCUITS else {}


def _impatience(seed: int, steps: Sequence[s.AnyStep]) -> Iterator[s.AnyStep]:
    """Calls are given up some time after they began. Drawn apart from all else."""
    rng = Random(f"impatience {seed}")
    if rng.random() >= _IMPATIENT:
        return
    deeds = [step.at for step in steps if isinstance(step, s.ABOUT_ORDERS)]
    for _ in range(rng.choice((1, 1, 2, 3)) if deeds else 0):
        later = rng.choice((0.0, 0.001, rng.uniform(0.0, 0.1), rng.uniform(0.0, 1.0), rng.uniform(0.0, 4.0)))
        yield s.GiveUp(at=round(rng.choice(deeds) + later, 3))


def _of_policies(seed: int) -> tuple[Dials, Dials]:
    """What some users decide otherwise: of the venue, and of the connector. Drawn apart from all else."""
    rng = Random(f"policies {seed}")
    venue: dict[str, str | bool | float] = {}
    settings: dict[str, str | bool | float] = {}
    if rng.random() < _EACH_POLICY:
        settings["warm_standby"] = True
    if rng.random() < _EACH_POLICY:
        settings["cancel_on_disconnect"] = True
        venue["cancel_on_disconnect_delay_s"] = rng.choice((0.0, 0.3, 2.0))
    if rng.random() < _EACH_POLICY:
        settings["untracked_orders"] = "adopt"
    if rng.random() < _EACH_POLICY:
        settings["retry"] = "if_proved_absent"
    return venue, settings


class _Generator:
    def __init__(self, rng: Random, mix: Mix) -> None:
        self._rng = rng
        self._books = rng.random() < _FOLLOWING_BOOKS
        self._faults = FaultMaker(rng, mix, SOCKETS if self._books else SOCKETS_WITHOUT_BOOKS)
        self._plots = Plots(rng, self._faults)

    def schedule(self, seed: int) -> s.Schedule:
        rng = self._rng
        latency_s = rng.choice((0.002, 0.01, 0.05, 0.2))
        venue, settings = self._dialect(), self._settings()
        plot = self._plots.draw(latency_s)
        if not self._faults.is_calm and Random(f"room {seed}").random() < _SHORT_OF_ROOM:
            plot = self._plots.short_of_room()
        steps = [market(0.0, 0), *plot.steps]
        if plot.bears_faults:
            last = max(step.at for step in steps)
            steps += self._faults.others(last)
            steps += self._feed_faults(seed, last)
            steps += self._silence(seed, last)
        steps += _impatience(seed, steps)
        venue_policies, policies = _of_policies(seed)
        steps.sort(key=lambda step: step.at)
        return s.Schedule(
            seed=seed,
            venue={**venue, **venue_policies, **_of_signatures(seed), **plot.venue},
            settings={**settings, **policies, **_of_circuits(seed), **plot.settings},
            latency_s=latency_s,
            journal=plot.journal or rng.random() < 0.05,
            books=self._books,
            steps=tuple(steps),
        )

    def _feed_faults(self, seed: int, until: float) -> Iterator[s.AnyStep]:
        """Drawn apart from all else, which is the same with a book and without."""
        if self._books and not self._faults.is_calm:
            yield from feed_faults(Random(f"feed {seed}"), until)

    def _silence(self, seed: int, until: float) -> Iterator[s.AnyStep]:
        """A connection that dies without a word, and does not come back. Drawn apart from all else, too."""
        rng = Random(f"silence {seed}")
        if not self._faults.is_calm and rng.random() < _DYING_SILENTLY:
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
