"""The demo's result: counts, latencies, profit, and whether the two sides agreed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from valr_connector.cli.demo_watch import Disagreement
from valr_connector.model.enums import OrderStatus, Side
from valr_connector.model.market import PairInfo
from valr_connector.model.order import Fill, InFlightOrder
from valr_connector.observe.latency import LatencySummary

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """Everything that the demo reports at its end.

    Attributes:
        seconds: how long the maker quoted.
        placed: orders that left the library.
        endings: orders by status.
        fills: executions; an order can have several.
        most_open: the most orders of the account that the venue ever had open at a time.
        open_left: orders open at the venue after everything was closed.
        unknown: how often the outcome of a placement or a cancel was not known in time.
        strange_words: order statuses and frame types of the venue's that the library does not know.
        unresolved: orders whose fate is not known at the end.
        profit: quote currency, position valued at the mid price, fees paid; None without a mid price.
        recovery_ns: from the cut of the account socket to being ready again; None where it was not cut,
            or did not recover.
    """

    pair: PairInfo
    seconds: float
    placed: int
    endings: Counter[OrderStatus]
    fills: int
    most_open: int
    open_left: int
    unknown: int
    unresolved: int
    strange_words: int
    placing: LatencySummary
    cancelling: LatencySummary
    profit: Decimal | None
    reconnects: int
    was_cut: bool
    recovery_ns: int | None
    disagreements: tuple[Disagreement, ...]

    @property
    def is_good(self) -> bool:
        """Nothing disagreed, nothing was left open or unknown, and a cut connection came back."""
        recovered = not self.was_cut or self.recovery_ns is not None
        unclear = self.open_left or self.unresolved or self.strange_words
        return recovered and not (self.disagreements or unclear)

    def lines(self) -> Iterator[str]:
        """``name: value``, one a line; then every disagreement."""
        for name, value in self._figures():
            yield f"{name + ':':<38}{value}"
        for disagreement in self.disagreements:
            yield f"  {disagreement}"

    def _figures(self) -> Iterator[tuple[str, object]]:
        yield "pair", self.pair.pair
        yield "quoting", f"{self.seconds:.1f} s"
        yield "orders placed", self.placed
        yield "orders filled", self.endings[OrderStatus.FILLED]
        yield "orders cancelled", self.endings[OrderStatus.CANCELLED]
        yield "orders failed (post-only)", self.endings[OrderStatus.FAILED]
        yield "fills", self.fills
        yield "most open at the venue", self.most_open
        yield "left open at the venue", self.open_left
        yield "outcomes unknown for a while", self.unknown
        yield "outcomes unknown at the end", self.unresolved
        yield "unknown statuses and frame types", self.strange_words
        yield "placing, until confirmed", latency_text(self.placing)
        yield "cancelling, until confirmed", latency_text(self.cancelling)
        yield "profit, position at mid", money_text(self.profit, self.pair)
        yield "reconnects", self.reconnects
        yield "recovery after the cut", self._recovery()
        yield (
            "library and venue disagree on",
            f"{len({each.client_order_id for each in self.disagreements})} orders",
        )

    def _recovery(self) -> str:
        if not self.was_cut:
            return "not cut"
        return "none" if self.recovery_ns is None else milliseconds(self.recovery_ns)


def endings(orders: Iterable[InFlightOrder]) -> Counter[OrderStatus]:
    """How many orders have each status."""
    return Counter(order.status for order in orders)


def position(fills: Iterable[Fill]) -> Decimal:
    """Bought less sold, base currency."""
    return sum((fill.amount if fill.side is Side.BUY else -fill.amount for fill in fills), Decimal(0))


def profit(fills: Sequence[Fill], pair: PairInfo, mid: Decimal | None) -> Decimal | None:
    """What the fills brought, in quote currency: cash and the position at `mid`, less fees.

    None without a mid price. Fees that VALR has not told yet, or in a third currency, are left out.
    """
    if mid is None:
        return None
    worth = {pair.quote: Decimal(1), pair.base: mid}
    total = position(fills) * mid
    for fill in fills:
        value = fill.price * fill.amount
        total += value if fill.side is Side.SELL else -value
        if fill.fee is not None:
            total -= fill.fee.amount * worth.get(fill.fee.currency, Decimal(0))
    return total


def money_text(amount: Decimal | None, pair: PairInfo) -> str:
    """An amount of quote currency to the hundredth; a dash where it is not known."""
    return "-" if amount is None else f"{amount.quantize(_CENT)} {pair.quote}"


def latency_text(latency: LatencySummary) -> str:
    """Median and 99th percentile."""
    if not latency.count:
        return "none"
    return f"p50 {milliseconds(latency.p50_ns)}, p99 {milliseconds(latency.p99_ns)} ({latency.count})"


def milliseconds(duration_ns: int) -> str:
    return f"{duration_ns / 1e6:.1f} ms"
