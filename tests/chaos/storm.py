"""Faults on a connection, one after the other, drawn from a seed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from tests.chaos.proxy import Conduct, Kind, Proxy, each_way

LONGEST_FAULT_S = 0.8
LONGEST_GAP_S = 0.7
SHORTEST_S = 0.1
EVERYTHING = tuple(Kind)


class Fault(StrEnum):
    """What can happen to connections."""

    CUT = "cut"
    """Both ends get a FIN."""
    RESET = "reset"
    """Both ends get an RST."""
    HALF_OPEN = "half-open"
    """Everything is swallowed from now on, and neither end is told."""
    DEAF = "deaf"
    """What the exchange says is swallowed from now on; what it is told arrives."""
    CORRUPT = "corrupt"
    """One byte of the next thing said in one direction is another."""
    REFUSE = "refuse"
    """Everything is cut, and nothing new is accepted for a while."""
    STALL = "stall"
    THROTTLE = "throttle"
    SPLIT = "split"
    COALESCE = "coalesce"


_FOR_A_WHILE = {
    Fault.STALL: Conduct.STALL,
    Fault.THROTTLE: Conduct.THROTTLE,
    Fault.SPLIT: Conduct.SPLIT,
    Fault.COALESCE: Conduct.COALESCE,
}


@dataclass(slots=True)
class Storm:
    """Lets faults happen through a proxy.

    Args:
        calm: returns once all is well again. It is waited for after every other fault, so that each kind is
            seen alone; after the others the next one strikes soon, whatever has become of the connections.
        note: told in words of each fault, when it strikes and when it is over.

    Attributes:
        struck: how often each fault struck something.
        struck_at: when the last one struck, or was over.
    """

    proxy: Proxy
    rng: Random
    calm: Callable[[], Awaitable[object]]
    note: Callable[[str], None]
    struck: Counter[Fault] = field(default_factory=Counter)
    struck_at: float = 0.0

    async def rage(self, count: int, deadline: float = float("inf")) -> None:
        """So many faults. There is no calm between those after `deadline` of the loop's clock."""
        loop = asyncio.get_running_loop()
        for number in range(count):
            await self.strike_one()
            if number % 2 and loop.time() < deadline:
                await self.calm()
            await asyncio.sleep(self.rng.uniform(0, LONGEST_GAP_S))
            self.proxy.bury_orphans()
        await self.calm()

    async def strike_one(self) -> None:
        """One fault that finds something to strike, from beginning to end."""
        while True:
            fault, kinds = self._draw()
            if self._victims(fault, kinds):
                break
            await asyncio.sleep(SHORTEST_S)
        await self.strike(fault, kinds, self.rng.uniform(SHORTEST_S, LONGEST_FAULT_S))

    def _draw(self) -> tuple[Fault, tuple[Kind, ...]]:
        fault = self.rng.choice(tuple(Fault))
        one = self.rng.choice((Kind.ACCOUNT, Kind.ACCOUNT, Kind.TRADE, Kind.REST))
        return fault, EVERYTHING if fault is Fault.REFUSE or self.rng.random() < 0.5 else (one,)

    def _victims(self, fault: Fault, kinds: tuple[Kind, ...]) -> bool:
        """Whether there is anything that the fault would strike."""
        wires = self.proxy.wires(*kinds)
        return any(each_way(wires)) if fault is Fault.CORRUPT else bool(wires)

    async def strike(self, fault: Fault, kinds: tuple[Kind, ...], seconds: float) -> None:
        """One fault of connections of these kinds; what lasts lasts so long."""
        self.struck[fault] += 1
        self.note(f"FAULT {fault}: {', '.join(kinds)}")
        try:
            await self._strike(fault, kinds, seconds)
        finally:
            self.struck_at = asyncio.get_running_loop().time()
            self.note(f"FAULT {fault}: over")

    async def _strike(self, fault: Fault, kinds: tuple[Kind, ...], seconds: float) -> None:
        if fault in _FOR_A_WHILE:
            self.proxy.behave(_FOR_A_WHILE[fault], *kinds)
            await asyncio.sleep(seconds)
            self.proxy.behave(Conduct.FLOW, *kinds)
        elif fault is Fault.REFUSE:
            self.proxy.refuse()
            self._end(kinds, abruptly=self.rng.random() < 0.5)
            await asyncio.sleep(seconds)
            await self.proxy.listen()
        elif fault is Fault.CORRUPT:
            self.rng.choice(list(each_way(self.proxy.wires(*kinds)))).corrupt_next()
        elif fault in (Fault.HALF_OPEN, Fault.DEAF):
            self._silence(kinds, both_ways=fault is Fault.HALF_OPEN)
        else:
            self._end(kinds, abruptly=fault is Fault.RESET)

    def _end(self, kinds: tuple[Kind, ...], *, abruptly: bool) -> None:
        for wire in self.proxy.wires(*kinds):
            wire.end(abruptly=abruptly)

    def _silence(self, kinds: tuple[Kind, ...], *, both_ways: bool) -> None:
        for wire in self.proxy.wires(*kinds):
            wire.far.way.conduct = Conduct.SWALLOW
            if both_ways:
                wire.way.conduct = Conduct.SWALLOW
