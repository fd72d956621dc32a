"""The price levels of one side, sorted, with VALR's own text beside each key.

Keys are floats where that is exact, which it is for text of at most 15 characters: a decimal of 15 digits or
fewer has a float of its own, and greater decimals have greater floats. The first longer price makes all keys
of the side Decimals, for good. Amounts are never calculated with here.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal
from operator import lt
from typing import Final, TypeAlias

CHECKED_DEPTH: Final = 25
"""Levels, or orders, of each side that VALR's checksums cover (protocol 18.2, 18.3)."""
_LONGEST_FLOAT: Final = 15

LevelTexts: TypeAlias = Sequence[tuple[str, str]]
"""(price, amount) as received; numbers by the rules of ``protocol.codec``."""


class SortedLevels:
    """One side of a book, by ascending price; bids have their best price last, asks first.

    Attributes:
        keys: the prices, to be compared with each other; to be read only.
        texts: ``price:amount`` of each level, in the same order; to be read only.
    """

    __slots__ = ("_is_bid", "_number", "keys", "texts")

    def __init__(self, *, is_bid: bool) -> None:
        self._is_bid = is_bid
        self._number: type[float | Decimal] = float
        self.keys: list[float | Decimal] = []
        self.texts: list[str] = []

    @property
    def best(self) -> str:
        """``price:amount`` of the best level; "" where there is none."""
        if not self.texts:
            return ""
        return self.texts[-1] if self._is_bid else self.texts[0]

    def top(self, depth: int) -> Sequence[str]:
        """``price:amount`` of the best `depth` levels, best first."""
        return self.texts[: -depth - 1 : -1] if self._is_bid else self.texts[:depth]

    def best_first(self) -> tuple[str, ...]:
        """``price:amount`` of every level, best first."""
        return tuple(reversed(self.texts)) if self._is_bid else tuple(self.texts)

    def clear(self) -> None:
        """Forget every level."""
        self.keys.clear()
        self.texts.clear()

    def replace(self, levels: LevelTexts) -> None:
        """Take over a whole side, in whatever order; of a price that is named twice the last counts."""
        self.clear()
        if not self._take_sorted(levels):
            self.clear()
            self.update(levels)

    def _take_sorted(self, levels: LevelTexts) -> bool:
        """Take over levels as VALR sends them, best first and none empty; False where they are not."""
        if not levels:
            return True
        ordered = levels[::-1] if self._is_bid else levels
        prices, amounts = zip(*ordered, strict=True)
        if max(map(len, prices)) > _LONGEST_FLOAT or min(map(float, amounts)) <= 0:
            return False
        self.keys.extend(map(self._number, prices))
        self.texts.extend(map(":".join, ordered))
        return all(map(lt, self.keys, self.keys[1:]))

    def update(self, levels: LevelTexts) -> bool:
        """Set the amount of each price, or remove it where the amount is zero.

        Returns:
            Whether one of the levels that checksums cover may have changed.
        """
        keys, texts, number = self.keys, self.texts, self._number
        is_checked = False
        for price, amount in levels:
            if len(price) > _LONGEST_FLOAT:
                number = self._use_decimals()
            key = number(price)
            place = bisect_left(keys, key)
            is_known = place < len(keys) and keys[place] == key
            if not is_checked:  # a level that comes or goes moves those behind it by one place
                is_checked = place + CHECKED_DEPTH >= len(keys) if self._is_bid else place < CHECKED_DEPTH
            if not float(amount) > 0:  # `is_nothing`, without the call
                if is_known:
                    del keys[place], texts[place]
            elif is_known:
                texts[place] = f"{price}:{amount}"
            else:
                keys.insert(place, key)
                texts.insert(place, f"{price}:{amount}")
        return is_checked

    def _use_decimals(self) -> type[Decimal]:
        if self._number is float:
            self._number = Decimal
            self.keys[:] = [Decimal(_price(text)) for text in self.texts]
        return Decimal


def is_nothing(amount: str) -> bool:
    """Whether an amount as received means that nothing is left; no amount is below zero."""
    return not float(amount) > 0


def crossing(bids: SortedLevels, asks: SortedLevels) -> str:
    """How two sides cross each other, in words; "" where they do not."""
    if not bids.keys or not asks.keys:
        return ""
    bid, ask = bids.keys[-1], asks.keys[0]
    if type(bid) is not type(ask):  # a float is not the decimal that it stands for
        bid, ask = Decimal(_price(bids.best)), Decimal(_price(asks.best))
    return "" if bid < ask else crossed(bids.best, asks.best)


def crossed(bid: str, ask: str) -> str:
    """What is wrong with two best levels, each ``price:amount``, in words."""
    return f"crossed: bid {_price(bid)} at or above ask {_price(ask)}"


def _price(level: str) -> str:
    return level.partition(":")[0]
