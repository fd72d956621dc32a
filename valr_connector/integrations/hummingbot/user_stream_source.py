"""The account's stream as Hummingbot sees it: when VALR was last heard of. Frames go to the order core."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hummingbot.core.data_type.user_stream_tracker_data_source import UserStreamTrackerDataSource


class UserStreamSource(UserStreamTrackerDataSource):
    """Has no connection of its own.

    Args:
        heard_at: when VALR last said something on the account socket, seconds since 1970; 0 if never.
    """

    def __init__(self, heard_at: Callable[[], float]) -> None:
        super().__init__()
        self._heard_at = heard_at

    @property
    def last_recv_time(self) -> float:
        """When VALR last said something, seconds since 1970; 0 if never."""
        return self._heard_at()

    async def listen_for_user_stream(self, output: asyncio.Queue[object]) -> None:  # noqa: ARG002  see below
        """Nothing goes through this queue: between the socket and the order core there is none."""
        await asyncio.get_running_loop().create_future()
