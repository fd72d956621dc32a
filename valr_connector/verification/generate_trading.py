"""What the connector's user and other traders do, drawn at random, with faults for the user's commands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from random import Random
from typing import Final, Literal

from valr_connector.verification import schedule as s
from valr_connector.verification.generate_faults import (
    BATCHING,
    CANCELLING,
    MODIFYING,
    PLACING,
    STOPPING,
    FaultMaker,
)

BuyOrSell = Literal["BUY", "SELL"]

MIDDLE: Final = 1_000_000
LADDER: Final = 20_000
"""How far from the middle others quote; the connector's passive orders stand between."""
IMMEDIATELY: Final = 0.002
BATCHED_STOPS: Final = 0.3
"""So many of the stop orders are placed in a batch, where there is one."""
_PASSIVE: Final[Mapping[str, float]] = {"passive": 0.95, "post-only": 0.95, "stop": 0.5}
"""How often an order of that kind would rest; others never would."""
_MODIFIED_TWICE: Final = 0.3
"""So many of the modifies have another one right behind them."""


def market(at: float, drift: int) -> s.Market:
    """Others quote around the middle, or so far from it."""
    middle = MIDDLE + drift
    return s.Market(at=at, bid=Decimal(middle - LADDER), ask=Decimal(middle + LADDER), amount=Decimal("0.05"))


def passive_price(side: BuyOrSell, away: int) -> Decimal:
    """So far from the middle, on the passive side of it; on the other side if that is negative."""
    return Decimal(MIDDLE - away if side == "BUY" else MIDDLE + away)


def other_side(side: BuyOrSell) -> BuyOrSell:
    """Whom an order on this side trades with."""
    return "SELL" if side == "BUY" else "BUY"


class Trading:
    """Draws what a user does, and whoever trades with that user.

    Args:
        faults: drawn for the user's commands.
    """

    def __init__(self, rng: Random, faults: FaultMaker) -> None:
        self._rng = rng
        self._faults = faults
        self._seconds = faults.seconds

    def orders(self, count: int) -> Iterator[s.AnyStep]:
        """So many orders, each with what becomes of it, and what else happens meanwhile."""
        rng = self._rng
        at = 0.1
        for number in range(count):
            at += rng.choice((0.0, self._seconds(0.0, 0.1), self._seconds(0.1, 1.0)))
            yield from self._life_of_an_order(round(at, 3), f"o{number}")
        yield from self._events_of_the_market(at)
        yield from self._events_of_the_user(at)
        if rng.random() < 0.1:
            yield from self._batch(round(at + self.soon(), 3), [f"o{number}" for number in range(count)])

    def making(self) -> Iterator[s.AnyStep]:
        """A maker that refreshes two quotes a few times."""
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
                yield self.taking(at + self._seconds(0.0, 0.9), self.side())
            at = round(at + rng.choice((1.0, 1.0, 0.3)), 3)

    def cancelling(self, at: float, name: str, side: BuyOrSell) -> Iterator[s.AnyStep]:
        """A cancel, which may meet a fill, or be said twice."""
        rng = self._rng
        yield from self._faults.aimed(at, CANCELLING)
        yield s.Cancel(at=at, name=name)
        if rng.random() < 0.35:
            yield self.taking(at + rng.choice((0.0, IMMEDIATELY, 0.01)), side)
        if rng.random() < 0.15:
            yield s.Cancel(at=round(at + self.soon(), 3), name=name)

    def modify(self, at: float, name: str, side: BuyOrSell) -> Iterator[s.AnyStep]:
        """A change of price or size."""
        yield from self._faults.aimed(at, MODIFYING)
        yield self._change(at, name, side)

    def taking(self, at: float, side: BuyOrSell) -> s.Take:
        """Somebody takes some of the best orders of that side."""
        return s.Take(at=round(at, 3), side=side, amount=Decimal(self._rng.randint(1, 20)) / 1000)

    def triggering(self, at: float, side: BuyOrSell, *, takes_profit: bool) -> s.Take:
        """A trade on that side of the middle that triggers a stop order."""
        other = other_side(side)
        return self.taking(at, side if takes_profit else other)

    def _life_of_an_order(self, at: float, name: str) -> Iterator[s.AnyStep]:
        rng = self._rng
        place = self._placement(at, name)
        yield from self._faults.aimed(at, PLACING if place.stop is None else STOPPING)
        yield place
        if rng.random() < 0.45:
            yield self.taking(at + self.soon(), place.side)
        if place.stop is not None and rng.random() < 0.7:
            yield self.triggering(at + self.soon(), place.side, takes_profit=place.takes_profit)
        is_modified_twice = False
        if rng.random() < 0.3:
            modified_at = round(at + self.soon(), 3)
            yield from self.modify(modified_at, name, place.side)
            is_modified_twice = rng.random() < _MODIFIED_TWICE
            if is_modified_twice:
                yield self._change(round(modified_at + rng.choice((0.0, 0.01)), 3), name, place.side)
        if not is_modified_twice and rng.random() < 0.65:
            yield from self.cancelling(round(at + self.soon(), 3), name, place.side)
        if rng.random() < 0.08:
            yield s.Revoke(at=round(at + self.soon(), 3), name=name)

    def _placement(self, at: float, name: str) -> s.Place:
        rng = self._rng
        side = self.side()
        amount = Decimal(rng.randint(1, 20)) / 1000
        kinds = ("passive", "crossing", "post-only", "ioc", "fok", "market", "value", "stop")
        kind = rng.choices(kinds, (40, 8, 16, 8, 4, 8, 4, 6))[0]
        is_passive = rng.random() < _PASSIVE.get(kind, 0.0)
        away = rng.randint(100, LADDER - 100) if is_passive else -(LADDER + 1_000)
        price = passive_price(side, away)
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
                stop = passive_price(side, 5_000 if takes_profit else -5_000)
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

    def _change(self, at: float, name: str, side: BuyOrSell) -> s.Modify:
        rng = self._rng
        sizes: Mapping[str, Decimal] = {
            rng.choice(("total", "remaining")): Decimal(rng.randint(1, 30)) / 1000
        }
        price = passive_price(side, rng.choice((rng.randint(100, LADDER), -LADDER - 1_000)))
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
        side = self.side()
        price = passive_price(side, rng.randint(100, LADDER - 100))
        first = ",".join(name for name in known if rng.random() < 0.6)
        if first and rng.random() < 0.3:
            yield s.Batch(at=at, modifies=first, price=price)
        else:
            places = "b0,b1" if rng.random() < 0.5 else "b0"
            stop = passive_price(side, 5_000) if rng.random() < BATCHED_STOPS else None
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

    def _events_of_the_market(self, until: float) -> Iterator[s.AnyStep]:
        rng = self._rng
        if rng.random() < 0.4:
            yield market(self._seconds(0.5, until + 0.5), rng.randint(-2 * LADDER, 2 * LADDER))
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
        if self._faults.is_calm:
            return
        if rng.random() < 0.08:
            at = self._seconds(0.3, until + 0.5)
            yield from self._faults.aimed(at, CANCELLING)
            yield s.Restart(at=at)
        elif rng.random() < 0.06:
            at = self._seconds(0.1, until + 0.5)
            yield from self._faults.aimed(at, CANCELLING)
            yield s.Close(at=at)

    def side(self) -> BuyOrSell:
        """Either."""
        return "BUY" if self._rng.random() < 0.5 else "SELL"

    def soon(self) -> float:
        """At once, in a moment, or after a while."""
        return self._rng.choice((0.0, 0.005, self._seconds(0.0, 0.2), self._seconds(0.2, 1.5)))
