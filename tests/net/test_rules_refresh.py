"""The trading rules stay fresh: on a schedule, and when VALR says that order types changed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Self, cast

import pytest
from msgspec.structs import replace

from tests.simulator.virtual_time import in_virtual_time
from tests.unit.core.builders import PAIR_INFO
from valr_connector.core.trading_rules import TradingRules
from valr_connector.errors import TransportError
from valr_connector.model.events import AllowedOrderTypesChanged, TradingRulesChanged
from valr_connector.model.ids import Pair
from valr_connector.model.market import PairInfo
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.public_data import PublicData
from valr_connector.net.rules_refresh import RulesRefresh

PAIR = PAIR_INFO.pair
LIMIT, BOTH = ("LIMIT",), ("LIMIT", "MARKET")
FINER = replace(PAIR_INFO, tick_size=Decimal("0.1"))


@dataclass
class Public:
    """What VALR would answer, and when it was asked, in seconds."""

    rules: TradingRules
    publisher: EventPublisher
    listed: PairInfo = PAIR_INFO
    order_types_listed: tuple[str, ...] = BOTH
    failure: TransportError | None = None
    asked: list[tuple[str, int]] = field(default_factory=list)

    async def pairs(self) -> Sequence[PairInfo]:
        self._asked("pairs")
        for change in self.rules.replace([self.listed]):
            self.publisher.publish(change)
        return tuple(self.rules)

    async def order_types(self) -> Mapping[Pair, tuple[str, ...]]:
        self._asked("order types")
        return {PAIR: self.order_types_listed}

    def _asked(self, what: str) -> None:
        self.asked.append((what, round(asyncio.get_running_loop().time())))
        if self.failure is not None:
            raise self.failure


class Refreshing:
    """`RulesRefresh` at work, every 300 s of virtual time."""

    def __init__(self, interval_s: float = 300) -> None:
        self.rules = TradingRules()
        self.rules.replace([PAIR_INFO])
        self.publisher = EventPublisher()
        self.changes: list[TradingRulesChanged] = []
        self.publisher.on(TradingRulesChanged, self.changes.append)
        self.public = Public(self.rules, self.publisher)
        self.refresh = RulesRefresh(
            public=cast("PublicData", self.public),
            rules=self.rules,
            publisher=self.publisher,
            interval_s=interval_s,
            clock=lambda: round(asyncio.get_running_loop().time() * 1e9),
        )
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.refresh.run())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait([self._task])

    def tell(self, order_types: tuple[str, ...]) -> None:
        """VALR's event: the rules have it already when it is told."""
        event = AllowedOrderTypesChanged(PAIR, order_types)
        self.publisher.publish(event)
        for change in self.rules.take_order_types({PAIR: order_types}):
            self.publisher.publish(change)


@in_virtual_time
async def test_order_types_are_asked_for_at_once_and_everything_on_a_schedule() -> None:
    async with Refreshing() as at_work:
        assert at_work.rules.pair(PAIR).order_types == BOTH
        await asyncio.sleep(610)
        assert at_work.public.asked == [
            ("order types", 0),
            ("pairs", 300),
            ("order types", 300),
            ("pairs", 600),
            ("order types", 600),
        ]
        assert [change.after.order_types for change in at_work.changes] == [BOTH]


@in_virtual_time
async def test_what_changed_is_told() -> None:
    async with Refreshing() as at_work:
        at_work.public.listed = FINER
        await asyncio.sleep(310)
        assert at_work.changes[-1].after == replace(FINER, order_types=BOTH)


@in_virtual_time
async def test_when_valr_tells_new_order_types_the_rest_is_asked_for_once_its_cache_is_new() -> None:
    async with Refreshing() as at_work:
        await asyncio.sleep(10)
        at_work.tell(LIMIT)
        await asyncio.sleep(65)
        assert at_work.public.asked[1:] == [("pairs", 70), ("order types", 70)]


@in_virtual_time
async def test_a_list_that_may_be_older_than_what_was_told_does_not_undo_it() -> None:
    async with Refreshing() as at_work:
        await asyncio.sleep(10)
        at_work.tell(LIMIT)
        await asyncio.sleep(65)
        assert at_work.rules.pair(PAIR).order_types == LIMIT
        await asyncio.sleep(300)
        assert at_work.rules.pair(PAIR).order_types == BOTH


@in_virtual_time
async def test_a_refresh_that_fails_leaves_the_rules_and_comes_again() -> None:
    async with Refreshing() as at_work:
        at_work.public.failure = TransportError("no route")
        await asyncio.sleep(310)
        assert at_work.rules.pair(PAIR).order_types == BOTH
        at_work.public.failure = None
        at_work.public.listed = FINER
        await asyncio.sleep(300)
        assert at_work.rules.pair(PAIR).tick_size == FINER.tick_size


@in_virtual_time
async def test_a_refresh_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    at_work = Refreshing()
    at_work.public.failure = TransportError("no route")
    async with at_work:
        assert "the trading rules were not refreshed: no route" in caplog.text


@in_virtual_time
async def test_once_it_is_over_it_listens_no_more() -> None:
    async with Refreshing() as at_work:
        assert at_work.publisher.subscriptions == 2
    assert at_work.publisher.subscriptions == 1
