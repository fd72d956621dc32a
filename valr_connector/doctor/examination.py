"""Gathers the facts, from the surroundings and from a connection that places nothing, and has them judged."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import metadata
from typing import Final

from valr_connector.config import Settings, key_from_environment
from valr_connector.doctor import checks
from valr_connector.doctor.finding import Finding, Grade
from valr_connector.errors import ValrError
from valr_connector.exchange import ValrExchange
from valr_connector.model.enums import Socket
from valr_connector.model.events import SubscriptionRefused
from valr_connector.observe import metrics as m

PINGS: Final = 30
_PATIENCE_S: Final = 10.0
_LOOK_S: Final = 0.001
_DISTRIBUTION: Final = "valr-connector"

SETTINGS: Final = Settings(start_timeout_s=20.0, on_close="leave")
"""Places nothing, and leaves open whatever others have placed."""


def surroundings() -> list[Finding]:
    """The interpreter and the packages."""
    wanted = [text for text in metadata.requires(_DISTRIBUTION) or () if "extra ==" not in text]
    installed = {name: _version(name) for name in (text.partition(">=")[0] for text in wanted)}
    return [checks.python(sys.version_info[:3]), checks.packages(wanted, installed)]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


async def examine_account(
    pairs: Sequence[str], environment: Mapping[str, str] = os.environ, settings: Settings = SETTINGS
) -> list[Finding]:
    """The key in the environment, and everything at VALR itself."""
    key = checks.credentials(environment)
    if key.grade is Grade.ERROR:
        return [key]
    valr = ValrExchange(**key_from_environment(environment), pairs=pairs, settings=settings)
    return [key, *await examine(valr)]


async def examine(valr: ValrExchange, *, pings: int = PINGS) -> list[Finding]:
    """Connect, look at everything, and leave.

    Args:
        valr: what to connect with, not started.
    """
    refused: list[str] = []

    def note(event: SubscriptionRefused) -> None:
        refused.append(f"{event.feed} of {event.pair}: {event.reason}")

    valr.on(SubscriptionRefused, note)
    try:
        await valr.start()
        latency = await _ping(valr, pings)
        is_online = await valr.public.is_online()
        return list(_connected(valr, refused, latency, is_online=is_online))
    except ValrError as failure:
        return [checks.no_connection(failure)]
    finally:
        await valr.close()


def _connected(
    valr: ValrExchange, refused: Sequence[str], latency: Finding, *, is_online: bool
) -> Iterator[Finding]:
    refusals = sum(value for metric, _, value in valr.metrics.numbers() if metric is m.LIMIT_REFUSED)
    yield checks.permissions(valr.permissions)
    yield checks.clock(valr.metrics.gauge(m.CLOCK_OFFSET).value)
    yield checks.rest(is_online=is_online)
    yield checks.sockets(valr.connections)
    yield checks.subscriptions({pair: valr.book_age_s(pair) for pair in valr.followed_pairs}, refused)
    yield checks.rules(len(valr.pairs), [valr.pair_info(pair) for pair in valr.followed_pairs])
    yield checks.limits(valr.limits, round(refusals))
    yield latency


async def _ping(valr: ValrExchange, most: int) -> Finding:
    """Send PINGs while patience lasts, each once the one before was answered."""
    answered = valr.metrics.latency(m.PING_ROUND_TRIP, Socket.ACCOUNT.value)
    ends_at = time.monotonic() + _PATIENCE_S
    sent = 0
    with suppress(TimeoutError):  # the summary says how many were answered
        while sent < most and time.monotonic() < ends_at:
            before = answered.count
            await valr.ping()
            sent += 1
            async with asyncio.timeout(_PATIENCE_S):
                while answered.count == before:  # noqa: ASYNC110 - a PONG has no event
                    await asyncio.sleep(_LOOK_S)
    return checks.latency(answered.summary(), sent)
