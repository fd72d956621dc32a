"""Whether every way to VALR is taken again once it is good again (L6).

An open circuit has to let a trial go after its pause, and an answer has to close it. Commands are tried by
their user alone, so somebody has to place an order; market data is dialled for anyhow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from valr_connector.model.enums import CircuitPath, CircuitState
from valr_connector.model.events import PlacementUnknown
from valr_connector.model.ids import ClientOrderId
from valr_connector.verification import schedule as s
from valr_connector.verification.invariants import Violation
from valr_connector.verification.user import User
from valr_connector.verification.world import World

_LOOK_S: Final = 0.5
_AMOUNT: Final = Decimal("0.001")
_PRICE: Final = Decimal(900_000)
"""Far below the market: it rests."""
_TRIALS: Final[Mapping[CircuitPath, s.Place]] = {
    CircuitPath.SOCKET_ORDERS: s.Place(at=0.0, name="socket", side="BUY", amount=_AMOUNT, price=_PRICE),
    CircuitPath.REST_ORDERS: s.Place(
        at=0.0, name="rest", side="BUY", amount=_AMOUNT, price=_PRICE, stop=_PRICE, takes_profit=True
    ),
}
"""Orders that take this way where it lets them."""


async def l6_ways_are_taken_again(world: World, user: User, good_since: float) -> list[Violation]:
    """Try each way whose circuit is not closed, until it is.

    Where VALR can be slower than the connector's time-out, or was each time, the way is not good: that proves
    nothing. Neither says anything of market data.
    Where it executes later than the connector reckons with at all, no order is tried, for one could be taken
    for lost and live (docs/guarantees.md).

    Args:
        good_since: from when on VALR could be reached again by every way, seconds of the loop's clock.
    """
    paths = frozenset(CircuitPath)
    if _executes_after_the_grace(world):
        paths -= _TRIALS.keys()
    loop = asyncio.get_running_loop()
    circuits = world.settings.circuits
    until = max(loop.time(), good_since + circuits.longest_pause_s) + circuits.trial_s
    trials: dict[CircuitPath, list[str]] = {path: [] for path in CircuitPath}
    while (cut := _not_closed(world, paths)) and loop.time() <= until:
        for path, state in cut.items():
            if path in _TRIALS and state is CircuitState.HALF_OPEN and not user.pending:
                trial = replace(_TRIALS[path], name=f"{_TRIALS[path].name}{len(trials[path])}")
                trials[path].append(trial.name)
                user.do(trial)
        await asyncio.sleep(_LOOK_S)
    return [
        Violation("L6", f"the circuit of {path} is {state}")
        for path, state in cut.items()
        if path not in _TRIALS
        or not (_may_answer_too_late(world) or _were_answered_too_late(world, trials[path]))
    ]


def _executes_after_the_grace(world: World) -> bool:
    venue = world.exchange.settings
    return venue.processing_latency_s + venue.processing_jitter_s > world.settings.not_found_grace_s


def _may_answer_too_late(world: World) -> bool:
    """Its answer to a request can be, though the stream has told what became of the order."""
    venue = world.exchange.settings
    answer_s = (
        2 * world.latency_s
        + venue.request_latency_s
        + venue.request_jitter_s
        + venue.processing_latency_s
        + venue.processing_jitter_s
        + venue.reply_latency_s
        + venue.reply_jitter_s
    )
    return answer_s > world.settings.place_timeout_s


def _were_answered_too_late(world: World, names: Sequence[str]) -> bool:
    """Whether there were such orders, and each was of unknown outcome when its time-out was over."""
    stories = world.life.recorder.stories
    found = [stories.get(ClientOrderId(world.client_order_id(name))) for name in names]
    return bool(found) and all(story is not None and story.has(PlacementUnknown) for story in found)


def _not_closed(world: World, paths: Collection[CircuitPath]) -> Mapping[CircuitPath, CircuitState]:
    if world.life.is_closed:
        return {}
    circuits = world.life.valr.circuits
    return {
        path: state for path, state in circuits.items() if path in paths and state is not CircuitState.CLOSED
    }
