"""The account by REST alone: for as long as the exchange object's network is not started.

Hummingbot uses a connector that way to check new keys, and its conformance suite does. The order core is the
same; what is missing is whoever listens and asks by himself, so Hummingbot's own polling has to.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from valr_connector.config import Hosts
from valr_connector.core.account_state import AccountState
from valr_connector.core.clock import ClockOffset, TimestampSource
from valr_connector.core.evidence import SAID_BY_STATUS, Evidence, OwnWords, Says, Source, fill_evidence
from valr_connector.core.lifecycle import ENDING_SAID
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.order_terms import cancel_request, placement_request
from valr_connector.core.placement import SAYS, Fate, fate_of_refusal
from valr_connector.errors import ExchangeError, NotSentError, OrderNotFoundError, ValrError
from valr_connector.model.account import Balance
from valr_connector.model.events import Event
from valr_connector.model.ids import ClientOrderId, Symbol
from valr_connector.net.limiter import PROCESS_LIMITS
from valr_connector.net.order_gateway import placement_endpoint
from valr_connector.net.order_lookup import look_up, look_up_without_pair
from valr_connector.net.rest import RestClient
from valr_connector.protocol import endpoints
from valr_connector.protocol.frames import OrderStatusUpdateFrame, decode_account_frame
from valr_connector.protocol.rest_bodies import FeeRow
from valr_connector.protocol.signing import Credentials

log = logging.getLogger(__name__)

_LAST_FILLS_S = 2.0
"""Seconds; who cancels all orders at the end has ten for everything."""


class RestAccount:
    """One account with an order core of its own, and nobody who listens.

    Args:
        hosts: where VALR is.
        credentials: made when they are needed; there may be none that are good.
        share: the part of VALR's limits to use.
        tell: told everything that the core has to tell.
        on_ended: told the ids of each order that a frame reports as ended.
    """

    def __init__(
        self,
        *,
        hosts: Hosts,
        credentials: Callable[[], Credentials],
        share: float,
        tell: Callable[[Event], None],
        on_ended: Callable[[str | None, str | None], None],
    ) -> None:
        self._hosts = hosts
        self._credentials = credentials
        self._share = share
        self._tell = tell
        self._on_ended = on_ended
        self._timestamps = TimestampSource(ClockOffset())
        self._state = AccountState()
        self._say = OwnWords(self._apply)

    def find(self, client_order_id: str | None, exchange_order_id: str | None = None) -> OrderRecord | None:
        """The core's order with either id."""
        return self._state.tracker.find(client_order_id, exchange_order_id)

    def restore(self, order: OrderRecord) -> None:
        """Take over an order that Hummingbot remembers."""
        self._state.tracker.restore(order, time.monotonic_ns())

    def take_frame(self, raw: bytes) -> None:
        """A frame of the account socket, from whoever listened.

        Raises:
            DecodeError: it does not fit the protocol.
        """
        frame = decode_account_frame(raw)
        self._tell_all(self._state.router.route(frame, time.monotonic_ns()))
        if (
            isinstance(frame, OrderStatusUpdateFrame)
            and SAID_BY_STATUS[frame.data.wire_status] in ENDING_SAID
        ):
            self._on_ended(frame.data.client_order_id, frame.data.exchange_order_id)

    def prove_absent(self, client_order_id: str) -> None:
        """VALR does not know the order, however often it was asked."""
        self._apply(
            Evidence(says=Says.PROVED_ABSENT, source=Source.LOCAL, client_order_id=client_order_id,
                     reason="VALR does not know it")
        )  # fmt: skip

    async def place(self, order: OrderRecord) -> OrderRecord:
        """Place an order by REST v2. Without an answer it is unknown, and stays in flight.

        Raises:
            InvalidArgumentError: the key or the secret is none; nothing was sent.
        """
        async with self._rest() as rest:
            order.created_at = time.monotonic_ns()
            self._state.tracker.track(order)
            self._say(order, Says.SENT)
            try:
                placed = await rest.call(placement_endpoint(placement_request(order)))
            except NotSentError as error:
                self._say(order, SAYS[Fate.NOT_SENT_BY_REST], reason=f"not sent: {error}")
            except ExchangeError as error:
                fate = fate_of_refusal(error.code, error.reason)
                # The id is that of the attempt, and the order meant is the one that has our id already.
                order_id = None if fate is Fate.DUPLICATE_ID else error.order_id
                self._say(order, SAYS[fate], Source.REPLY, reason=error.reason, order_id=order_id)
            except ValrError as error:
                self._say(order, SAYS[Fate.UNKNOWN], reason=str(error))
            else:
                self._say(order, Says.PROCESSED, Source.REPLY, order_id=placed.order_id)
        return order

    async def cancel(self, order: OrderRecord) -> None:
        """Cancel an order by REST v2; returning means that VALR cancelled it, or that it had ended.

        Its fills are told as well: nobody has listened for them.

        Raises:
            OrderNotFoundError: VALR does not know it, nor does its history.
            ValrError: VALR refused, or said nothing; the order stands as it is.
        """
        self._say(order, Says.CANCEL_SENT)
        try:
            async with self._rest() as rest:
                await rest.call(endpoints.cancel_order(cancel_request(order)))
        except OrderNotFoundError as error:
            self._say(order, Says.CANCEL_REFUSED, Source.REPLY, reason=error.reason)
            await self._fetch_last_fills(order)
            await self.ask(order)
            if not order.is_done:
                raise
        except ExchangeError as error:
            self._say(order, Says.CANCEL_REFUSED, Source.REPLY, reason=error.reason)
            raise
        except ValrError as error:
            self._say(order, Says.CANCEL_UNKNOWN, reason=str(error))
            raise
        else:
            self._say(order, Says.CANCEL_CONFIRMED, Source.REPLY)
            await self._fetch_last_fills(order)

    async def ask(self, order: OrderRecord) -> None:
        """Have VALR say what became of an order: among the active ones, in history, in the list.

        Raises:
            OrderNotFoundError: it is in none of them.
            ValrError: VALR could not be asked.
        """
        asked_at = time.monotonic_ns()
        async with self._rest() as rest:
            row = await look_up(rest, order)
        if row is None:
            raise OrderNotFoundError("neither active nor in history", request="look-up of an order")
        self._tell_all(self._state.router.report(row, time.monotonic_ns(), asked_at))

    async def symbol_of_order(self, client_order_id: str) -> Symbol | None:
        """What VALR calls the pair of an order; None where it knows no such order.

        Raises:
            ValrError: VALR could not be asked.
        """
        async with self._rest() as rest:
            row = await look_up_without_pair(rest, ClientOrderId(client_order_id))
        return None if row is None else row.pair_symbol

    async def fetch_fills(self, order: OrderRecord, *, timeout_s: float | None = None) -> None:
        """Count the fills of an order that VALR's trade history has.

        Args:
            timeout_s: seconds that VALR has for its answer; None takes the usual time.

        Raises:
            ValrError: VALR could not be asked.
        """
        async with self._rest() as rest:
            rows = await rest.call(endpoints.pair_trade_history(order.symbol), timeout=timeout_s)
        for row in reversed(rows):  # oldest first
            evidence = fill_evidence(row, Source.QUERY)
            if evidence is not None and self.find(evidence.client_order_id, evidence.exchange_order_id):
                self._apply(evidence)

    async def balances(self) -> Sequence[Balance]:
        """All wallets that are not empty. Raises ValrError where VALR could not be asked."""
        async with self._rest() as rest:
            return [row.to_balance() for row in await rest.call(endpoints.balances())]

    async def fees(self) -> Sequence[FeeRow]:
        """The account's fees for each pair. Raises ValrError where VALR could not be asked."""
        async with self._rest() as rest:
            return await rest.call(endpoints.fees())

    async def _fetch_last_fills(self, order: OrderRecord) -> None:
        """As far as VALR tells them soon: the order has ended without them, too."""
        try:
            await self.fetch_fills(order, timeout_s=_LAST_FILLS_S)
        except ValrError as error:
            log.warning("the last fills of %s may be missing: %s", order.client_order_id, error)

    def _apply(self, evidence: Evidence) -> None:
        self._tell_all(self._state.router.apply(evidence, time.monotonic_ns()))

    def _tell_all(self, events: Sequence[Event]) -> None:
        for event in events:
            self._tell(event)

    @asynccontextmanager
    async def _rest(self) -> AsyncIterator[RestClient]:
        """A client for one occasion: nobody is told when the last one has passed."""
        credentials = self._credentials()
        rest = RestClient(
            base_url=self._hosts.rest,
            credentials=credentials,
            timestamps=self._timestamps,
            rng=random.Random(),  # noqa: S311  the jitter of pauses
            limiter=PROCESS_LIMITS.limiter(
                host=self._hosts.rest.partition("://")[2], key=credentials.fingerprint, share=self._share
            ),
        )
        try:
            yield rest
        finally:
            await rest.close()
