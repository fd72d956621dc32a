"""Who takes part in the comparison: what is asked of each, and the library and the yardstick themselves."""

from __future__ import annotations

from collections.abc import Awaitable
from decimal import Decimal
from time import monotonic_ns
from typing import Any, Protocol

from benchmarks.eager import EagerOrder, EagerPipeline
from benchmarks.metrics_overhead import Account
from benchmarks.order_frames import placed
from benchmarks.peers.sequence import BASE, FIRST_LIVE, Sequence

LIBRARY, YARDSTICK = "valr_connector", "the yardstick"
TOLD_AS_PEERS = f"{LIBRARY}, without lists and records"
"""The library again, told what peers are told."""


class Contender(Protocol):
    """One who is told of orders.

    Attributes:
        name: in the tables.
    """

    name: str

    def messages(self, number: int) -> list[Any]:
        """What it is told of the order of that number, which is tracked from now on."""
        ...

    def live_through(self, messages: list[Any]) -> Awaitable[None] | None:
        """Take in what is told of an order. This is what is timed."""
        ...

    @property
    def has_ended(self) -> bool:
        """Whether it knows that the newest order is executed."""
        ...

    @property
    def base_held(self) -> Decimal:
        """What it knows to be in the wallet of the base currency."""
        ...


class Library:
    """The shipped path, metrics and stories on."""

    name = LIBRARY

    def __init__(self, sequence: Sequence, name: str = LIBRARY) -> None:
        self.name = name
        self._account = Account(with_metrics=True)
        self._told = sequence.as_sent

    def messages(self, number: int) -> list[bytes]:
        """An order's life, and the order tracked."""
        self._order, sent = placed(number, monotonic_ns())
        self._account.state.tracker.track(self._order)
        self._account.stream.apply(sent)
        return self._told(number)

    def fill(self, orders: int) -> None:
        """Have so many orders rest."""
        for number in range(FIRST_LIVE, FIRST_LIVE + orders):
            self._account.read(self.messages(number)[0])

    def live_through(self, messages: list[bytes]) -> None:
        """Take an order's life in."""
        read = self._account.read
        for raw in messages:
            read(raw)

    @property
    def has_ended(self) -> bool:
        """Whether the newest order has."""
        return self._order.is_done

    @property
    def base_held(self) -> Decimal:
        """In the wallet."""
        return self._account.state.balances[BASE].total


class Yardstick:
    """See `benchmarks.eager`."""

    name = YARDSTICK

    def __init__(self, sequence: Sequence) -> None:
        self._pipeline = EagerPipeline(lambda _: None)
        self._told = sequence.as_sent

    def messages(self, number: int) -> list[bytes]:
        """An order's life, and the order known."""
        self._order = self._pipeline.orders[f"bid-{number}"] = EagerOrder(f"bid-{number}")
        return self._told(number)

    def live_through(self, messages: list[bytes]) -> None:
        """Take an order's life in."""
        take = self._pipeline.take
        for raw in messages:
            take(raw)

    @property
    def has_ended(self) -> bool:
        """Whether the newest order has."""
        return self._order.status == "Filled"

    @property
    def base_held(self) -> Decimal:
        """In the wallet."""
        return self._pipeline.balances[BASE].total
