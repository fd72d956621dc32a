"""`valr record` and `valr replay`: a session on disk, and what it tells of each order."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final, TextIO

from valr_connector.cli.stop_signals import stop_on_signals, stopped_beside
from valr_connector.config import Settings
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.order_story import Entry, lines
from valr_connector.errors import InvalidArgumentError, RecordingError
from valr_connector.exchange import ValrExchange
from valr_connector.model.events import Restored
from valr_connector.net.anonymise import Anonymiser, anonymise
from valr_connector.net.recording import goes_to_its_end, read_recording
from valr_connector.net.replay import Replay

log = logging.getLogger(__name__)

_NS_PER_S: Final = 1_000_000_000
_LOOK_ON: Final = Settings(on_close="leave")


async def record_session(
    pairs: Sequence[str],
    directory: Path,
    *,
    is_simulated: bool,
    seconds: float | None,
    is_anonymous: bool = False,
) -> None:
    """Record an account and its market until somebody stops it; nothing is placed and nothing cancelled.

    What `is_anonymous` asks for is done at the end, whatever that is: until then the recording is as it came.

    Raises:
        ConfigurationError: the environment names no key.
        InvalidArgumentError: the directory holds a recording.
        ValrError: starting failed, see `ValrExchange.start`; or something stopped it for good, in a group.
        RecordingError: the recording ends before the session did.
    """
    make = ValrExchange.simulated if is_simulated else ValrExchange.from_env
    valr = make(pairs=pairs, record=directory, settings=_LOOK_ON)
    try:
        async with valr:
            with stop_on_signals() as stop:  # a start that takes long is interrupted, and not waited for
                await stopped_beside(_failure(valr), stop, seconds)
    finally:
        if is_anonymous:
            _anonymise(directory)
    if not goes_to_its_end(directory):
        raise RecordingError(f"{directory} ends before the session did")


async def _failure(valr: ValrExchange) -> None:
    """Raises what stops it for good: there is no such event without an order journal."""
    await anext(valr.events(Restored))


def _anonymise(directory: Path) -> None:
    factor = Decimal(secrets.randbelow(4_000) + 300) / 1_000
    try:
        anonymise(directory, Anonymiser(secrets.token_bytes(32), factor))
    except BaseException:  # whatever it is, nobody may take what is there for fit to be shown
        log.error("%s is NOT anonymised", directory)  # noqa: TRY400  the error itself is told as well
        raise


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """What is wanted of a replay.

    Attributes:
        until_s: stop there, seconds after the first line; None goes to the end.
        order: VALR's id or ours of the only order that is of interest; None takes all.
        speed: so many times as fast as it was; None as fast as it goes.
    """

    until_s: float | None = None
    order: str | None = None
    speed: float | None = None


def replay_session(
    directory: Path, options: ReplayOptions, out: TextIO, *, sleep: Callable[[float], object] = time.sleep
) -> bool:
    """Run a recording again, and print the story of each order; returns False where it ended otherwise.

    Raises:
        InvalidArgumentError: there is no recording, or no such order in it.
        RecordingError: a line is damaged.
    """
    replay = Replay()
    went_to_its_end = _run(replay, directory, options, out, sleep)
    orders = [order for order in replay.orders() if options.order in (None, *_names(order))]
    if options.order is not None and not orders:
        raise InvalidArgumentError("order", options.order, "is no order of this recording")
    for order in orders:
        print(order.story(), end="\n\n", file=out)
    if options.order is not None:
        return True
    print(f"{len(orders)} orders; state {replay.digest[:16]}", file=out)
    if not went_to_its_end or replay.recorded_digest is None:
        return True
    is_same = replay.digest == replay.recorded_digest
    print("the recorded session ended in " + ("this very state" if is_same else "ANOTHER STATE"), file=out)
    return is_same


def _run(
    replay: Replay, directory: Path, options: ReplayOptions, out: TextIO, sleep: Callable[[float], object]
) -> bool:
    """Take every line that is wanted; returns whether that was all."""
    told = _Told(out)
    for line in read_recording(directory):
        since_s = 0.0 if replay.began is None else (line.monotonic - replay.began) / _NS_PER_S
        if options.until_s is not None and since_s > options.until_s:
            return False
        if options.speed is not None and replay.began is not None:
            sleep(max(0, line.monotonic - replay.now) / _NS_PER_S / options.speed)
        replay.take(line)
        if options.speed is not None:
            told.tell(replay, since_s)
    return True


class _Told:
    """What of the orders' stories was printed while they happened."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._ends: dict[str, Entry | None] = {}

    def tell(self, replay: Replay, since_s: float) -> None:
        """Print what is new."""
        for order in replay.orders():
            if self._ends.get(order.client_order_id) is not order.story_end:
                self._ends[order.client_order_id] = order.story_end
                *_, (_, said, changes) = lines(order)
                happened = "; ".join([said, *changes])
                print(f"{since_s:9.3f} s  {order.client_order_id}  {happened}", file=self._out, flush=True)


def _names(order: OrderRecord) -> tuple[str | None, str | None]:
    return order.client_order_id, order.exchange_order_id
