"""From the market's frames to events: a table from the frame's type to what it tells. Books are not here."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from valr_connector.core.trading_rules import TradingRules
from valr_connector.model.events import (
    AllowedOrderTypesChanged,
    CandleClosed,
    Event,
    FundingSettled,
    MarketSummaryChanged,
    MarketTraded,
    MarkPriceChanged,
    PnlSettled,
)
from valr_connector.model.ids import Pair
from valr_connector.protocol import market_frames as f
from valr_connector.protocol.market_values import to_candle, to_summary, to_trade

TRADES_REMEMBERED: Final = 1_000
"""The ids of so many of a pair's newest trades are remembered, to tell each trade once."""

_Reader = Callable[[Pair, Any], Sequence[Event]]


class MarketRouter:
    """Turns each frame into events.

    Args:
        rules: knows the pairs' names; learns which order types they take.
    """

    def __init__(self, rules: TradingRules) -> None:
        self._rules = rules
        self._told: dict[Pair, OrderedDict[str, None]] = {}
        self._readers: Mapping[type, _Reader] = {
            f.NewTradeFrame: self._trade,
            f.MarketSummaryUpdateFrame: _summary,
            f.NewTradeBucketFrame: _candle,
            f.MarkPriceUpdateFrame: _mark_price,
            f.AllowedOrderTypesUpdatedFrame: self._order_types,
            f.FundingRunCompletedFrame: _funding,
            f.PnlRunCompletedFrame: _pnl,
        }

    def route(self, frame: f.MarketFrame) -> Sequence[Event]:
        """What a frame tells; nothing where it is about a pair that VALR does not list."""
        pair = self._rules.pair_of(frame.pair_symbol)
        return () if pair is None else self._readers[type(frame)](pair, frame)

    def _trade(self, pair: Pair, frame: f.NewTradeFrame) -> Sequence[Event]:
        if frame.data.id is not None and not self._is_new(pair, frame.data.id):
            return ()
        return (MarketTraded(to_trade(pair, frame.data)),)

    def _is_new(self, pair: Pair, trade_id: str) -> bool:
        told = self._told.setdefault(pair, OrderedDict())
        if trade_id in told:
            return False
        told[trade_id] = None
        if len(told) > TRADES_REMEMBERED:
            told.popitem(last=False)
        return True

    def _order_types(self, pair: Pair, frame: f.AllowedOrderTypesUpdatedFrame) -> Sequence[Event]:
        order_types = tuple(sorted(frame.data))
        told = AllowedOrderTypesChanged(pair, order_types)
        return (told, *self._rules.take_order_types({pair: order_types}))


def _summary(pair: Pair, frame: f.MarketSummaryUpdateFrame) -> Sequence[Event]:
    return (MarketSummaryChanged(to_summary(pair, frame.data)),)


def _candle(pair: Pair, frame: f.NewTradeBucketFrame) -> Sequence[Event]:
    return (CandleClosed(to_candle(pair, frame.data)),)


def _mark_price(pair: Pair, frame: f.MarkPriceUpdateFrame) -> Sequence[Event]:
    return (MarkPriceChanged(pair, frame.data.price),)


def _funding(pair: Pair, _frame: f.FundingRunCompletedFrame) -> Sequence[Event]:
    return (FundingSettled(pair),)


def _pnl(pair: Pair, frame: f.PnlRunCompletedFrame) -> Sequence[Event]:
    return (PnlSettled(pair, None if frame.data is None else frame.data.price),)
