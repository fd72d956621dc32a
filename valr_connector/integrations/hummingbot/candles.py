"""Candles for Hummingbot's strategies, by REST: VALR's stream knows one-minute candles only."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from typing import Any

import numpy as np
from bidict import bidict
from hummingbot.core.network_iterator import NetworkStatus
from hummingbot.core.utils.async_utils import safe_ensure_future
from hummingbot.data_feed.candles_feed.candles_base import CandlesBase

from valr_connector.config import Settings
from valr_connector.errors import ValrError
from valr_connector.integrations.hummingbot.hosts import hosts_from_environment
from valr_connector.model.market import Candle
from valr_connector.net.market_data import MarketData

_EVERY_S = 20.0
"""Between two looks at the newest candles; VALR's public calls are few."""
_STILL_ANSWERS_S = 60.0
"""For so long after an answer nobody asks whether VALR answers, as Hummingbot would every ten seconds."""
_LONGEST_PAGE = 300


class ValrCandles(CandlesBase):
    """One pair's candles of one length; a period without a trade has one too."""

    rest_url = wss_url = candles_url = health_check_url = ""
    candles_endpoint = "/v1/public/pair/buckets"
    candles_max_result_per_rest_request = _LONGEST_PAGE
    rate_limits: tuple[()] = ()
    intervals = bidict({"1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "6h": 21600, "1d": 86400})

    def __init__(self, trading_pair: str, interval: str = "1m", max_records: int = 150) -> None:
        super().__init__(trading_pair, interval, max_records)
        self._market = MarketData(settings=Settings(hosts=hosts_from_environment()))
        self._answered_at = -math.inf

    @property
    def name(self) -> str:
        """Whose, and of what."""
        return f"valr_{self._trading_pair}"

    def get_exchange_trading_pair(self, trading_pair: str) -> str:
        """Pairs are known by their names here; VALR's symbols are looked up where they are needed."""
        return trading_pair

    async def check_network(self) -> NetworkStatus:
        """CONNECTED if VALR answers, or did so just now."""
        if time.monotonic() - self._answered_at > _STILL_ANSWERS_S:
            await self._market.public.time()
            self._answered_at = time.monotonic()
        return NetworkStatus.CONNECTED

    async def fetch_candles(
        self, start_time: int | None = None, end_time: int | None = None, limit: int | None = None
    ) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Candles from the oldest to the newest; times in seconds, both ends included.

        Raises:
            ValueError: neither `start_time` nor `end_time` is given.
            ValrError: VALR could not be asked.
        """
        if start_time is None and end_time is None:
            raise ValueError("Either the start time or end time must be specified.")
        page = min(_LONGEST_PAGE, (limit or _LONGEST_PAGE) + 1)  # the one at `end_time` is in it too
        span = page * self.interval_in_seconds
        if start_time is None:
            start_time = (end_time or 0) - span
        candles = await self._market.public.candles(
            self._trading_pair,
            period_s=self.interval_in_seconds,
            limit=page,
            start=datetime.fromtimestamp(start_time, UTC),
            end=datetime.fromtimestamp(start_time + span if end_time is None else end_time, UTC),
            include_empty=True,
        )
        rows = [_row(candle) for candle in reversed(candles)]
        return np.array(rows, dtype=float).reshape(len(rows), len(self.columns))

    async def listen_for_subscriptions(self) -> None:
        """Keep the newest candles up to date until cancelled."""
        while True:
            try:
                newest = await self._market.public.candles(
                    self._trading_pair,
                    period_s=self.interval_in_seconds,
                    limit=self._how_many(),
                    include_empty=True,
                )
                self._answered_at = time.monotonic()
                self._take(newest)
            except ValrError as error:
                self.logger().warning(f"VALR's candles could not be read: {error}")
            await self._sleep(_EVERY_S)

    async def fill_historical_candles(self) -> None:
        """Put what was before the candles that are known before them, until there are as many as are wanted.

        Hummingbot's own asks without a pause where VALR's history is shorter than that.
        """
        while self._candles and not self.ready:  # whoever empties them begins anew with the next ones
            first_at = int(self._candles[0][0])
            try:
                earlier = await self.fetch_candles(end_time=first_at, limit=self._room())
                earlier = earlier[earlier[:, 0] < first_at]
                self._candles.extendleft(earlier[::-1][: self._room()])  # newer ones may have come meanwhile
                has_more = len(earlier) > 0
            except ValrError as error:
                self.logger().warning(f"VALR's history could not be read: {error}")
                has_more = False
            if not has_more:
                await self._sleep(_EVERY_S)

    async def stop_network(self) -> None:
        """Ask no more."""
        await super().stop_network()
        await self._market.close()
        self._market = MarketData(settings=Settings(hosts=hosts_from_environment()))

    def _room(self) -> int:
        return int(self._candles.maxlen - len(self._candles))

    def _how_many(self) -> int:
        """The newest known candle, and all since: there may have been no answer for a while."""
        known_at = self._candles[-1][0] if self._candles else time.time()
        wanted = 2 + max(0, int((time.time() - known_at) / self.interval_in_seconds))
        if wanted > _LONGEST_PAGE:
            if self._fill_candles_task is not None:
                self._fill_candles_task.cancel()
            self._reset_candles()
        return min(wanted, _LONGEST_PAGE)

    def _take(self, newest: Any) -> None:
        is_first = not self._candles
        for candle in reversed(newest):
            row = np.array(_row(candle), dtype=float)
            if self._candles and self._candles[-1][0] == row[0]:
                self._candles[-1] = row
            elif not self._candles or self._candles[-1][0] < row[0]:
                self._candles.append(row)
        if is_first and self._candles:
            self._ws_candle_available.set()
            self._fill_candles_task = safe_ensure_future(self.fill_historical_candles())


def _row(candle: Candle) -> list[float]:
    """Hummingbot's columns; VALR counts no trades, and does not say who took."""
    prices = (candle.open, candle.high, candle.low, candle.close)
    volumes = (candle.volume or 0, candle.quote_volume or 0)
    return [candle.start.timestamp(), *map(float, prices), *map(float, volumes), 0.0, 0.0, 0.0]
