"""Where a terminal dashboard's pictures come from: this process, or one that serves its dashboard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import aiohttp
import msgspec

from valr_connector.dashboard.picture import Picture
from valr_connector.dashboard.watch import Watch
from valr_connector.errors import ConfigurationError, InvalidArgumentError

INTERVAL_S: Final = 1.0
_PATIENCE: Final = aiohttp.ClientTimeout(total=5)
_FORBIDDEN: Final = 403


async def own_pictures(watch: Watch, interval_s: float = INTERVAL_S) -> AsyncIterator[Picture]:
    """Pictures of what runs in this process, for ever."""
    while True:
        yield watch.take()
        await asyncio.sleep(interval_s)


async def served_pictures(
    url: str, token: str | None = None, interval_s: float = INTERVAL_S
) -> AsyncIterator[Picture]:
    """Pictures of a process that serves its dashboard at `url`, for ever; asks again when nobody answers.

    Raises:
        ConfigurationError: the token is missing or wrong; it is not shown.
        InvalidArgumentError: something else answers there.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    address = f"{url.rstrip('/')}/picture"
    async with aiohttp.ClientSession(headers=headers, timeout=_PATIENCE) as session:
        while True:
            if (body := await _fetch(session, address)) is not None:
                try:
                    yield msgspec.json.decode(body, type=Picture)
                except msgspec.MsgspecError:
                    raise InvalidArgumentError("url", url, "no dashboard of this version is there") from None
            await asyncio.sleep(interval_s)


async def _fetch(session: aiohttp.ClientSession, address: str) -> bytes | None:
    """The body, or None where nobody answers now."""
    try:
        async with session.get(address) as answer:
            if answer.status == _FORBIDDEN:
                raise ConfigurationError(f"{address} needs a token: set VALR_DASHBOARD_TOKEN")
            return await answer.read() or None
    except aiohttp.InvalidURL:
        raise InvalidArgumentError("url", address, "is no address") from None
    except (aiohttp.ClientError, TimeoutError):
        return None
