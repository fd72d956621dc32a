"""What was told and what came of it, as plain data that can be compared and read in a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
from msgspec import structs

from valr_connector.core.account_state import AccountState
from valr_connector.core.lifecycle import AskReason
from valr_connector.model.account import Balance
from valr_connector.model.events import (
    AccountActivity,
    BalanceChanged,
    Event,
    FrameRefused,
    OrderEvent,
    UnknownFrameReceived,
    UnrecognisedStatus,
    UntrackedOrder,
)
from valr_connector.model.ids import ClientOrderId
from valr_connector.model.order import Fill, InFlightOrder

Plain = dict[str, Any]

STORY = (
    OrderEvent,
    UntrackedOrder,
    BalanceChanged,
    AccountActivity,
    FrameRefused,
    UnknownFrameReceived,
    UnrecognisedStatus,
)
"""Events that follow from frames alone; what concerns connections and readiness is left out."""


@dataclass(frozen=True)
class Expected:
    """What a recording leads to: final orders and balances, what was told and what was asked on the way."""

    orders: Mapping[str, Plain]
    balances: Mapping[str, Plain]
    events: Sequence[Plain]
    questions: Sequence[Plain]

    @classmethod
    def of(cls, state: AccountState, events: Sequence[Plain], questions: Sequence[Plain]) -> Expected:
        """The outcome as it stands in `state`."""
        orders = {order.client_order_id: order_state(order) for order in state.tracker.orders()}
        balances = {code: wallet(state.balances[code]) for code in sorted(state.balances.by_currency)}
        return cls(dict(sorted(orders.items())), balances, list(events), list(questions))

    @classmethod
    def read(cls, path: Path) -> Expected:
        """What was written beside a recording; a part that it lacks is empty."""
        written = orjson.loads(path.read_bytes())
        orders, balances = written.get("orders", {}), written.get("balances", {})
        return cls(orders, balances, written.get("events", []), written.get("questions", []))

    def text(self) -> str:
        """JSON with an order, a wallet or an event on each line, so that a difference shows as a line."""
        return (
            "{\n"
            f'"orders": {_block("{}", _named(self.orders))},\n'
            f'"balances": {_block("{}", _named(self.balances))},\n'
            f'"events": {_block("[]", [_json(event) for event in self.events])},\n'
            f'"questions": {_block("[]", [_json(question) for question in self.questions])}\n'
            "}\n"
        )


def note_questions(state: AccountState, questions: list[Plain]) -> None:
    """Have every reason to ask about an order noted in `questions`, once: timers repeat it."""
    ask = state.questions.ask

    def noting(client_order_id: ClientOrderId, reason: AskReason, now: int) -> None:
        question = {"order": client_order_id, "reason": reason.name}
        if question not in questions:
            questions.append(question)
        ask(client_order_id, reason, now)

    state.questions.ask = noting  # type: ignore[method-assign]  # a question is no event that one could subscribe


def order_events(events: Sequence[Plain]) -> list[Plain]:
    """Only what was told about orders."""
    return [event for event in events if "order" in event]


def told(event: Event) -> Plain | None:
    """The key fields of an event at this moment; None for one that is no part of the story."""
    if not isinstance(event, STORY):
        return None
    if isinstance(event, BalanceChanged):
        return {"event": "BalanceChanged", "currency": event.balance.currency, **wallet(event.balance)}
    if isinstance(event, AccountActivity):
        return {"event": "AccountActivity", "kind": event.kind}
    fields = structs.asdict(event)
    plain: Plain = {"event": type(event).__name__}
    if isinstance(event, OrderEvent):
        plain["order"] = fields.pop("order").client_order_id
        del fields["at"]
        fields.pop("cause", None)  # why a connection was lost is not in its frames
    return plain | {name: _plain(value) for name, value in fields.items()}


def order_state(order: InFlightOrder) -> Plain:
    """Where an order stands."""
    return {
        "status": order.status.value,
        "exchange_order_id": order.exchange_order_id,
        "amount": _plain(order.amount),
        "price": _plain(order.price),
        "executed": _plain(order.executed_amount),
        "average_price": _plain(order.average_price),
        "fees": {currency: _plain(amount) for currency, amount in sorted(order.fees.items())},
        "fills": [_plain(fill) for fill in sorted(order.fills, key=lambda fill: fill.trade_id)],
        "has_all_fills": order.has_all_fills,
        "is_being_cancelled": order.is_being_cancelled,
        "failure_reason": order.failure_reason,
    }


def wallet(balance: Balance) -> Plain:
    """What one wallet holds."""
    return {"available": _plain(balance.available), "reserved": _plain(balance.reserved)}


def _plain(value: object) -> Any:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Fill):
        return {
            "id": value.trade_id,
            "price": _plain(value.price),
            "amount": _plain(value.amount),
            "fee": None if value.fee is None else f"{_plain(value.fee.amount)} {value.fee.currency}",
            "liquidity": value.liquidity.value,
        }
    return value


def _named(entries: Mapping[str, Plain]) -> list[str]:
    return [f"{_json(name)}: {_json(entry)}" for name, entry in entries.items()]


def _block(brackets: str, lines: Sequence[str]) -> str:
    if not lines:
        return brackets
    return f"{brackets[0]}\n" + ",\n".join(f"  {line}" for line in lines) + f"\n{brackets[1]}"


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
