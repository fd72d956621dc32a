"""Hummingbot: VALR's frames, read with json, through its order tracker as its connectors use it.

The reply to the placement is an update of the order there, as in its `ExchangePyBase`. Wallets are two
dictionaries of Decimals, as in its connectors.
"""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

from hummingbot.connector.client_order_tracker import ClientOrderTracker
from hummingbot.core.data_type.common import OrderType, TradeType
from hummingbot.core.data_type.in_flight_order import InFlightOrder, OrderState, OrderUpdate, TradeUpdate
from hummingbot.core.data_type.trade_fee import AddedToCostTradeFee, TokenAmount

from benchmarks.peers.sequence import AMOUNT, BASE, FIRST_LIVE, PRICE, Sequence

PAIR = "BTC-ZAR"
_STATES = {"Partially Filled": OrderState.PARTIALLY_FILLED, "Filled": OrderState.FILLED}


class Hummingbot:
    """Its tracker, and wallets, told by a connector of the least effort."""

    name = "Hummingbot's tracker"

    def __init__(self, sequence: Sequence) -> None:
        self._tracker = ClientOrderTracker(connector=_Connector())
        self._told = sequence.of_peers
        self._account_balances: dict[str, Decimal] = {}
        self._account_available_balances: dict[str, Decimal] = {}

    def messages(self, number: int) -> list[bytes]:
        """An order's life, and the order tracked."""
        order = InFlightOrder(
            f"bid-{number}", PAIR, OrderType.LIMIT, TradeType.BUY, Decimal(AMOUNT), 1.0, Decimal(PRICE)
        )
        self._tracker.start_tracking_order(order)
        self._order = order
        return self._told(number)

    def fill(self, orders: int) -> None:
        """Have so many orders tracked, whose confirmation is under way."""
        for number in range(FIRST_LIVE, FIRST_LIVE + orders):
            self.messages(number)

    async def live_through(self, messages: list[bytes]) -> None:
        """Take an order's life in."""
        tracker = self._tracker
        under_way = []
        for raw in messages:
            frame = json.loads(raw)
            data = frame["data"]
            if frame["type"] == "NEW_ACCOUNT_TRADE":
                tracker.process_trade_update(_trade(data))
            elif frame["type"] == "BALANCE_UPDATE":
                self._note_wallets(data["wallets"])
            else:
                under_way.append(tracker.process_order_update(_update(data)))
                await asyncio.sleep(0)
        await asyncio.gather(*under_way)

    @property
    def has_ended(self) -> bool:
        """Whether the newest order has."""
        return bool(self._order.is_filled)

    @property
    def base_held(self) -> Decimal:
        """In the wallet."""
        return self._account_balances[BASE]

    def _note_wallets(self, wallets: list[dict[str, str]]) -> None:
        for wallet in wallets:
            currency = wallet["currency"]
            self._account_available_balances[currency] = Decimal(wallet["available"])
            self._account_balances[currency] = Decimal(wallet["total"])


class _Connector:
    """What the tracker needs of one."""

    current_timestamp = 2.0

    def trigger_event(self, *_: object) -> None:
        """Somebody hears of it."""


def _update(data: dict[str, Any]) -> OrderUpdate:
    return OrderUpdate(
        trading_pair=PAIR,
        update_timestamp=2.0,
        new_state=_STATES.get(data.get("orderStatusType", ""), OrderState.OPEN),
        client_order_id=data["customerOrderId"],
        exchange_order_id=data["orderId"],
    )


def _trade(data: dict[str, Any]) -> TradeUpdate:
    price, amount = Decimal(data["price"]), Decimal(data["quantity"])
    fee = TokenAmount(data["feeCurrency"], Decimal(data["fee"]))
    return TradeUpdate(
        trade_id=data["id"],
        client_order_id=data["customerOrderId"],
        exchange_order_id=data["orderId"],
        trading_pair=PAIR,
        fill_timestamp=2.0,
        fill_price=price,
        fill_base_amount=amount,
        fill_quote_amount=price * amount,
        fee=AddedToCostTradeFee(flat_fees=[fee]),
    )
