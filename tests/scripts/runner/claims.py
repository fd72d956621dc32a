"""What must hold now: the lines with ``=``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from tests.scripts.runner.phrases import Phrases
from tests.scripts.runner.script_file import Mismatch, split
from tests.scripts.runner.scripted_exchange import ScriptedExchange
from tests.scripts.runner.user import User, error_of
from valr_connector import Balance, InFlightOrder, ValrExchange
from valr_connector.model import events as e
from valr_connector.model.enums import OrderStatus

_TIMES: Final = r"(?P<times>never|once|\d+ times|at least \d+ times|at most \d+ times)"


def _fees(order: InFlightOrder) -> str:
    return " and ".join(f"{amount} {currency}" for currency, amount in order.fees.items()) or "none"


_CLAUSES: Final[Sequence[tuple[str, Callable[[InFlightOrder, str], object]]]] = (
    (r"being cancelled", lambda o, _: o.is_being_cancelled),
    (r"not being cancelled", lambda o, _: not o.is_being_cancelled),
    (r"being modified", lambda o, _: o.modify_request is not None),
    (r"not being modified", lambda o, _: o.modify_request is None),
    (r"complete", lambda o, _: o.has_all_fills),
    (r"incomplete", lambda o, _: not o.has_all_fills),
    (r"executed (\S+)", lambda o, x: o.executed_amount == Decimal(x)),
    (r"remaining (\S+)", lambda o, x: o.remaining_amount == Decimal(x)),
    (r"amount (\S+)", lambda o, x: o.amount == Decimal(x)),
    (r"priced (\S+)", lambda o, x: o.price == Decimal(x)),
    (r"averaging (\S+)", lambda o, x: o.average_price == Decimal(x)),
    (r"placement (\S+)", lambda o, x: o.placement == x),
    (r"known as (\S+)", lambda o, x: o.exchange_order_id == x),
    (r"without VALR's id", lambda o, _: o.exchange_order_id is None),
    (r"fees (.+)", lambda o, x: _fees(o) == x),
    (r"(\d+) fills?", lambda o, x: len(o.fills) == int(x)),
    (r"as (maker|taker)", lambda o, x: {f.liquidity.value.lower() for f in o.fills} == {x}),
    (r"failed because (.+)", lambda o, x: o.failure_reason == x),
    (r"([A-Z_]+)", lambda o, x: o.status is OrderStatus(x)),
)

_DETAILS: Final[Mapping[type[e.Event], Callable[[Any], str]]] = {
    e.OrderFilled: lambda event: event.fill.trade_id + (" late" if event.is_late else ""),
    e.OrderFailed: lambda event: event.reason,
    e.OrderCancelled: lambda event: f"after {event.executed_amount}",
    e.OrderUpdated: lambda event: f"{event.status} {event.executed_amount}",
    e.CancelRefused: lambda event: event.reason,
    e.OrderRevived: lambda event: event.after.value,
    e.ZombieOrder: lambda event: event.handling.value,
    e.OrderCorrected: lambda event: event.after.value,
}


class Claims:
    """Holds the library to what the script claims."""

    def __init__(
        self,
        valr: Callable[[], ValrExchange],
        exchange: ScriptedExchange,
        user: User,
        events: Callable[[], Sequence[e.Event]],
    ) -> None:
        self._valr = valr
        self._exchange = exchange
        self._user = user
        self._events = events
        call = r"(?P<call>placing \S+|cancelling \S+|modifying \S+|batching|closing|starting)"
        self.phrases: Phrases = {
            rf"{call} returned(?: (?P<result>.+))?": self._returned,
            rf"{call} waits": self._waits,
            rf"{call} raised (?P<error>\w+)": self._raised,
            r"events of (?P<name>\S+): (?P<names>.+)": self._events_of,
            rf"told (?P<event>[A-Z]\w+)(?: of (?P<name>\S+))? {_TIMES}": self._told,
            rf"asked (?P<key>[a-z-]+(?: \S+)??) {_TIMES}": self._asked,
            rf"sent (?P<key>[A-Z_]+(?: \S+)??) {_TIMES}": self._asked,
            r"in flight: (?P<names>.+)": self._in_flight,
            r"balance (?P<currency>\w+): available (?P<available>\S+), reserved (?P<reserved>\S+)": (
                self._balance
            ),
            r"top of book: (?P<bid>\S+) / (?P<ask>\S+)": self._top_of_book,
            r"account socket is (?P<state>[A-Z]+)": self._socket_state,
            r"ready": self._ready,
            r"not ready(?:, for (?P<why>.+))?": self._not_ready,
            r"(?P<name>\S+) is (?P<clauses>.+)": self._is,
        }

    # --- calls -------------------------------------------------------------------------------------

    def _returned(self, call: str, result: str | None) -> None:
        found = self._user.result(call)
        if result is not None and found != result:
            raise Mismatch(f"it returned {found}")

    def _waits(self, call: str) -> None:
        if self._user.task(call).done():
            raise Mismatch(f"it returned {self._user.result(call)}")

    def _raised(self, call: str, error: str) -> None:
        found = error_of(self._user.task(call))
        if type(found).__name__ != error:
            raise Mismatch(f"it raised {found!r}")

    # --- orders ------------------------------------------------------------------------------------

    def _is(self, name: str, clauses: str) -> None:
        order = self._valr().order(name)
        for clause in split(clauses):
            if not _holds(order, clause):
                raise Mismatch(f"not {clause!r}: {_in_words(order)}")

    def _in_flight(self, names: str) -> None:
        found = ", ".join(self._valr().orders) or "nothing"
        if found != names:
            raise Mismatch(f"in flight: {found}")

    # --- events ------------------------------------------------------------------------------------

    def _events_of(self, name: str, names: str) -> None:
        found = [_described(event) for event in self._of(name)]
        wanted = split(names)
        if len(found) != len(wanted) or not all(map(_is_named, found, wanted)):
            raise Mismatch("told were: " + (", ".join(" ".join(each) for each in found) or "nothing"))

    def _told(self, event: str, name: str | None, times: str) -> None:
        events = self._events() if name is None else self._of(name)
        if not hasattr(e, event):
            raise Mismatch(f"there is no event {event}")
        _check(times, sum(type(each).__name__ == event for each in events))

    def _of(self, name: str) -> Sequence[e.OrderEvent]:
        return [
            event
            for event in self._events()
            if isinstance(event, e.OrderEvent) and event.order.client_order_id == name
        ]

    # --- everything else ---------------------------------------------------------------------------

    def _asked(self, key: str, times: str) -> None:
        _check(times, sum(key in (each.key, each.key.partition(" ")[0]) for each in self._exchange.sent))

    def _balance(self, currency: str, available: str, reserved: str) -> None:
        found = self._valr().balances.get(currency, Balance(currency, Decimal(0), Decimal(0), Decimal(0)))
        if (found.available, found.reserved) != (Decimal(available), Decimal(reserved)):
            raise Mismatch(f"it is {found}")

    def _top_of_book(self, bid: str, ask: str) -> None:
        levels = (self._valr().best_bid("BTC-ZAR"), self._valr().best_ask("BTC-ZAR"))
        found = tuple("none" if level is None else str(level.price) for level in levels)
        if found != (bid, ask):
            raise Mismatch(f"it is {' / '.join(found)}")

    def _socket_state(self, state: str) -> None:
        found = self._valr()._started().account.client.session.state
        if found != state:
            raise Mismatch(f"it is {found}")

    def _ready(self) -> None:
        if not self._valr().ready:
            raise Mismatch(self._missing())

    def _not_ready(self, why: str | None) -> None:
        if self._valr().ready or (why is not None and why not in self._missing()):
            raise Mismatch(self._missing() or "it is ready")

    def _missing(self) -> str:
        return "; ".join(self._valr()._state.readiness.missing)


def _holds(order: InFlightOrder, clause: str) -> bool:
    for pattern, holds in _CLAUSES:
        match = re.fullmatch(pattern, clause)
        if match is not None:
            return bool(holds(order, match[1] if match.groups() else ""))
    raise Mismatch(f"an order cannot be {clause!r}")


def _in_words(order: InFlightOrder) -> str:
    words = [
        order.status,
        f"placement {order.placement}",
        f"known as {order.exchange_order_id}",
        f"amount {order.amount}",
        f"priced {order.price}",
        f"executed {order.executed_amount}",
        f"{len(order.fills)} fills",
        f"fees {_fees(order)}",
        "complete" if order.has_all_fills else "incomplete",
        f"being cancelled: {order.is_being_cancelled}",
        f"being modified: {order.modify_request is not None}",
    ]
    return ", ".join([*words, f"failed because {order.failure_reason}"] if order.failure_reason else words)


def in_words(event: e.Event) -> str:
    """An event in short, for people."""
    if not isinstance(event, e.OrderEvent):
        return repr(event)
    name, detail = _described(event)
    return f"{name} of {event.order.client_order_id} {detail}: {_in_words(event.order)}"


def _described(event: e.Event) -> tuple[str, str]:
    detail = _DETAILS.get(type(event))
    return type(event).__name__, "" if detail is None else detail(event)


def _is_named(found: tuple[str, str], wanted: str) -> bool:
    name, _, detail = wanted.partition(" ")
    return found[0] == name and detail in ("", found[1])


def _check(times: str, found: int) -> None:
    number = {"never": 0, "once": 1}.get(times)
    if number is None:
        number = int(re.sub(r"\D", "", times))
    is_so = found >= number if "least" in times else found <= number if "most" in times else found == number
    if not is_so:
        raise Mismatch(f"it was {found} times")
