"""The user of the connector, who does what the schedule says and holds calls to what they promise."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from decimal import Decimal
from typing import Any, Final

from valr_connector.errors import ValrError
from valr_connector.model.enums import OrderStatus, RetryPolicy, Side, TimeInForce
from valr_connector.model.events import Event
from valr_connector.model.ids import ClientOrderId
from valr_connector.model.operations import BatchCancel, BatchModify, BatchOperation
from valr_connector.model.order import InFlightOrder, ModifyOutcome
from valr_connector.protocol.order_requests import ModifyMatchStrategy
from valr_connector.verification import schedule as s
from valr_connector.verification.cancelling import s6_cancelled_as_told
from valr_connector.verification.invariants import Violation, l4_no_accumulation, l5_closes_in_time
from valr_connector.verification.life import Life
from valr_connector.verification.modifying import s6_modified_as_told
from valr_connector.verification.placing import asked_by, asked_by_quote, batch_placement, stop_kind
from valr_connector.verification.schedule_text import step_line
from valr_connector.verification.virtual_loop import running_loop
from valr_connector.verification.world import ACCOUNT, PAIR, World

_RESTART_PAUSE_S: Final = 1.0
_TIDYING_S: Final = 0.05
"""Calls that a closing wakes need a turn or two of the loop to return."""
_MOST_SLOW_READS: Final = 50
_LONGEST_WAIT_FOR_A_WRITE_S: Final = 1.0


class User:
    """Uses one connector after the other in one world.

    Attributes:
        violations: what was found wrong on the way.
        most_open: how many quotes were open at the venue at most.
        pending: steps whose call ought to return by itself and has not yet.
    """

    def __init__(self, world: World) -> None:
        self.violations: list[Violation] = []
        self.pending: dict[int, s.AnyStep] = {}
        self._world = world
        self._calls = 0
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._quoted: set[str] = set()
        self._wanted: Counter[tuple[str, Decimal | None]] = Counter()
        """How often an order was to have a price."""
        self.most_open = 0
        self._is_refreshing = False
        self._starter: asyncio.Task[Any] | None = None
        self._deeds: Mapping[type[s.Step], Callable[[Any], Awaitable[None]]] = {
            s.Place: self._place,
            s.Cancel: self._cancel,
            s.Modify: self._modify,
            s.Batch: self._batch,
            s.CancelAll: self._cancel_all,
            s.Refresh: self._refresh,
            s.Close: self._close,
            s.Restart: self._restart,
            s.Crash: self._crash,
            s.Listen: self._listen,
            s.GiveUp: self._give_up,
        }

    def does(self, step: s.AnyStep) -> bool:
        """Whether the step is the user's."""
        return type(step) in self._deeds

    def do(self, step: s.AnyStep) -> None:
        """Begin a step; it goes on beside the others."""
        self._calls += 1
        number = self._calls
        self._tasks[number] = self._world.tasks.create_task(self._watch(number, step))

    async def _watch(self, number: int, step: s.AnyStep) -> None:
        if isinstance(step, _RETURNING):
            self.pending[number] = step
        try:
            await self._deeds[type(step)](step)
        except ValrError as error:
            name = step_line(step)
            self._world.secrecy.read(f"an error of {name}", f"{error} {error!r}")
            self._world.trace.note(f"raised {type(error).__name__}: {error} ({name})")
        except Exception as error:  # noqa: BLE001  whatever else comes out of the library is a defect
            self.violations.append(Violation("crash", f"{step_line(step)} raised {error!r}"))
        finally:
            self.pending.pop(number, None)
            del self._tasks[number]

    # --- life --------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Make a connector and start it; again and again, as a supervisor would."""
        while True:
            life = self._world.new_life()
            try:
                await life.valr.start()
            except ValrError as error:
                self._world.trace.note(f"start failed: {type(error).__name__}: {error}")
                if life.is_closed:
                    return  # by a step
                await self._take_leave(life)
                await asyncio.sleep(_RESTART_PAUSE_S)
            else:
                return

    async def close(self) -> None:
        """Close the connector if it runs, and hold it to what closing promises."""
        life = self._world.life
        if life.is_closed:
            return
        began = asyncio.get_running_loop().time()
        await self._take_leave(life)
        seconds = asyncio.get_running_loop().time() - began
        await asyncio.sleep(_TIDYING_S)
        most = self._world.settings.close_timeout_s
        sockets = [f"the {link.name} socket" for link in self._world.network.links if link.is_open]
        self.violations += l5_closes_in_time(seconds, [*_tasks_of_the_library(), *sockets], most)

    async def _take_leave(self, life: Life) -> None:
        report = await life.valr.close()
        life.closed, life.closed_at = report, self._world.venue_clock()
        names = ", ".join(order.client_order_id for order in report.remaining)
        self._world.trace.note(f"closed; remaining: {names or 'nothing'}")

    async def _close(self, _step: s.Close) -> None:
        await self.close()

    async def _restart(self, _step: s.Restart) -> None:
        if self._starter is not None:
            return
        with self._as_starter():
            await self.close()
            await self.start()

    async def _crash(self, step: s.Crash) -> None:
        """Let the process die, wherever it is, and everything that its user was waiting for with it."""
        life = self._world.life
        if life.is_closed or (step.writes and not await self._dies_writing(life, step.writes)):
            return
        with self._as_starter():
            self._world.kill(life)
            self._world.trace.note("killed")
            await life.valr.abort()
            for task in [*self._tasks.values()]:
                if task is not self._starter:
                    task.cancel()
            self._is_refreshing = False
            await asyncio.sleep(step.pause)
            await self.start()

    async def _dies_writing(self, life: Life, writes: int) -> bool:
        """Wait until the process has died in the middle of a write; False if it was closed before."""
        died = asyncio.Event()

        def die() -> None:
            self._world.kill(life)
            died.set()

        life.process.die_writing(writes, die)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_WAIT_FOR_A_WRITE_S):
                await died.wait()
        return life.closed is None

    @contextmanager
    def _as_starter(self) -> Iterator[None]:
        """Only one task at a time starts connectors; who kills one takes that over."""
        self._starter = starter = asyncio.current_task()
        try:
            yield
        finally:
            if self._starter is starter:
                self._starter = None

    # --- orders ------------------------------------------------------------------------------------

    async def _place(self, step: s.Place) -> None:
        life = self._world.life
        name, side = self._world.name_order(step.name), Side(step.side)
        self._world.asked[name] = asked_by(step, name)
        retry = RetryPolicy(step.retry) if step.retry else None
        if step.price is None:
            order = await life.valr.place_market_order(
                PAIR, side, amount=step.amount, quote_amount=step.quote, client_order_id=name, retry=retry
            )
        elif step.stop is not None:
            order = await life.valr.place_stop_limit_order(
                PAIR,
                side,
                order_type=stop_kind(step),
                amount=step.amount or 0,
                price=step.price,
                stop_price=step.stop,
                client_order_id=name,
                retry=retry,
            )
        else:
            order = await life.valr.place_limit_order(
                PAIR,
                side,
                amount=step.amount or 0,
                price=step.price,
                post_only=step.post_only,
                time_in_force=TimeInForce(step.tif),
                client_order_id=name,
                retry=retry,
            )
        self._world.trace.note(f"placed {name}: {order.status} {order.placement}")

    async def _cancel(self, step: s.Cancel) -> None:
        outcome = await self._world.life.valr.cancel_order(self._world.client_order_id(step.name))
        self.violations += s6_cancelled_as_told(outcome)
        self._world.trace.note(f"cancelled {outcome.order.client_order_id}: {outcome.result}")

    async def _modify(self, step: s.Modify) -> None:
        life, name = self._world.life, self._world.client_order_id(step.name)
        self._wanted[name, step.price] += 1
        order = life.valr.orders.get(ClientOrderId(name))
        if order is not None and order.modify_request is not None:
            life.recorder.rare["modify behind another one"] += 1
        outcome = await life.valr.modify_order(
            name,
            price=step.price,
            remaining_amount=step.remaining,
            total_amount=step.total,
            on_match=ModifyMatchStrategy(step.on_match),
        )
        self._check_modified(outcome, step)
        self._world.trace.note(f"modified {outcome.order.client_order_id}: {outcome.result}")

    def _check_modified(self, outcome: ModifyOutcome, step: s.Modify) -> None:
        name = outcome.order.client_order_id
        there = self._world.truth.order(name)
        is_new = step.price is not None and there is not None and step.price != there.request.price
        is_the_only_one = is_new and step.on_match != "REPRICE" and self._wanted[name, step.price] == 1
        self.violations += s6_modified_as_told(outcome, step, there, is_the_only_one=is_the_only_one)

    async def _batch(self, step: s.Batch) -> None:
        world, price = self._world, step.price or 0
        placed = [world.name_order(name) for name in _names(step.places)]
        world.asked.update((name, asked_by(step, name)) for name in placed)
        modified = [world.client_order_id(name) for name in _names(step.modifies)]
        self._wanted.update((name, step.price) for name in modified)
        world.batched.update(placed)
        operations: list[BatchOperation] = [
            *(batch_placement(step, name) for name in placed),
            *(BatchModify(order=name, price=price) for name in modified),
            *(BatchCancel(world.client_order_id(name)) for name in _names(step.cancels)),
        ]
        for result in await world.life.valr.batch(operations):
            if isinstance(result, ModifyOutcome):
                self._check_modified(result, s.Modify(at=step.at, name="", price=step.price))
        world.trace.note(f"batch of {len(operations)} is done")

    async def _cancel_all(self, _step: s.CancelAll) -> None:
        for outcome in (await self._world.life.valr.cancel_all()).outcomes:
            self.violations += s6_cancelled_as_told(outcome)
            self._world.trace.note(f"cancelled {outcome.order.client_order_id}: {outcome.result}")

    async def _refresh(self, step: s.Refresh) -> None:
        if self._is_refreshing or self._world.life.is_closed:
            return
        self._is_refreshing = True
        try:
            self.check_accumulation()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._requote(Side.BUY, step))
                tasks.create_task(self._requote(Side.SELL, step))
            self.check_accumulation()
        finally:
            self._is_refreshing = False

    async def _requote(self, side: Side, step: s.Refresh) -> None:
        """Quote anew, unless the quote that stands is not surely gone."""
        life = self._world.life
        price = step.bid if side is Side.BUY else step.ask
        with suppress(ValrError):
            for standing in self._standing(side):
                outcome = await life.valr.cancel_order(standing)
                self.violations += s6_cancelled_as_told(outcome)
                if not outcome.is_done:
                    return
            name = self._world.name_order(f"q{len(self._quoted)}")
            self._quoted.add(name)
            self._world.asked[name] = asked_by_quote(step, side, name)
            await life.valr.place_limit_order(
                PAIR, side, amount=step.amount, price=price, post_only=True, client_order_id=name
            )

    def _standing(self, side: Side) -> list[InFlightOrder]:
        """Quotes in flight, those included that an earlier process placed."""
        orders = self._world.life.valr.orders.values()
        return [order for order in orders if order.side is side and order.client_order_id in self._quoted]

    def check_accumulation(self) -> None:
        """Hold the number of open quotes against L4."""
        life = self._world.life
        in_doubt = [
            order
            for order in life.valr.orders.values()
            if order.status is OrderStatus.PENDING_CREATE or order.is_being_cancelled
        ]
        names = (order.request.customer_order_id for order in self._world.exchange.venue.open_orders(ACCOUNT))
        open_there = [
            name
            for name in names
            if name in self._quoted and (name in life.valr.orders or name.endswith(f"-{life.number}"))
        ]
        self.most_open = max(self.most_open, len(open_there))
        self.violations += l4_no_accumulation(len(open_there), len(in_doubt))

    async def _give_up(self, _step: s.GiveUp) -> None:
        """Cancel the tasks in which calls about orders wait; what they began goes on without them."""
        for number, step in [*self.pending.items()]:
            if isinstance(step, s.ABOUT_ORDERS):
                self._world.life.recorder.rare["call given up"] += 1
                self._tasks[number].cancel()

    # --- events --------------------------------------------------------------------------------------

    async def _listen(self, step: s.Listen) -> None:
        """Read slowly; everything comes all the same, in order."""
        heard: list[Event] = []
        told: list[Event] = []
        valr = self._world.life.valr
        async with valr.events() as stream:
            valr.on(Event, told.append)
            async for event in stream:
                heard.append(event)
                if len(heard) < _MOST_SLOW_READS:
                    await asyncio.sleep(step.seconds)
        if len(heard) != len(told) or any(a is not b for a, b in zip(heard, told, strict=True)):
            self.violations.append(Violation("S6", f"a slow reader got {len(heard)} of {len(told)} events"))


_RETURNING: Final = (*s.ABOUT_ORDERS, s.Restart, s.Crash)


def _names(words: str) -> list[str]:
    return [name for name in words.split(",") if name]


def _tasks_of_the_library() -> list[str]:
    """What still runs of the connector, in words."""
    names = []
    for task in running_loop().unfinished_tasks():
        code = getattr(task.get_coro(), "cr_code", None)
        if code is not None and "/valr_connector/net/" in code.co_filename.replace("\\", "/"):
            names.append(str(code.co_qualname))
    return sorted(names)
