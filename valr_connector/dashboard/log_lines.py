"""Which events a dashboard tells, how much each matters, and in which words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from valr_connector.dashboard.picture import Severity
from valr_connector.dashboard.views import number, number_or_none
from valr_connector.model import events as e
from valr_connector.model.enums import CircuitState, SessionState
from valr_connector.model.order import InFlightOrder

_INFO, _WARNING, _ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR


@dataclass(frozen=True, slots=True)
class Telling:
    """How one type of event is told.

    Attributes:
        severity: how much it matters; a function of the event where that depends.
        words: what happened.
    """

    severity: Severity | Callable[[Any], Severity]
    words: Callable[[Any], str]

    def severity_of(self, event: e.Event) -> Severity:
        return self.severity if isinstance(self.severity, Severity) else self.severity(event)


def _order(order: InFlightOrder) -> str:
    size = number_or_none(order.amount) or "?"
    price = "at the market" if order.price is None else f"at {number(order.price)}"
    return f"{order.side.lower()} {size} {order.pair} {price}"


def _because(cause: str) -> str:
    return f": {cause}" if cause else ""


def _fill(event: e.OrderFilled) -> str:
    fill, late = event.fill, ", after the order had ended" if event.is_late else ""
    return f"filled: {fill.side.lower()} {number(fill.amount)} {fill.pair} at {number(fill.price)}{late}"


def _readiness(event: e.ReadinessChanged) -> str:
    return "ready" if event.ready else f"not ready: {'; '.join(event.missing)}"


def _connection(event: e.ConnectionChanged) -> str:
    return f"{event.socket} socket {event.before} → {event.after}{_because(event.cause)}"


def _connection_severity(event: e.ConnectionChanged) -> Severity:
    """A step back is a trouble, unless it is wanted."""
    is_wanted = SessionState.CLOSING in (event.before, event.after)
    return _WARNING if event.cause and not is_wanted else _INFO


def _circuit(event: e.CircuitChanged) -> str:
    return f"circuit of {event.path}: {event.before} → {event.after}{_because(event.cause)}"


def _untracked(event: e.UntrackedOrder) -> str:
    price = number_or_none(event.price) or "?"
    return (
        f"an order that was not placed here: {event.side} {number_or_none(event.remaining_amount) or '?'} "
        f"{event.symbol} at {price}, {event.handling}"
    )


def _cancel_on_disconnect(event: e.CancelOnDisconnectChanged) -> str:
    return f"cancel on disconnect {'armed' if event.is_armed else 'not armed'}{_because(event.why_not)}"


TELLINGS: Final[Mapping[type[e.Event], Telling]] = MappingProxyType({
    e.OrderCreated: Telling(_INFO, lambda event: f"open: {_order(event.order)}"),
    e.OrderFilled: Telling(_INFO, _fill),
    e.OrderCompleted: Telling(_INFO, lambda event: f"executed in full: {_order(event.order)}"),
    e.OrderCancelled: Telling(
        _INFO, lambda event: f"cancelled: {_order(event.order)}{_because(event.reason)}"
    ),
    e.OrderExpired: Telling(_INFO, lambda event: f"expired: {_order(event.order)}"),
    e.OrderFailed: Telling(_WARNING, lambda event: f"failed: {_order(event.order)}{_because(event.reason)}"),
    e.OrderCorrected: Telling(
        _WARNING, lambda event: f"ended otherwise than first said, {event.before} → {event.after}"
    ),
    e.OrderRevived: Telling(_WARNING, lambda event: f"open after all, {event.before} → {event.after}"),
    e.OrderAdopted: Telling(_WARNING, lambda event: f"adopted: {_order(event.order)}"),
    e.Restored: Telling(_INFO, lambda event: f"restored from the journal: {_order(event.order)}"),
    e.ZombieOrder: Telling(
        _ERROR, lambda event: f"ended here but open at VALR: {event.handling}, attempt {event.attempt}"
    ),
    e.PlacementUnknown: Telling(
        _WARNING, lambda event: f"outcome of the placement unknown, asking VALR{_because(event.cause)}"
    ),
    e.CancelRefused: Telling(_WARNING, lambda event: f"cancel refused{_because(event.reason)}"),
    e.CancelUnknown: Telling(
        _WARNING, lambda event: f"outcome of cancel {event.attempt} unknown, asking VALR"
    ),
    e.ModifyConfirmed: Telling(_INFO, lambda event: f"modified: {_order(event.order)}"),
    e.ModifyRefused: Telling(_WARNING, lambda event: f"modification refused{_because(event.reason)}"),
    e.ModifyUnknown: Telling(_WARNING, lambda _: "outcome of the modification unknown, asking VALR"),
    e.UntrackedOrder: Telling(_WARNING, _untracked),
    e.ReadinessChanged: Telling(lambda event: _INFO if event.ready else _WARNING, _readiness),
    e.ConnectionChanged: Telling(_connection_severity, _connection),
    e.CircuitChanged: Telling(
        lambda event: _ERROR if event.after is CircuitState.OPEN else _INFO, _circuit
    ),
    e.BookInvalidated: Telling(
        _WARNING, lambda event: f"book of {event.pair} invalid{_because(event.cause)}"
    ),
    e.BookResynced: Telling(
        _INFO, lambda event: f"book of {event.pair} valid again after {event.invalid_ns / 1e6:.0f} ms"
    ),
    e.TradingRulesChanged: Telling(
        lambda event: _INFO if event.before is None else _WARNING,
        lambda event: f"trading rules of {event.after.pair} changed",
    ),
    e.ClockDrifted: Telling(_WARNING, lambda event: f"VALR's clock is {event.offset_s:+.3f} s from this one"),
    e.PartRestarted: Telling(_ERROR, lambda event: f"{event.part} failed and was restarted: {event.cause}"),
    e.CancelOnDisconnectChanged: Telling(
        lambda event: _INFO if event.is_armed else _WARNING, _cancel_on_disconnect
    ),
    e.SubscriptionRefused: Telling(
        _WARNING, lambda event: f"VALR refuses {event.feed} of {event.pair}{_because(event.reason)}"
    ),
    e.FrameRefused: Telling(_WARNING, lambda event: f"frame {event.kind} left out: {event.problem}"),
    e.UnknownFrameReceived: Telling(_WARNING, lambda event: f"unknown type of frame: {event.kind}"),
    e.UnrecognisedStatus: Telling(_WARNING, lambda event: f"unknown order status: {event.text}"),
})  # fmt: skip
"""What is told. Everything that only says how the market or a wallet moved is not."""
