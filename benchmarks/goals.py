"""The goals of speed, P1 to P12, as every benchmark tells them; `benchmarks.all_goals` gathers them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_TOLD: Final = re.compile(
    r"(?P<goal>P\d+) (?P<what>.+): (?P<value>[\d.,]+)(?P<unit> ?[^;]*);"
    r" must be at (?P<bound>most|least) (?P<must>[\d.,]+), aim (?P<aim>[\d.,]+)"
)


@dataclass(frozen=True, slots=True)
class Result:
    """What was measured for one goal.

    Attributes:
        goal: its number, "P5".
        what: what was measured, in words.
        value: a ratio, or an amount of `unit`.
        must, aim: what it has to come to, and what it should.
        at_least: whether more is better.
    """

    goal: str
    what: str
    value: float
    must: float
    aim: float
    unit: str = ""
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether it is as good as it must be."""
        return self.value >= self.must if self.at_least else self.value <= self.must

    @property
    def reaches_aim(self) -> bool:
        """Whether it is as good as it should be."""
        return self.value >= self.aim if self.at_least else self.value <= self.aim

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        bound = "least" if self.at_least else "most"
        return (
            f"{self.goal} {self.what}: {figure(self.value)}{unit};"
            f" must be at {bound} {figure(self.must)}, aim {figure(self.aim)}"
        )


def figure(value: float) -> str:
    """Large ones without decimals, small ones with three digits."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def tell(results: Sequence[Result]) -> int:
    """Print them; the exit status: 1 if one is not as good as it must be."""
    for result in results:
        print(result, "" if result.is_met else "MISSED")
    return int(not all(result.is_met for result in results))


def heard(line: str) -> Result | None:
    """The result that a line tells, if it tells one."""
    told = _TOLD.match(line)
    if told is None:
        return None
    value, must, aim = (float(told[name].replace(",", "")) for name in ("value", "must", "aim"))
    return Result(
        goal=told["goal"],
        what=told["what"],
        value=value,
        must=must,
        aim=aim,
        unit=told["unit"].strip(),
        at_least=told["bound"] == "least",
    )
