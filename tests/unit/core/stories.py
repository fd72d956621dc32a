"""Truthful stories of one order at the venue, told the way VALR tells them.

A story is everything that can be heard of an order from its placement to its end: replies, stream events,
lists of open orders and answers, each with VALR's own time. Whoever hears it may hear it in any order, twice,
late or not at all; the story stays true.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import permutations

from hypothesis import strategies as st

from tests.unit.core.builders import FEE, fill, said, step
from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.model.enums import Liquidity, OrderStatus

EXCHANGE_ID = "ex-1"
LOT = Decimal("0.1")
PRICES = ("999998", "999999", "1000000")
ENDING_WORDS = {
    OrderStatus.FILLED: Says.FILLED,
    OrderStatus.CANCELLED: Says.CANCELLED,
    OrderStatus.EXPIRED: Says.EXPIRED,
    OrderStatus.FAILED: Says.FAILED,
}


LIKELY_ENDINGS = (
    OrderStatus.CANCELLED,
    OrderStatus.FILLED,
    None,
    OrderStatus.CANCELLED,
    OrderStatus.FILLED,
    OrderStatus.EXPIRED,
    OrderStatus.FAILED,
)
"""Endings by how many ways there are to hear of them."""


def _some_of(*sources: Source) -> st.SearchStrategy[tuple[Source, ...]]:
    """One, several or all of them, in any order."""
    counts = range(1, len(sources) + 1)
    return st.sampled_from([some for count in counts for some in permutations(sources, count)])


# What is drawn again and again is made once: making it takes longer than drawing it.
coin = st.booleans()
lots = st.integers(1, 6)
sizes = st.sampled_from([6, 8, 4, 2, 1])
turns = st.sampled_from([2, 3, 1, 0])
prices = st.sampled_from(PRICES)
endings = st.sampled_from(LIKELY_ENDINGS)
missing = st.sampled_from([0, 1, 2, 3, 5, 8])
reports = _some_of(Source.STREAM, Source.QUERY)
reports_while_open = _some_of(Source.STREAM, Source.SNAPSHOT, Source.QUERY)


@dataclass(frozen=True)
class Story:
    """What happened, and all that can be heard of it.

    Attributes:
        amounts: every size the order ever had, base currency, the first one first.
        ending: how it ended at the venue; None while it is open.
        executed: base currency executed in the end.
        own_steps: what we did before anything could be heard.
        told: everything that can be heard, in the order of the truth.
    """

    amounts: tuple[Decimal, ...]
    ending: OrderStatus | None
    executed: Decimal
    own_steps: tuple[Evidence, ...]
    told: tuple[Evidence, ...]

    @property
    def trade_ids(self) -> set[str]:
        return {piece.trade.trade_id for piece in self.told if piece.trade is not None}


@dataclass
class _Venue:
    """The order as the venue has it, and its way of telling."""

    amount: Decimal
    draw: st.DrawFn
    executed: Decimal = Decimal(0)
    price: str = "1000000"
    second: int = 0
    trades: int = 0
    was_modified: bool = False
    told: list[Evidence] = field(default_factory=list)

    def report(self, says: Says, sources: st.SearchStrategy[tuple[Source, ...]], reason: str = "") -> None:
        """The order's state as VALR reports it now, from one source or several."""
        self.second += 1
        for source in self.draw(sources):
            self.told.append(
                said(
                    says,
                    source=source,
                    exchange_order_id=EXCHANGE_ID,
                    at_second=self.second,
                    original=str(self.amount),
                    remaining=str(self.amount - self.executed),
                    price=self.price,
                    reason=reason,
                    asked_at=0 if source is Source.QUERY else None,
                )
            )

    def note(self, says: Says, source: Source, reason: str = "") -> None:
        """A reply or an event that carries neither time nor amounts."""
        self.told.append(said(says, source=source, exchange_order_id=EXCHANGE_ID, reason=reason))

    def execute(self, amount: Decimal) -> None:
        """One trade, told as it happens and again by the trade history, which always knows its fee."""
        self.second += 1
        self.trades += 1
        self.executed += amount
        fees = (None, FEE) if self.draw(coin) else (FEE, FEE)
        price = self.draw(prices)
        for source, fee in zip((Source.STREAM, Source.QUERY), fees, strict=True):
            self.told.append(
                fill(
                    f"t-{self.trades}",
                    str(amount),
                    price=price,
                    at_second=self.second,
                    fee=fee,
                    liquidity=Liquidity.MAKER,
                    source=source,
                    exchange_order_id=EXCHANGE_ID,
                )
            )

    def report_open(self) -> None:
        says = Says.RESTING if self.executed == 0 else Says.PARTIALLY_FILLED
        self.report(Says.MODIFIED if self.was_modified else says, reports_while_open)

    def modify(self, amount: Decimal, price: str) -> None:
        self.amount, self.price, self.was_modified = amount, price, True
        self.report(Says.MODIFIED, reports_while_open)


@st.composite
def stories(draw: st.DrawFn, can_be_modified: bool = False) -> Story:
    """An order that rests, may execute bit by bit, may be modified, and ends or stays open."""
    ending = draw(endings)
    venue = _Venue(amount=LOT * draw(sizes), draw=draw)
    amounts = [venue.amount]
    venue.note(Says.ACCEPTED, Source.REPLY)
    if ending is OrderStatus.FAILED:
        if draw(coin):
            venue.note(Says.FAILED, Source.STREAM, reason="Insufficient Balance")
        venue.report(Says.FAILED, reports, reason="Insufficient Balance")
    else:
        venue.note(Says.PROCESSED, Source.STREAM)
        venue.report_open()
        for _ in range(draw(turns)):
            if can_be_modified and draw(coin):
                venue.modify(venue.executed + LOT * draw(lots), draw(prices))
                amounts.append(venue.amount)
            _execute_some(draw, venue, most=venue.amount - venue.executed - LOT)
        _finish(draw, venue, ending)
    was_modified = len(amounts) > 1
    return Story(
        amounts=tuple(amounts),
        ending=ending,
        executed=venue.executed,
        own_steps=(step(Says.SENT), *([step(Says.MODIFY_SENT)] if was_modified else [])),
        told=tuple(venue.told),
    )


def _execute_some(draw: st.DrawFn, venue: _Venue, most: Decimal) -> None:
    if most >= LOT:
        venue.execute(LOT * draw(st.integers(1, int(most / LOT))))
        if draw(coin):
            venue.report_open()


def _finish(draw: st.DrawFn, venue: _Venue, ending: OrderStatus | None) -> None:
    if ending is None:
        venue.report_open()
        return
    if ending is OrderStatus.FILLED:
        venue.execute(venue.amount - venue.executed)
    if ending is OrderStatus.CANCELLED:
        is_confirmed_by_reply = draw(coin)
        if is_confirmed_by_reply:
            venue.note(Says.CANCEL_CONFIRMED, Source.REPLY)
        if is_confirmed_by_reply and draw(coin):
            return  # the event about it is never told
    venue.report(ENDING_WORDS[ending], reports)


def hearings(story: Story) -> st.SearchStrategy[list[Evidence]]:
    """The story as it may arrive: in any order, with gaps and repetitions."""
    return st.tuples(full_hearings(story), missing).map(lambda case: case[0][case[1] :])


def full_hearings(story: Story) -> st.SearchStrategy[list[Evidence]]:
    """The story as it may arrive, nothing missing in the end."""
    repeated = st.lists(st.sampled_from(story.told), max_size=4)
    return repeated.flatmap(lambda extra: st.permutations([*story.told, *extra]).map(list))
