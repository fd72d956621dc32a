"""One side of a book at one moment, as it is read: prices best first, each with what rests there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import reduce
from typing import Final, overload

from valr_connector.model.enums import Side
from valr_connector.model.market import PriceLevel
from valr_connector.model.numbers import EXACT, Number, positive_decimal

_ZERO: Final = Decimal(0)


class BookSide(Sequence[PriceLevel]):
    """The bids or the asks of a snapshot, best first; it never changes.

    Prices are quote currency per unit of base currency, amounts base currency. Numbers are made of VALR's
    text only as far as somebody reads.

    Args:
        side: BUY for bids, SELL for asks.
        texts: ``price:amount`` of each level, best first.
    """

    __slots__ = ("_made", "_texts", "side")

    def __init__(self, side: Side, texts: Sequence[str]) -> None:
        self.side = side
        self._texts = texts
        self._made: list[PriceLevel] = []

    def __len__(self) -> int:
        return len(self._texts)

    @overload
    def __getitem__(self, index: int) -> PriceLevel: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[PriceLevel]: ...

    def __getitem__(self, index: int | slice) -> PriceLevel | Sequence[PriceLevel]:
        levels = self.levels(None if not isinstance(index, int) or index < 0 else index + 1)
        return levels[index]

    def __iter__(self) -> Iterator[PriceLevel]:
        made = self._made
        for place in range(len(self._texts)):
            if place == len(made):
                made.append(level_of(self._texts[place]))
            yield made[place]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BookSide):
            return NotImplemented
        return self.side is other.side and self.levels() == other.levels()

    def __hash__(self) -> int:
        return hash((self.side, self.levels()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{level.price} x {level.amount}" for level in self.levels(3))
        more = ", ..." if len(self) > 3 else ""
        return f"<{'bids' if self.side is Side.BUY else 'asks'} {shown}{more}>"

    @property
    def best(self) -> PriceLevel | None:
        """The highest bid, or the lowest ask; None where the side is empty."""
        return self[0] if self._texts else None

    @property
    def prices(self) -> tuple[Decimal, ...]:
        """Every price, best first."""
        return tuple(level.price for level in self)

    @property
    def amounts(self) -> tuple[Decimal, ...]:
        """What rests at each of the `prices`."""
        return tuple(level.amount for level in self)

    def levels(self, depth: int | None = None) -> tuple[PriceLevel, ...]:
        """The best `depth` levels, or all of them."""
        texts, made = self._texts, self._made
        wanted = len(texts) if depth is None else min(depth, len(texts))
        if wanted > len(made):
            made.extend([level_of(text) for text in texts[len(made) : wanted]])
        return tuple(made[:wanted])

    def amount_to(self, price: Number) -> Decimal:
        """Base currency that rests at `price` and better.

        Raises:
            InvalidArgumentError: the price is no positive exact number.
        """
        return reduce(EXACT.add, (level.amount for level in self._down_to(price)), _ZERO)

    def notional_to(self, price: Number) -> Decimal:
        """The same in quote currency: price x amount of every level at `price` and better.

        Raises as `amount_to` does.
        """
        return _notional(self._down_to(price))

    def price_for(self, amount: Number) -> Decimal | None:
        """The worst price that taking `amount` of base currency reaches; None where less than that rests.

        Raises:
            InvalidArgumentError: the amount is no positive exact number.
        """
        taken = self._taken(positive_decimal("amount", amount))
        return taken[-1].price if taken else None

    def average_price(self, amount: Number) -> Decimal | None:
        """The volume-weighted price of taking `amount` of base currency; None where less than that rests.

        Raises as `price_for` does.
        """
        wanted = positive_decimal("amount", amount)
        taken = self._taken(wanted)
        if not taken:
            return None
        return _notional(taken) / wanted

    def less(self, own: Mapping[Decimal, Decimal]) -> BookSide:
        """The side without `own` amounts by price; a level of which nothing is left is left out."""
        if not own:
            return self
        rest = [(level.price, EXACT.subtract(level.amount, own.get(level.price, _ZERO))) for level in self]
        return BookSide(self.side, [f"{price}:{amount}" for price, amount in rest if amount > _ZERO])

    def _down_to(self, price: Number) -> Iterator[PriceLevel]:
        limit = positive_decimal("price", price)
        is_bid = self.side is Side.BUY
        for level in self:
            if level.price < limit if is_bid else level.price > limit:
                return
            yield level

    def _taken(self, amount: Decimal) -> list[PriceLevel]:
        """What taking `amount` takes, the last level cut to what is needed; empty where too little rests."""
        taken: list[PriceLevel] = []
        left = amount
        for level in self:
            taken.append(PriceLevel(level.price, min(left, level.amount)))
            left = EXACT.subtract(left, level.amount)
            if left <= _ZERO:
                return taken
        return []


def _notional(levels: Iterable[PriceLevel]) -> Decimal:
    total = _ZERO
    for level in levels:
        total = EXACT.fma(level.price, level.amount, total)
    return total


def level_of(text: str) -> PriceLevel:
    """The level that ``price:amount`` says."""
    price, _, amount = text.partition(":")
    return PriceLevel(Decimal(price), Decimal(amount))
