"""Everybody but the user: other traders, VALR by itself, the network and this machine's clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from valr_connector.simulator.order_wire import change_object
from valr_connector.simulator.vocabulary import BuyOrSell, Rejection, State, VenueOrder
from valr_connector.simulator.wire import frame
from valr_connector.verification import schedule as s
from valr_connector.verification.world import ACCOUNT, MAKER, SYMBOL, TAKER, World

_SIDES: Final[Mapping[str, BuyOrSell]] = {"BUY": "buy", "SELL": "sell"}
_DEPTH: Final = 5
_NS_PER_S: Final = 1_000_000_000


class Surroundings:
    """Does the steps that are not the user's. Each is done at once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._deeds: Mapping[type[s.Step], Callable[[Any], None]] = {
            s.Take: self._take,
            s.Revoke: self._revoke,
            s.Market: self._market,
            s.Foreign: self._foreign,
            s.Spend: self._spend,
            s.Misreport: self._misreport,
            s.FrameFault: world.network.board.add,
            s.RequestFault: world.network.board.add,
            s.DialFault: world.network.board.add,
            s.Cut: self._cut,
            s.HalfOpen: self._half_open,
            s.Inject: self._inject,
            s.Jump: self._jump,
            s.ReadOnly: self._read_only,
        }

    def do(self, step: s.AnyStep) -> None:
        """Do one step."""
        self._deeds[type(step)](step)

    # --- traders -----------------------------------------------------------------------------------

    def _take(self, step: s.Take) -> None:
        levels = self._world.exchange.venue.levels(SYMBOL, _SIDES[step.side], _DEPTH)
        against: BuyOrSell = "sell" if step.side == "BUY" else "buy"
        if levels:
            with suppress(Rejection):
                self._world.trade(TAKER, against, step.amount, levels[-1][0], immediate=True)

    def _revoke(self, step: s.Revoke) -> None:
        name = self._world.client_order_id(step.name)
        with suppress(Rejection):
            self._world.exchange.venue.cancel(ACCOUNT, SYMBOL, customer_order_id=name)

    def _misreport(self, step: s.Misreport) -> None:
        world = self._world
        order = world.exchange.venue.order_by_customer_id(ACCOUNT, world.client_order_id(step.name))
        links = [link for link in world.network.links if link.name == "account" and link.is_open]
        if order is not None and order.is_open and links:
            world.misreported.add(order.request.customer_order_id)
            world.life.heard.doubt(order.order_id)
            links[-1].inject(_cancelled_wrongly(order, world.venue_clock()))
            self._count("misreport")

    def _market(self, step: s.Market) -> None:
        self._world.exchange.venue.cancel_all(MAKER)
        self._world.trade(MAKER, "buy", step.amount, step.bid)
        self._world.trade(MAKER, "sell", step.amount, step.ask)

    def _foreign(self, step: s.Foreign) -> None:
        with suppress(Rejection):
            self._world.trade(
                ACCOUNT,
                _SIDES[step.side],
                step.amount,
                step.price,
                customer_order_id=step.customer_order_id,
            )

    def _spend(self, step: s.Spend) -> None:
        self._world.spend_limits(step.requests)

    # --- faults --------------------------------------------------------------------------------------

    def _cut(self, step: s.Cut) -> None:
        self._count(f"cut {step.code}", has_struck=self._world.network.cut(step))

    def _half_open(self, step: s.HalfOpen) -> None:
        self._count("half-open", has_struck=self._world.network.freeze(step))

    def _inject(self, step: s.Inject) -> None:
        self._count(f"inject {step.kind}", has_struck=self._world.network.inject(step))

    def _jump(self, step: s.Jump) -> None:
        self._world.clock_jump_ns += round(step.seconds * _NS_PER_S)
        self._count("clock jump")

    def _read_only(self, step: s.ReadOnly) -> None:
        exchange = self._world.exchange
        exchange.read_only = True
        asyncio.get_running_loop().call_later(step.seconds, setattr, exchange, "read_only", False)
        self._count("read-only")

    def _count(self, name: str, *, has_struck: bool = True) -> None:
        self._world.network.board.hits[name] += has_struck


def _cancelled_wrongly(order: VenueOrder, now: int) -> bytes:
    change = order.history[-1]._replace(state=State.CANCELLED, updated_at=now)
    return frame("ORDER_STATUS_UPDATE", data=change_object(change)).data
