"""A made-up market: OB_L1 frames of a book that wanders at random, with true numbers and checksums.

Written from the protocol (18.3) alone, so that it can judge the library: no part of it is used here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from random import Random
from zlib import crc32

import orjson

CHECKED = 25


class RandomMarket:
    """One pair's levels. Prices are in ticks of 1; a level's place is drawn so that the best ones move most.

    Args:
        levels: how many levels there are to begin with, both sides together.
    """

    def __init__(self, symbol: str, rng: Random, *, levels: int = 200, mid: int = 1_500_000) -> None:
        self.symbol = symbol
        self.sequence = 500_000
        self._rng = rng
        half = levels // 2
        self._bids: dict[int, str] = {mid - 1 - n: self._amount() for n in range(half)}
        self._asks: dict[int, str] = {mid + 1 + n: self._amount() for n in range(half)}
        self._bid_prices = sorted(self._bids)
        self._ask_prices = sorted(self._asks)
        self._half = half

    def bids(self) -> tuple[str, ...]:
        """``price:amount`` of every bid, best first."""
        return tuple(f"{price}:{self._bids[price]}" for price in reversed(self._bid_prices))

    def asks(self) -> tuple[str, ...]:
        """``price:amount`` of every ask, best first."""
        return tuple(f"{price}:{self._asks[price]}" for price in self._ask_prices)

    def snapshot(self) -> bytes:
        """OB_L1_SNAPSHOT of the present state."""
        bids = [[str(price), self._bids[price]] for price in reversed(self._bid_prices)]
        asks = [[str(price), self._asks[price]] for price in self._ask_prices]
        return self._frame("OB_L1_SNAPSHOT", bids, asks)

    def diff(self) -> bytes:
        """One change of one to three levels, as OB_L1_DIFF."""
        self.sequence += 1
        bids: list[list[str]] = []
        asks: list[list[str]] = []
        for _ in range(self._rng.choice((1, 1, 2, 3))):
            if self._rng.random() < 0.5:
                bids.append(self._change(is_bid=True))
            else:
                asks.append(self._change(is_bid=False))
        return self._frame("OB_L1_DIFF", bids, asks)

    def diffs(self, count: int) -> Iterator[bytes]:
        """So many changes."""
        return (self.diff() for _ in range(count))

    def checksum(self) -> int:
        """CRC32 over the best 25 levels a side, in turn."""
        bids = [f"{price}:{self._bids[price]}" for price in self._bid_prices[: -CHECKED - 1 : -1]]
        asks = [f"{price}:{self._asks[price]}" for price in self._ask_prices[:CHECKED]]
        turns: list[str] = []
        for place in range(CHECKED):
            turns += bids[place : place + 1] + asks[place : place + 1]
        return crc32(":".join(turns).encode())

    def _change(self, *, is_bid: bool) -> list[str]:
        levels, prices = (self._bids, self._bid_prices) if is_bid else (self._asks, self._ask_prices)
        depth = min(int(self._rng.expovariate(1 / 12)), len(prices) - 1)
        price = prices[-1 - depth] if is_bid else prices[depth]
        draw = self._rng.random()
        if draw < 0.2 and len(prices) > self._half - 10:
            del levels[price]
            del prices[bisect_left(prices, price)]
            return [str(price), "0"]
        if draw < 0.5 and len(prices) < self._half + 10:
            price = self._free_price(price, is_bid=is_bid)
        amount = self._amount()
        if price not in levels:
            prices.insert(bisect_left(prices, price), price)
        levels[price] = amount
        return [str(price), amount]

    def _free_price(self, near: int, *, is_bid: bool) -> int:
        """A price nearby that does not meet the other side."""
        price = near + self._rng.randint(-3, 3)
        best = (self._ask_prices if is_bid else self._bid_prices)[0 if is_bid else -1]
        return min(price, best - 1) if is_bid else max(price, best + 1)

    def _amount(self) -> str:
        return f"{self._rng.randint(1, 99_999_999) / 100_000_000:.8f}".rstrip("0")

    def _frame(self, kind: str, bids: list[list[str]], asks: list[list[str]]) -> bytes:
        data = {"lc": 1_790_000_000_000, "a": asks, "b": bids, "sq": self.sequence, "cs": self.checksum()}
        return orjson.dumps({"type": kind, "ps": self.symbol, "d": data})
