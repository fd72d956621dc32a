"""What VALR said on the account socket, held against what the connector made of it.

An observer at the socket reads every frame by itself. What a frame says of an order has to be known of it by
the time the next frame comes: whatever else would mend it later, its user has been left in the dark until
then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import orjson
from msgspec import Struct
from msgspec.structs import replace

from valr_connector.core.order_record import OrderRecord
from valr_connector.core.placement import DUPLICATE_ID_CODE
from valr_connector.model.enums import OrderStatus
from valr_connector.model.order import InFlightOrder
from valr_connector.simulator.vocabulary import State
from valr_connector.verification.faults import kind_of
from valr_connector.verification.invariants import Violation

LONGEST_WAIT_S: Final = 9.0
"""What names an order by VALR's id alone is held against it if the id gets known within this time; the
connector keeps such news for 10 s."""

_ENDINGS: Final = frozenset({"Filled", "Cancelled", "Failed"})
_STATUSES: Final = frozenset(State)


class Fact(Struct, frozen=True):
    """Something that VALR said of an order.

    Attributes:
        invariant: what does not hold if the connector does not know it.
        holds: whether an order shows it.
        heard_at: seconds.
        has_to_wait: whether it names an order by an id that is not known yet.
        is_failure: whether a placement failed: of two attempts at one, that says nothing of the other.
    """

    invariant: str
    words: str
    order_id: str
    client_order_id: str
    holds: Callable[[InFlightOrder], bool]
    heard_at: float = 0.0
    has_to_wait: bool = False
    is_failure: bool = False


class Heard:
    """A `FrameTap` that remembers what it heard until the connector had time to take it in.

    Args:
        orders: all orders that the connector has or had.
        now: seconds.

    Attributes:
        violations: what was heard and not known.
        rare: how often each rare path was taken.
        strange_status: a status that nobody knows, if there was one.
    """

    def __init__(self, orders: Callable[[], Iterable[InFlightOrder]], now: Callable[[], float]) -> None:
        self.violations: list[Violation] = []
        self.rare: Counter[str] = Counter()
        self.strange_status = ""
        self._orders = orders
        self._now = now
        self._pending: list[Fact] = []
        self._placing: dict[str, str] = {}
        self._receipts: set[str] = set()
        self._doubted: set[str] = set()

    def frame_in(self, raw: bytes) -> None:
        """See `FrameTap`."""
        self.check()
        read = _READERS.get(kind_of(raw))
        if read is None:
            return
        try:
            frame = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return  # torn on its way
        fact = read(self, frame)
        if fact is not None:
            self._pending.append(fact)

    def frame_out(self, raw: bytes) -> None:
        """See `FrameTap`."""
        if kind_of(raw).startswith("PLACE_"):
            command = orjson.loads(raw)
            self._placing[command["clientMsgId"]] = command["payload"]["customerOrderId"]

    def doubt(self, order_id: str) -> None:
        """VALR tells an untruth about the status of this order."""
        self._doubted.add(order_id)

    def check(self) -> None:
        """Hold everything heard so far against the orders."""
        if not self._pending:
            return
        orders = tuple(self._orders())
        self._pending = [fact for fact in self._pending if not self._is_settled(fact, orders)]

    def forget(self) -> None:
        """Nobody listens any more."""
        self._pending.clear()

    # --- what frames say -------------------------------------------------------------------------

    def fill(self, frame: Mapping[str, Any]) -> Fact:
        """NEW_ACCOUNT_TRADE."""
        data = frame["data"]
        trade_id = data["id"]
        return self._fact(
            data, "S3", f"fill {trade_id}", lambda order: any(f.trade_id == trade_id for f in order.fills)
        )

    def status(self, frame: Mapping[str, Any]) -> Fact | None:
        """ORDER_STATUS_UPDATE."""
        data = frame["data"]
        status = data["orderStatusType"]
        if status == "Filled" and data["orderId"] in self._receipts:
            self.rare["filled after the receipt of a cancel"] += 1
        if status not in _STATUSES:
            self.strange_status = status
        if status not in _ENDINGS or data["orderId"] in self._doubted:
            return None
        fact = self._fact(data, "L1", f"the status {status}", lambda order: order.is_done)
        return replace(fact, is_failure=status == "Failed")

    def processed(self, frame: Mapping[str, Any]) -> Fact:
        """ORDER_PROCESSED."""
        data = frame["data"]
        fact = self._fact(data, "L1", "what became of the placement", _is_settled)
        return replace(fact, is_failure=data["success"] is not True)

    def placed(self, frame: Mapping[str, Any]) -> Fact | None:
        """PLACE_LIMIT_WS_RESPONSE, PLACE_MARKET_WS_RESPONSE, and what else refuses a placement."""
        client_order_id = self._placing.get(frame.get("clientMsgId") or "", "")
        data = frame.get("data") or {}
        error = data if frame["type"].startswith("INVALID") else frame.get("error")
        if not client_order_id or (error and error.get("code") == DUPLICATE_ID_CODE):
            return None
        if error:
            refusal = self._fact({"customerOrderId": client_order_id}, "L1", "the refusal", _is_settled)
            return replace(refusal, is_failure=True)
        order_id = data["orderId"]
        return self._fact(
            {"customerOrderId": client_order_id},
            "L1",
            f"its id {order_id}",
            lambda order: order.exchange_order_id is not None or order.is_done,
        )

    def cancel_reply(self, frame: Mapping[str, Any]) -> None:
        """CANCEL_ORDER_WS_RESPONSE: a receipt."""
        data = frame.get("data") or {}
        if data.get("requested") is True and "orderId" in data:
            self._receipts.add(data["orderId"])

    def _fact(
        self, data: Mapping[str, Any], invariant: str, words: str, holds: Callable[[InFlightOrder], bool]
    ) -> Fact:
        fact = Fact(
            invariant, words, data.get("orderId", ""), data.get("customerOrderId", ""), holds, self._now()
        )
        has_to_wait = not fact.client_order_id and not any(_is_about(fact, order) for order in self._orders())
        return replace(fact, has_to_wait=True) if has_to_wait else fact

    # --- what is known ---------------------------------------------------------------------------

    def _is_settled(self, fact: Fact, orders: Iterable[InFlightOrder]) -> bool:
        order = next((order for order in orders if _is_about(fact, order)), None)
        if order is None:  # by an id of theirs, it is somebody else's: nobody keeps news of it
            return bool(fact.client_order_id) or self._now() - fact.heard_at > LONGEST_WAIT_S
        self.rare["news that waited for its order's id"] += fact.has_to_wait
        if not fact.holds(order) and not (fact.is_failure and _was_placed_again(order)):
            name = order.client_order_id
            self.violations.append(
                Violation(fact.invariant, f"order {name}: VALR told {fact.words}, and it is not known")
            )
        return True


def _is_settled(order: InFlightOrder) -> bool:
    return order.status is not OrderStatus.PENDING_CREATE


def _was_placed_again(order: InFlightOrder) -> bool:
    """Whether there were two attempts, and it is not known which of them is the order."""
    return isinstance(order, OrderRecord) and order.times_sent > 1 and order.exchange_order_id is None


def _is_about(fact: Fact, order: InFlightOrder) -> bool:
    if fact.order_id and order.exchange_order_id is not None:
        return order.exchange_order_id == fact.order_id
    return bool(fact.client_order_id) and order.client_order_id == fact.client_order_id


_READERS: Final[Mapping[str, Callable[[Heard, Mapping[str, Any]], Fact | None]]] = {
    "NEW_ACCOUNT_TRADE": Heard.fill,
    "ORDER_STATUS_UPDATE": Heard.status,
    "ORDER_PROCESSED": Heard.processed,
    "PLACE_LIMIT_WS_RESPONSE": Heard.placed,
    "PLACE_MARKET_WS_RESPONSE": Heard.placed,
    "INVALID_PLACE_LIMIT_REQUEST": Heard.placed,
    "INVALID_PLACE_MARKET_REQUEST": Heard.placed,
    "CANCEL_ORDER_WS_RESPONSE": Heard.cancel_reply,
}
