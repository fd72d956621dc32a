"""What happens in a schedule: mostly trading; what that brings about too rarely has a plot of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Final

from valr_connector.verification import schedule as s
from valr_connector.verification.generate_faults import (
    BATCHING,
    CANCELLING,
    PLACING,
    STOPPING,
    FaultMaker,
)
from valr_connector.verification.generate_trading import (
    BATCHED_STOPS,
    IMMEDIATELY,
    LADDER,
    MIDDLE,
    BuyOrSell,
    Trading,
    other_side,
    passive_price,
)

Dials = Mapping[str, str | bool | float]

_STOP_AT: Final = 0.4
_COMPETING: Final = 2
"""So many cancels, and so many placements."""
_SPENT_AT: Final = 50.0
_AWAY_S: Final = 6.0
_BEFORE_THE_MINUTE_ENDS: Final = (52.5, 55.0)
"""Late enough to wait for its end, however long the start has taken."""
_WHOLE_MINUTE: Final = 1_200
"""What VALR takes of an address in one (protocol 4)."""
_PATIENT: Final[Dials] = {
    "place_timeout_s": 20.0,
    "cancel_timeout_s": 10.0,
    "longest_redial_pause_s": 10.0,
}
"""A placement waits for half of that. Dials that fail for seconds, one after the other, get far apart."""


@dataclass(slots=True)
class Plot:
    """What happens besides other faults, and what that needs of the world."""

    steps: list[s.AnyStep]
    venue: Dials = field(default_factory=dict)
    settings: Dials = field(default_factory=dict)
    journal: bool = False
    bears_faults: bool = True


class Plots:
    """Draws plots.

    Args:
        faults: drawn for the user's commands.
    """

    def __init__(self, rng: Random, faults: FaultMaker) -> None:
        self._rng = rng
        self._faults = faults
        self._seconds = faults.seconds
        self._trading = Trading(rng, faults)

    def draw(self, latency_s: float) -> Plot:
        """Most often somebody trades; else what trading alone would bring about too rarely."""
        plots: list[tuple[int, Callable[[], Plot]]] = [
            (50, lambda: Plot([*self._trading.orders(self._rng.randint(2, 4))])),
            (10, lambda: Plot([*self._trading.making()])),
            (6, lambda: self._filled_after_the_receipt(latency_s)),
            (5, self._known_by_an_id_to_come),
            (7, self._triggered),
            (5, self._stop_modified),
        ]
        mishaps: list[tuple[int, Callable[[], Plot]]] = [
            (16, self._crashing),
            (4, self._placed_again),
            (3, self._placed_twice),
            (14, self._misreported),
        ]
        plots += () if self._faults.is_calm else mishaps
        weights = [weight for weight, _ in plots]
        return self._rng.choices(plots, weights)[0][1]()

    def short_of_room(self) -> Plot:
        """Cancels and placements by REST wait for room in VALR's limits until its minute ends.

        The simulation begins with one of VALR's minutes. Another instance uses up what is left of it.
        """
        side = self._trading.side()
        away = s.DialFault(at=_SPENT_AT, fate=s.DialFate.REFUSE, lasting=_AWAY_S)
        steps: list[s.AnyStep] = [
            *(self._resting(0.1, f"o{number}", side) for number in range(_COMPETING)),
            s.Spend(at=_SPENT_AT, requests=_WHOLE_MINUTE),
            away,
            s.Cut(at=_SPENT_AT),
        ]
        for number in range(_COMPETING):
            steps.append(self._resting(self._seconds(*_BEFORE_THE_MINUTE_ENDS), f"p{number}", side))
            steps.append(s.Cancel(at=self._seconds(*_BEFORE_THE_MINUTE_ENDS), name=f"o{number}"))
        return Plot(steps, settings=_PATIENT, bears_faults=False)

    def _resting(self, at: float, name: str, side: BuyOrSell) -> s.Place:
        price = passive_price(side, self._rng.randint(100, LADDER - 100))
        return s.Place(at=at, name=name, side=side, amount=Decimal("0.01"), price=price)

    def _crashing(self) -> Plot:
        """Processes that die in the middle of their work, one after the other."""
        rng = self._rng
        is_making = rng.random() < 0.25
        steps = [*self._trading.making()] if is_making else [*self._trading.orders(rng.randint(1, 3))]
        placings = [step.at for step in steps if isinstance(step, s.Place | s.Refresh | s.Batch)]
        deeds = [step.at for step in steps]
        crashes: list[s.AnyStep] = []
        for _ in range(rng.choice((1, 1, 2))):
            writes = rng.choice((0, 1, 1, 2, 3))
            later = 0.0 if writes else rng.choice((0.0, 0.001, 0.01, self._seconds(0.0, 0.5)))
            at = round(rng.choice(placings if writes == 1 else deeds) + later, 3)
            crashes.append(s.Crash(at=at, writes=writes, pause=rng.choice((0.0, 0.2, 1.0))))
        return Plot([*crashes, *steps], journal=True)

    def _filled_after_the_receipt(self, latency_s: float) -> Plot:
        """A cancel that VALR has received meets a fill before the engine gets to it."""
        place = s.Place(at=0.1, name="o0", side="BUY", amount=Decimal("0.01"), price=Decimal(MIDDLE - 100))
        cancelled_at = round(0.6 + latency_s, 3)
        steps: list[s.AnyStep] = [
            place,
            s.Cancel(at=cancelled_at, name="o0"),
            s.Take(at=round(cancelled_at + latency_s + 0.01, 3), side="BUY", amount=Decimal("0.02")),
            *self._faults.aimed(cancelled_at, CANCELLING),
        ]
        venue: Dials = {"processing_latency_s": 0.25, "processing_jitter_s": 0.01}
        return Plot(steps, venue)

    def _known_by_an_id_to_come(self) -> Plot:
        """Events that name an order by VALR's id alone come before the reply that tells us that id."""
        steps: list[s.AnyStep] = []
        for number, at in enumerate((0.1, 0.4)):
            steps += self._faults.aimed(at, PLACING)
            amount = Decimal("0.01")
            price = Decimal(MIDDLE + LADDER + 1_000)
            steps.append(s.Place(at=at, name=f"o{number}", side="BUY", amount=amount, price=price))
        venue: Dials = {
            "customer_order_id_in_events": False,
            "reply_latency_s": 0.2,
            "reply_jitter_s": 0.3,
        }
        return Plot(steps, venue)

    def _triggered(self) -> Plot:
        """A stop order is triggered, and is filled, rests, or meets an order of its own account."""
        rng = self._rng
        side = self._trading.side()
        other = other_side(side)
        steps: list[s.AnyStep] = []
        if rng.random() < 0.6:
            in_the_way = passive_price(other, 500)
            steps.append(s.Place(at=0.1, name="o0", side=other, amount=Decimal("0.01"), price=in_the_way))
        at = round(_STOP_AT + rng.choice((0.5, self._trading.soon())), 3)
        steps += self._stopping(side, rng.choice((1_000, -LADDER - 1_000, -LADDER - 1_000)), at)
        if rng.random() < 0.3:
            steps += self._trading.cancelling(
                round(at + rng.choice((-IMMEDIATELY, self._trading.soon())), 3), "o1", side
            )
        return Plot(steps)

    def _stop_modified(self) -> Plot:
        """A stop order is modified while it waits, which VALR refuses, or once it is triggered and rests."""
        rng = self._rng
        side = self._trading.side()
        at = round(_STOP_AT + rng.choice((0.3, 0.6)), 3)
        modified_at = at + rng.choice((-0.2, -0.1, -0.1, -IMMEDIATELY, IMMEDIATELY, 0.1))
        return Plot(
            [*self._stopping(side, 1_000, at), *self._trading.modify(round(modified_at, 3), "o1", side)]
        )

    def _stopping(self, side: BuyOrSell, away: int, triggered_at: float) -> Iterator[s.AnyStep]:
        """A stop order `o1`, by itself or in a batch, and the trade that triggers it."""
        amount, price, stop = (
            Decimal("0.01"),
            passive_price(side, away),
            passive_price(side, 5_000),
        )
        if self._rng.random() < BATCHED_STOPS:
            yield from self._faults.aimed(_STOP_AT, BATCHING)
            yield s.Batch(
                at=_STOP_AT, places="o1", side=side, amount=amount, price=price, stop=stop, takes_profit=True
            )
        else:
            yield from self._faults.aimed(_STOP_AT, STOPPING)
            yield s.Place(
                at=_STOP_AT, name="o1", side=side, amount=amount, price=price, stop=stop, takes_profit=True
            )
        yield self._trading.triggering(triggered_at, side, takes_profit=True)

    def _placed_again(self) -> Plot:
        """A placement is lost for good, and after the grace it is sent again."""
        fate = self._rng.choice((s.FrameFate.DROP, s.FrameFate.CUT_BEFORE))
        lost = s.FrameFault(at=0.1, way="out", kind="PLACE_LIMIT_ORDER", fate=fate)
        return self._persistent([lost], {})

    def _placed_twice(self) -> Plot:
        """VALR's engine is slower than the grace: a second attempt meets the first."""
        unheard = s.FrameFault(
            at=0.1, way="in", kind="PLACE_LIMIT_WS_RESPONSE", fate=s.FrameFate.DROP, count=2
        )
        slow: Dials = {"processing_latency_s": 2.9, "processing_jitter_s": 0.0}
        return self._persistent([unheard], {**slow, "duplicate_ids_fail_late": False})

    def _persistent(self, faults: list[s.AnyStep], venue: Dials) -> Plot:
        """One order that is to be placed by all means."""
        rng = self._rng
        side = self._trading.side()
        price = passive_price(side, rng.randint(100, LADDER - 100))
        place = s.Place(
            at=0.1, name="o0", side=side, amount=Decimal("0.01"), price=price, retry="if_proved_absent"
        )
        steps = [*faults, place, self._trading.taking(rng.choice((3.5, 4.5)), side)]
        settings: Dials = {"not_found_grace_s": 1.0, "place_timeout_s": 0.5}
        return Plot(steps, venue, settings, bears_faults=False)

    def _misreported(self) -> Plot:
        """VALR tells the end of an order that lives on, or ends otherwise."""
        rng = self._rng
        side = self._trading.side()
        price = passive_price(side, rng.randint(100, LADDER - 100))
        place = s.Place(at=0.1, name="o9", side=side, amount=Decimal("0.02"), price=price)
        at = self._seconds(0.6, 1.2)
        steps: list[s.AnyStep] = [place, s.Misreport(at=at, name="o9")]
        match rng.choice(("nothing", "some", "some", "some", "all", "all", "all")):
            case "some":
                steps.append(self._trading.taking(at + self._trading.soon(), side))
            case "all":
                taken_at = round(at + rng.choice((-IMMEDIATELY, 0.0, IMMEDIATELY)), 3)
                steps.append(s.Take(at=taken_at, side=side, amount=Decimal("0.03")))
            case _:
                pass
        if rng.random() < 0.5:
            steps += self._trading.orders(1)
        return Plot(steps)
