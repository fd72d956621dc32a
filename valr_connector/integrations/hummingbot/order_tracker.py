"""Hummingbot's order tracker with our order core in the place of its rules.

Hummingbot's own tracker assigns whatever state it is given. Here an order shows what the core has concluded
from VALR's words, and nothing else: what the framework believes to know (`process_order_update`) is taken as
an occasion to show that again. Each of the core's events is told as Hummingbot's event at once, with two
exceptions: a fill waits for its fee, which Hummingbot cannot be told later, and the end of an order in full
waits for its fills, for as long as Hummingbot's own tracker waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from cachetools import LRUCache
from hummingbot.connector.client_order_tracker import ClientOrderTracker
from hummingbot.core.data_type.in_flight_order import InFlightOrder as ShownOrder
from hummingbot.core.data_type.in_flight_order import OrderState, OrderUpdate, TradeUpdate
from hummingbot.core.utils.async_utils import safe_ensure_future

from valr_connector.integrations.hummingbot.order_records import shown_state, trade_update
from valr_connector.model.events import (
    CancelRefused,
    CancelUnknown,
    FillAmended,
    OrderCancelled,
    OrderCompleted,
    OrderCorrected,
    OrderCreated,
    OrderEvent,
    OrderExpired,
    OrderFailed,
    OrderFilled,
    OrderRevived,
    OrderUpdated,
    PlacementUnknown,
    Restored,
    ZombieOrder,
)
from valr_connector.model.order import Fill, InFlightOrder

_FINAL = frozenset({OrderState.FILLED, OrderState.CANCELED, OrderState.FAILED})


class CoreOrderTracker(ClientOrderTracker):
    """Shows the core's orders as Hummingbot's.

    Args:
        connector: the exchange, whose listeners are told.
        find: the core's order with a client order id; None where the core knows none, because nothing was
            ever sent for it.
        prove_absent: told of an order that VALR, asked often enough, does not know; what follows is the
            core's to say.
    """

    def __init__(
        self,
        connector: Any,
        *,
        find: Callable[[str], InFlightOrder | None],
        prove_absent: Callable[[str], Awaitable[None]],
    ) -> None:
        super().__init__(connector=connector)
        self._cached_orders = LRUCache(maxsize=self.MAX_CACHE_SIZE)  # no end by time: a fill may come late
        self._once_lost: LRUCache[str, ShownOrder] = LRUCache(maxsize=self.MAX_CACHE_SIZE)
        self._find = find
        self._prove_absent = prove_absent
        self._endings: dict[str, asyncio.Task[None]] = {}
        self._show_event: Mapping[type[OrderEvent], Callable[[ShownOrder, Any], None]] = {
            OrderCreated: self._on_change,
            OrderUpdated: self._on_change,
            OrderFilled: self._on_fill,
            FillAmended: self._on_fill,
            OrderCompleted: self._on_completed,
            OrderCancelled: self._on_ending,
            OrderExpired: self._on_ending,
            OrderFailed: self._on_ending,
            OrderCorrected: self._on_corrected,
            OrderRevived: self._on_revived,
            PlacementUnknown: self._on_unknown,
            CancelRefused: self._on_unknown,
            CancelUnknown: self._on_unknown,
            ZombieOrder: self._on_zombie,
        }

    # --- what the core says ------------------------------------------------------------------------

    def show(self, event: OrderEvent) -> None:
        """Tell one of the core's events in Hummingbot's way; orders that it did not place are left."""
        order_id = event.order.client_order_id
        shown = self.fetch_order(order_id) or self._lost_orders.get(order_id) or self._once_lost.get(order_id)
        if shown is None or isinstance(event, Restored):
            return
        self.note_found(order_id)
        if event.order.exchange_order_id is not None and shown.exchange_order_id is None:
            shown.update_exchange_order_id(event.order.exchange_order_id)
        handler = self._show_event.get(type(event))
        if handler is not None:
            handler(shown, event)

    def show_request(self, order_id: str) -> None:
        """A request about an order was made, or settled: show it."""
        shown, order = self._in_flight_orders.get(order_id), self._find(order_id)
        if shown is not None and order is not None and not order.is_done:
            shown.current_state = shown_state(order)

    def note_found(self, order_id: str) -> None:
        """VALR knows the order: earlier failures to find it count no more."""
        self._order_not_found_records.pop(order_id, None)

    def forget_lost(self, order_id: str | None, exchange_order_id: str | None = None) -> None:
        """VALR said that an order ended which was given up as lost: only a late fill can still come."""
        lost = self.fetch_lost_order(order_id, exchange_order_id)
        if lost is not None:
            del self._lost_orders[lost.client_order_id]
            self._once_lost[lost.client_order_id] = lost

    def fetch_order(
        self, client_order_id: str | None = None, exchange_order_id: str | None = None
    ) -> ShownOrder | None:
        """An order in flight or ended; by client order id without copying all, a thousand ended ones too."""
        shown = self._in_flight_orders.get(client_order_id) or self._cached_orders.get(client_order_id)
        return shown or super().fetch_order(client_order_id, exchange_order_id)

    # --- what Hummingbot says ----------------------------------------------------------------------

    def process_order_update(self, order_update: OrderUpdate) -> None:
        """An occasion to show what the core knows; only an order that was never sent can fail this way."""
        shown = self.fetch_order(order_update.client_order_id, order_update.exchange_order_id)
        if shown is None:
            if order_update.new_state in _FINAL:
                self.forget_lost(order_update.client_order_id, order_update.exchange_order_id)
            return
        if self._find(shown.client_order_id) is not None:
            self.show_request(shown.client_order_id)
        elif order_update.new_state is OrderState.FAILED and shown.exchange_order_id is None:
            self._end(shown, OrderState.FAILED, order_update)  # the core has none: nothing was sent

    def process_trade_update(self, trade_update: TradeUpdate) -> None:
        """Fills are counted in the core, by VALR's ids, and shown from there."""
        self.logger().debug(f"Fill {trade_update.trade_id} is left to the order core.")

    async def process_order_not_found(self, client_order_id: str) -> None:
        """VALR itself said, history included, that it does not know an order. Often enough, it is lost."""
        shown = self._in_flight_orders.get(client_order_id)
        if shown is None:
            return
        self._order_not_found_records[client_order_id] += 1
        if self._order_not_found_records[client_order_id] <= self._lost_order_count_limit:
            return
        await self._prove_absent(client_order_id)
        if shown.is_failure:
            self.logger().warning(
                f"The order {client_order_id}({shown.exchange_order_id}) is considered lost. "
                f"Please check its status in the exchange."
            )
            self._give_up(shown)

    # --- showing -----------------------------------------------------------------------------------

    def _on_change(self, shown: ShownOrder, event: OrderEvent) -> None:
        if shown.client_order_id not in self._in_flight_orders:
            return  # it ended in the same breath, or is lost; final states are final
        before, state = shown.current_state, shown_state(event.order)
        state = OrderState.OPEN if state in _FINAL else state  # created and ended at once: its end follows
        shown.update_with_order_update(self._update(shown, state))
        self._trigger_order_creation(
            shown, before, OrderState.OPEN
        )  # though it may be being cancelled by now

    def _on_fill(self, shown: ShownOrder, event: OrderFilled | FillAmended) -> None:
        fill: Fill = event.fill
        if fill.fee is None or fill.trade_id in shown.order_fills:
            return
        before = shown.executed_amount_base
        update = trade_update(fill, event.order)
        shown.update_with_trade_update(update)
        self._trigger_order_fills(
            tracked_order=shown,
            prev_executed_amount_base=before,
            fill_amount=update.fill_base_amount,
            fill_price=update.fill_price,
            fill_fee=update.fee,
            trade_id=update.trade_id,
            exchange_order_id=update.exchange_order_id,
        )

    def _on_completed(self, shown: ShownOrder, _event: OrderCompleted) -> None:
        order_id = shown.client_order_id
        if shown.completely_filled_event.is_set() or order_id not in self._in_flight_orders:
            self._end(shown, OrderState.FILLED)
        elif order_id not in self._endings:
            task: asyncio.Task[None] = safe_ensure_future(self._end_when_filled(shown))
            self._endings[order_id] = task
            task.add_done_callback(lambda _: self._endings.pop(order_id, None))

    async def _end_when_filled(self, shown: ShownOrder) -> None:
        try:
            async with asyncio.timeout(self.TRADE_FILLS_WAIT_TIMEOUT):
                await shown.wait_until_completely_filled()
        except TimeoutError:
            self.logger().warning(f"The fills of {shown.client_order_id} are late; they will be told later.")
        self._end(shown, OrderState.FILLED)

    def _on_ending(self, shown: ShownOrder, event: OrderCancelled | OrderExpired | OrderFailed) -> None:
        reason = getattr(event, "reason", "")
        misc = {"error_message": reason, "error_type": type(event).__name__} if reason else None
        state = shown_state(event.order)
        self._end(shown, state, self._update(shown, state, misc))

    def _end(self, shown: ShownOrder, state: OrderState, update: OrderUpdate | None = None) -> None:
        """Tell the one final event of an order."""
        if shown.client_order_id not in self._in_flight_orders:
            self.forget_lost(shown.client_order_id)
            return
        update = update or self._update(shown, state)
        shown.update_with_order_update(update)
        self._trigger_order_completion(shown, update)

    def _on_corrected(self, shown: ShownOrder, event: OrderCorrected) -> None:
        self.logger().warning(
            f"VALR's record ends {shown.client_order_id} as {event.after}, told here as {event.before}."
        )

    def _on_revived(self, shown: ShownOrder, event: OrderRevived) -> None:
        self.logger().error(
            f"VALR shows {shown.client_order_id} open, which it had ended as {event.before}: cancelling it."
        )
        self._give_up(shown)

    def _on_unknown(self, shown: ShownOrder, event: OrderEvent) -> None:
        said = getattr(event, "cause", "") or getattr(event, "reason", "")
        self.logger().warning(f"{type(event).__name__} for {shown.client_order_id}: VALR is asked. {said}")
        self.show_request(shown.client_order_id)

    def _on_zombie(self, shown: ShownOrder, event: ZombieOrder) -> None:
        self.logger().error(f"VALR shows the ended order {shown.client_order_id} open: {event.handling}.")

    def _give_up(self, shown: ShownOrder) -> None:
        """Hand an ended order that may live at VALR to Hummingbot's loop that cancels lost orders."""
        self._cached_orders.pop(shown.client_order_id, None)
        self._lost_orders[shown.client_order_id] = shown

    def _update(
        self, shown: ShownOrder, state: OrderState, misc: dict[str, str] | None = None
    ) -> OrderUpdate:
        return OrderUpdate(
            trading_pair=shown.trading_pair,
            update_timestamp=self.current_timestamp,
            new_state=state,
            client_order_id=shown.client_order_id,
            exchange_order_id=shown.exchange_order_id,
            misc_updates=misc,
        )
