"""The account that Hummingbot trades with: a `ValrExchange` while the network is started, else REST alone.

Both have an order core of their own, so that orders are handed over whenever one takes the other's place.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping

from hummingbot.core.data_type.common import OrderType
from hummingbot.core.data_type.in_flight_order import InFlightOrder as ShownOrder
from hummingbot.core.utils.async_utils import safe_ensure_future

from valr_connector.config import Settings
from valr_connector.core.order_record import OrderRecord
from valr_connector.errors import UnknownOrderError, UnknownPairError, ValrError
from valr_connector.integrations.hummingbot.account_connection import AccountConnection
from valr_connector.integrations.hummingbot.order_records import (
    record_to_place,
    record_to_restore,
    shown_state,
    side_of,
)
from valr_connector.integrations.hummingbot.rest_account import RestAccount
from valr_connector.model.enums import CancelScope, OrderStatus
from valr_connector.model.events import Event
from valr_connector.model.ids import Symbol
from valr_connector.model.order import InFlightOrder
from valr_connector.protocol.signing import Credentials

log = logging.getLogger(__name__)


class TradingAccount:
    """One account, by whichever way is open.

    Args:
        credentials: key and secret, as they are at present; empty where there are none.
        settings: hosts, limits and time-outs.
        shown: the orders that Hummingbot shows, ended ones included, by client order id.
        lost: those of them that it gave up, which may live at VALR all the same.
        symbols: VALR's name of each pair that it lists, traded or not.
        tell: told everything that the core in use has to tell.
        on_ended: told the ids of each order that a frame reports as ended.
    """

    def __init__(
        self,
        *,
        credentials: Callable[[], tuple[str, str]],
        settings: Settings,
        shown: Callable[[], Mapping[str, ShownOrder]],
        lost: Callable[[], Collection[str]],
        symbols: Callable[[], Awaitable[Mapping[str, str]]],
        tell: Callable[[Event], None],
        on_ended: Callable[[str | None, str | None], None],
    ) -> None:
        self._credentials = credentials
        self._settings = settings
        self._shown = shown
        self._lost = lost
        self._symbols = symbols
        self._tell = tell
        self._on_ended = on_ended
        self._connection: AccountConnection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._unknown_to_core: set[str] = set()
        self._making_known = asyncio.Lock()
        self._rest = self._new_rest()

    # --- its life ----------------------------------------------------------------------------------

    @property
    def connection(self) -> AccountConnection | None:
        """What keeps a `ValrExchange` running; None while the network is stopped."""
        return self._connection

    @property
    def rest(self) -> RestAccount:
        """What asks VALR by REST alone, and has the order core while the network is stopped."""
        return self._rest

    @property
    def is_ready(self) -> bool:
        """Whether orders can be placed on the account socket, everything needed being in step."""
        return self._connection is not None and self._connection.is_ready

    @property
    def heard_at(self) -> float:
        """When VALR last said something on the account socket, seconds since 1970; 0 if never."""
        return 0.0 if self._connection is None else self._connection.last_frame.at

    def start(self) -> None:
        """Connect, and stay connected."""
        self._connection = AccountConnection(
            credentials=self._credentials(),
            settings=self._settings,
            restored=self._orders_to_restore,
            tell=self._tell,
        )
        self._connecting = safe_ensure_future(self._connection.run())

    async def stop(self) -> None:
        """Hang up. Orders stay as they are; REST alone takes them over when it is asked about one."""
        if self._connecting is None:
            return
        self._connecting.cancel()
        await asyncio.gather(self._connecting, return_exceptions=True)
        self._connection = self._connecting = None
        self._rest = self._new_rest()
        self.remember(self._shown())

    # --- orders ------------------------------------------------------------------------------------

    def find(self, order_id: str) -> InFlightOrder | None:
        """The core's order with a client order id; None where it knows none."""
        if self._connection is None:
            return self._rest.find(order_id)
        try:
            return self._connection.valr.order(order_id)
        except ValrError:
            return None

    async def place(self, shown: ShownOrder) -> InFlightOrder:
        """Place an order; returns once VALR has said something of it, or its outcome is unknown.

        Raises:
            ValrError: it breaks a rule, or nothing can be sent at present; nothing was.
        """
        pair, order_id = shown.trading_pair, shown.client_order_id
        if self._connection is None:
            symbol = (await self._symbols()).get(pair)
            if symbol is None:
                raise UnknownPairError(pair)
            return await self._rest.place(record_to_place(shown, Symbol(symbol)))
        valr, side = self._connection.valr, side_of(shown.trade_type)
        if shown.order_type is OrderType.MARKET:
            return await valr.place_market_order(pair, side, amount=shown.amount, client_order_id=order_id)
        return await valr.place_limit_order(
            pair,
            side,
            amount=shown.amount,
            price=shown.price,
            post_only=shown.order_type is OrderType.LIMIT_MAKER,
            client_order_id=order_id,
        )

    async def cancel(self, order_id: str) -> bool:
        """Cancel an order; True if VALR said that it can do nothing any more.

        By REST, where Hummingbot takes True for "cancelled", an order that was filled instead gives False.
        Also while a start lasts or is tried again: whatever keeps the account away, orders can be open.

        Raises:
            UnknownOrderError: the core knows none.
            ValrError: nothing was sent; or, by REST, VALR refused or said nothing.
        """
        if self._connection is not None:
            if self._connection.is_up:  # a cancel waits for the placement, and a receipt is no cancellation
                return (await self._connection.valr.cancel_order(order_id)).is_done
            self.remember([order_id])
        record = await self.known(order_id)
        await self._rest.cancel(record)
        return record.is_done and record.status is not OrderStatus.FILLED

    async def cancel_all(self) -> Collection[str]:
        """Cancel every order on the account socket; returns the client order ids of those that ended.

        Raises:
            ValrError: nothing can be sent at present.
        """
        if self._connection is None:
            return ()
        report = await self._connection.valr.cancel_all(CancelScope.OURS)
        return {outcome.order.client_order_id for outcome in report.outcomes if outcome.is_done}

    async def prove_absent(self, order_id: str) -> None:
        """VALR, asked often enough, does not know an order."""
        if self._connection is None:  # with a connection, the core has asked by itself and knows better
            await self.make_known()
            self._rest.prove_absent(order_id)

    # --- taking over orders ------------------------------------------------------------------------

    def remember(self, order_ids: Iterable[str]) -> None:
        """Orders that Hummingbot shows and that the core in use was not told of."""
        self._unknown_to_core.update(order_ids)

    async def known(self, order_id: str) -> OrderRecord:
        """The order in the core of REST alone.

        Raises:
            UnknownOrderError: there is none.
            ValrError: VALR could not be asked for what is needed to take it over.
        """
        await self.make_known()
        record = self._rest.find(order_id)
        if record is None:
            raise UnknownOrderError(order_id)
        return record

    async def make_known(self) -> None:
        """Tell the core of REST alone of the orders that it was not told of.

        Raises:
            ValrError: VALR could not be asked for what is needed.
        """
        async with self._making_known:  # many cancels at once need it, and an order is restored once
            for order_id in tuple(self._unknown_to_core):
                shown = self._shown().get(order_id)
                record = None if shown is None or self._rest.find(order_id) else await self._record(shown)
                if record is not None:
                    self._rest.restore(record)
                self._unknown_to_core.discard(order_id)

    async def _orders_to_restore(self) -> Iterable[OrderRecord]:
        """Everything that Hummingbot shows, ended or not: a fill may come late."""
        self._unknown_to_core.clear()
        records = [await self._record(shown) for shown in self._shown().values()]
        return [record for record in records if record is not None]

    async def _record(self, shown: ShownOrder) -> OrderRecord | None:
        """The order for the core; None, which is said, if nobody can tell what VALR calls its pair."""
        symbol = (await self._symbols()).get(shown.trading_pair)
        if symbol is None:  # delisted since: an order can be found without its pair, and tells the name
            symbol = await self._rest.symbol_of_order(shown.client_order_id)
        if symbol is None:
            log.error(
                "VALR does not list %s any more and does not know the order %s: it stays as it was",
                shown.trading_pair, shown.client_order_id,
            )  # fmt: skip
            self._on_ended(shown.client_order_id, None)  # where it was lost, it need not be cancelled
            return None
        record = record_to_restore(shown, Symbol(symbol), is_lost=shown.client_order_id in self._lost())
        if shown.is_pending_cancel_confirmation:  # whoever was cancelling it is gone; cancelling begins anew
            shown.current_state = shown_state(record)
        return record

    def _new_rest(self) -> RestAccount:
        return RestAccount(
            hosts=self._settings.hosts,
            credentials=lambda: Credentials(*self._credentials()),
            share=self._settings.limits_share,
            tell=self._tell,
            on_ended=self._on_ended,
        )
