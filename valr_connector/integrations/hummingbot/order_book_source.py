"""Hummingbot's books, filled from ours.

Our books are checked by sequence and checksum; each change of one is handed over as a snapshot of its best
levels, at most ten times a second. A book that may not be used is handed over empty: a strategy that sees no
price does not quote, one that sees an old price does.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Any

from hummingbot.core.data_type.common import TradeType
from hummingbot.core.data_type.order_book_message import OrderBookMessage, OrderBookMessageType
from hummingbot.core.data_type.order_book_tracker_data_source import OrderBookTrackerDataSource

from valr_connector.config import Settings
from valr_connector.core.book_side import BookSide
from valr_connector.core.order_book import OrderBook
from valr_connector.errors import UnknownPairError, ValrError
from valr_connector.model.enums import BookFeed, MarketFeed, Side
from valr_connector.model.events import (
    BookChanged,
    BookInvalidated,
    BookResynced,
    ConnectionChanged,
    MarketTraded,
    SubscriptionRefused,
)
from valr_connector.net.market_data import MarketData

DEPTH = 200
"""Levels of each side that are handed over."""
_PAUSE_S = 0.1
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 8.0
"""After failures; each start asks for the pairs, and VALR takes 30 public calls a minute (protocol 4)."""
_PRICES_AGAIN_S = 60.0
"""Hummingbot asks every five seconds about pairs without a trade; trades are told by the socket."""
_LastPrices = Callable[..., Awaitable[dict[str, float]]]


class OrderBookSource(OrderBookTrackerDataSource):
    """Follows the pairs' books and trades, without a key.

    Args:
        trading_pairs: the connector's own list, which others change.
        settings: hosts and limits.
        last_prices: what `get_last_traded_prices` asks.
    """

    def __init__(self, trading_pairs: list[str], *, settings: Settings, last_prices: _LastPrices) -> None:
        super().__init__(trading_pairs)
        self._settings = settings
        self._last_prices = last_prices
        self._market: MarketData | None = None
        self._left_out: set[str] = set()
        self._changed: set[str] = set()
        self._wake = asyncio.Event()
        self._is_outdated = False
        self._prices: dict[str, float] = {}
        self._priced_at = -math.inf
        self._update_ids = count(time.time_ns() // 1_000)

    async def get_last_traded_prices(
        self,
        trading_pairs: list[str],
        domain: str | None = None,  # noqa: ARG002  there is one VALR
    ) -> dict[str, float]:
        """The last price of each pair, as VALR told it less than a minute ago.

        NaN where there is none, for Hummingbot would ask again at once.
        """
        listed = [pair for pair in trading_pairs if pair not in self._left_out]
        now = time.monotonic()
        if now >= self._priced_at + _PRICES_AGAIN_S or not self._prices.keys() >= set(listed):
            told = await self._last_prices(listed) if listed else {}
            self._prices, self._priced_at = dict.fromkeys(listed, math.nan) | told, now
        return {pair: self._prices.get(pair, math.nan) for pair in trading_pairs}

    async def listen_for_subscriptions(self) -> None:
        """Follow books and trades until cancelled; another pair begins anew. What VALR lacks is left out."""
        self._left_out.clear()
        pause_s = _FIRST_PAUSE_S
        while True:
            pairs = [pair for pair in self._trading_pairs if pair not in self._left_out]
            self._is_outdated = False
            try:
                async with MarketData(pairs=pairs, settings=self._settings) as market:
                    pause_s = _FIRST_PAUSE_S
                    await self._follow(market, pairs)
                self._empty_books(pairs)  # the next market data may be long in coming
            except asyncio.CancelledError:
                raise
            except UnknownPairError as error:
                self._leave_out(str(error.pair), str(error))
            except Exception as error:  # noqa: BLE001  Hummingbot's loops outlive whatever happens
                self._empty_books(pairs)
                traceback = not isinstance(error, ValrError)  # which says it all by itself
                self.logger().error(
                    f"The market data stopped: {error}; trying again in {pause_s:.0f} s", exc_info=traceback
                )
                await self._sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def subscribe_to_trading_pair(self, trading_pair: str) -> bool:
        """Follow one pair more; False if VALR does not list it."""
        try:
            if self._market is not None:
                self._market.pair_info(trading_pair)
        except ValrError as error:
            self.logger().error(f"{trading_pair} cannot be followed: {error}")
            return False
        self._left_out.discard(trading_pair)
        self.add_trading_pair(trading_pair)
        self._begin_anew()
        while self._market is None:  # many pairs may be added at once: one new beginning is for all of them
            await self._sleep(_PAUSE_S / 2)
        if trading_pair in self._left_out:
            self.remove_trading_pair(trading_pair)
            return False
        return True

    async def unsubscribe_from_trading_pair(self, trading_pair: str) -> bool:
        """Follow one pair less."""
        self.remove_trading_pair(trading_pair)
        self._begin_anew()
        return True

    async def _follow(self, market: MarketData, pairs: Sequence[str]) -> None:
        self._market = market
        self._changed.clear()  # it is of the market data before, and maybe of pairs that are not here
        ending = asyncio.create_task(_until_its_end(market))
        ending.add_done_callback(lambda _: self._wake.set())
        try:
            market.on(BookChanged, self._note_change)
            market.on(BookInvalidated, self._note_change)
            market.on(BookResynced, self._note_change)
            market.on(SubscriptionRefused, self._note_refusal)
            market.on(MarketTraded, self._hand_over_trade)
            market.subscribe(MarketFeed.TRADES, pairs)
            while not self._is_outdated:
                await self._wake.wait()
                self._wake.clear()
                if not self._is_outdated:
                    self._hand_over_books(market)
                    if ending.done():
                        await ending
                    await self._sleep(_PAUSE_S)
        finally:
            self._market = None
            ending.cancel()

    def _begin_anew(self) -> None:
        self._is_outdated, self._market = True, None
        self._wake.set()

    def _note_refusal(self, event: SubscriptionRefused) -> None:
        if isinstance(event.feed, BookFeed):
            self._leave_out(event.pair, f"VALR refuses it: {event.reason}")

    def _leave_out(self, pair: str, why: str) -> None:
        self._left_out.add(pair)
        self.logger().error(f"The book of {pair} stays empty, the others are followed. {why}")

    def _note_change(self, event: BookChanged | BookInvalidated | BookResynced) -> None:
        self._changed.add(event.pair)
        self._wake.set()

    def _hand_over_books(self, market: MarketData) -> None:
        queue = self._message_queue[self._snapshot_messages_queue_key]
        for pair in self._changed:
            queue.put_nowait(self._snapshot(pair, market.book(pair).if_valid))
        self._changed.clear()

    def _empty_books(self, pairs: Sequence[str]) -> None:
        queue = self._message_queue[self._snapshot_messages_queue_key]
        for pair in pairs:
            queue.put_nowait(self._snapshot(pair, None))

    def _snapshot(self, pair: str, book: OrderBook | None) -> OrderBookMessage:
        content = {
            "trading_pair": pair,
            "update_id": next(self._update_ids),
            "bids": [] if book is None else _rows(book.bids),
            "asks": [] if book is None else _rows(book.asks),
        }
        return OrderBookMessage(OrderBookMessageType.SNAPSHOT, content, time.time())

    async def _order_book_snapshot(self, trading_pair: str) -> OrderBookMessage:
        """The first book of a pair, once ours is valid; an empty one, once VALR is found to have none."""
        while trading_pair not in self._left_out:
            book = None if self._market is None else self._market.book(trading_pair).if_valid
            if book is not None:
                return self._snapshot(trading_pair, book)
            await self._sleep(_PAUSE_S / 2)
        return self._snapshot(trading_pair, None)

    def _hand_over_trade(self, event: MarketTraded) -> None:
        trade = event.trade
        kind = TradeType.BUY if trade.side is Side.BUY else TradeType.SELL
        content = {
            "trading_pair": trade.pair,
            "trade_type": float(kind.value),
            "trade_id": trade.id or "",
            "update_id": next(self._update_ids),
            "price": str(trade.price),
            "amount": str(trade.amount),
        }
        message = OrderBookMessage(OrderBookMessageType.TRADE, content, trade.at.timestamp())
        self._message_queue[self._trade_messages_queue_key].put_nowait(message)

    async def _parse_order_book_snapshot_message(
        self, raw_message: OrderBookMessage, message_queue: asyncio.Queue[Any]
    ) -> None:
        message_queue.put_nowait(raw_message)

    async def _parse_trade_message(
        self, raw_message: OrderBookMessage, message_queue: asyncio.Queue[Any]
    ) -> None:
        message_queue.put_nowait(raw_message)


async def _until_its_end(market: MarketData) -> None:
    """Raises what ends the market data for good, as a refusal of the connection does."""
    async for _ in market.events(ConnectionChanged):
        pass


def _rows(side: BookSide) -> list[tuple[float, float]]:
    return [(float(level.price), float(level.amount)) for level in side.levels(DEPTH)]
