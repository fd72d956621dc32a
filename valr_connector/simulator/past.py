"""An invented past for a market that has only just begun, so that there is something to look at."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, localcontext
from random import Random

from valr_connector.simulator.candles import MINUTE_S, Candle
from valr_connector.simulator.exact import EXACT, QUOTIENT, truncate
from valr_connector.simulator.vocabulary import PairSpec

_STEPS = 4
"""Prices in one minute."""
_STEP = Decimal("0.0008")
"""Largest move from one price to the next, as a part of it."""
_PULL = Decimal("0.01")
"""Part of the way to the last price that is gone in each step."""


def invented_past(pair: PairSpec, price: Decimal, minutes: int, now_s: int) -> Iterator[Candle]:
    """Candles of the minutes before `now_s`, oldest first; they lead to `price`, and are always the same."""
    rng = Random(pair.symbol)
    last = price
    this_minute_s = now_s - now_s % MINUTE_S
    for start_s in range(this_minute_s - minutes * MINUTE_S, this_minute_s, MINUTE_S):
        prices = [last := _next(rng, last, price, pair.tick_size) for _ in range(_STEPS)]
        base = EXACT.multiply(pair.min_base, rng.randrange(50, 5000))
        yield Candle(start_s, prices[0], max(prices), min(prices), last, base, EXACT.multiply(base, last))


def _next(rng: Random, last: Decimal, aim: Decimal, tick_size: Decimal) -> Decimal:
    with localcontext(QUOTIENT):
        step = last * _STEP * rng.randint(-100, 100) / 100 + (aim - last) * _PULL
        return max(truncate(last + step, tick_size), tick_size)
