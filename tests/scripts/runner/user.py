"""The user of a script: what is called, and what the calls return."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

from tests.scripts.runner.phrases import Phrases
from tests.scripts.runner.records import name_of
from tests.scripts.runner.script_file import Mismatch, split
from valr_connector import (
    CancelAllReport,
    CancelOutcome,
    CancelScope,
    CloseReport,
    ModifyOutcome,
    RetryPolicy,
    Side,
    TimeInForce,
    ValrExchange,
)
from valr_connector.model.enums import OrderType
from valr_connector.model.operations import BatchCancel, BatchLimit, BatchModify, BatchOperation
from valr_connector.protocol.order_requests import ModifyMatchStrategy

_PLACES: Final = r"places (?P<name>\S+): (?P<side>BUY|SELL) (?P<terms>.+)"
_PAIR: Final = "BTC-ZAR"


class User:
    """Calls the library; each call goes on beside the script.

    Args:
        valr: the connector under way.

    Attributes:
        calls: the calls that were made, by what scripts call them: ``placing a``.
        judged: those that a line has said something of.
    """

    def __init__(self, valr: Callable[[], ValrExchange], tasks: asyncio.TaskGroup) -> None:
        self.calls: dict[str, asyncio.Task[Any]] = {}
        self.judged: set[str] = set()
        self._valr = valr
        self._tasks = tasks
        self.phrases: Phrases = {
            _PLACES: self._place,
            r"cancels all(?: of (?P<pair>\S+))?": self._cancel_all,
            r"cancels everything(?: in (?P<pair>\S+))?": self._cancel_everything,
            r"cancels (?P<name>\S+)": self._cancel,
            r"modifies (?P<name>\S+): (?P<terms>.+)": self._modify,
            r"batches: (?P<operations>.+)": self._batch,
            r"closes": self._close,
            r"starts": self.start,
        }

    def result(self, call: str) -> str:
        """What a call returned, in words.

        Raises:
            Mismatch: it has not returned, or raised.
        """
        task = self.task(call)
        if not task.done():
            raise Mismatch(f"{call} has not returned")
        error = task.exception()
        if error is not None:
            raise Mismatch(f"{call} raised {error!r}")
        return _in_words(task.result())

    def task(self, call: str) -> asyncio.Task[Any]:
        """The call of that name; it counts as judged.

        Raises:
            Mismatch: there was none.
        """
        if call not in self.calls:
            raise Mismatch(f"nobody called {call!r}, but {list(self.calls)}")
        self.judged.add(call)
        return self.calls[call]

    def start(self) -> None:
        """Start the connector."""
        self._call("starting", self._valr().start())

    # --- calls -------------------------------------------------------------------------------------

    def _place(self, name: str, side: str, terms: str) -> None:
        options = _terms(terms)
        valr = self._valr()
        place: Callable[..., Coroutine[Any, Any, Any]] = valr.place_limit_order
        if "stop_price" in options:
            place = valr.place_stop_limit_order
        elif "price" not in options:
            place = valr.place_market_order
        pair = options.pop("pair", _PAIR)
        self._call(f"placing {name}", place(pair, Side(side), client_order_id=name, **options))

    def _cancel(self, name: str) -> None:
        self._call(f"cancelling {name}", self._valr().cancel_order(name))

    def _cancel_all(self, pair: str | None) -> None:
        self._call("cancelling all", self._valr().cancel_all(pair=pair))

    def _cancel_everything(self, pair: str | None) -> None:
        scope = CancelScope.ACCOUNT if pair is None else CancelScope.PAIR
        self._call("cancelling everything", self._valr().cancel_all(scope, pair))

    def _modify(self, name: str, terms: str) -> None:
        self._call(f"modifying {name}", self._valr().modify_order(name, **_changes(terms)))

    def _batch(self, operations: str) -> None:
        self._call("batching", self._valr().batch([_operation(text) for text in split(operations, ";")]))

    def _close(self) -> None:
        self._call("closing", self._valr().close())

    def _call(self, name: str, call: Coroutine[Any, Any, Any]) -> None:
        before = self.calls.get(name)
        if before is not None and not before.done():
            raise Mismatch(f"{name} has not returned yet")
        self.judged.discard(name)
        self.calls[name] = self._tasks.create_task(_quietly(call), name=name)


async def _quietly(call: Coroutine[Any, Any, Any]) -> Any:
    """Wait for a call; what it raises is its result, not the end of the script."""
    try:
        return await call
    except Exception as error:  # noqa: BLE001  a line says what is to come of it
        return _Raised(error)


class _Raised:
    def __init__(self, error: Exception) -> None:
        self.error = error


def error_of(task: asyncio.Task[Any]) -> Exception | None:
    """What a call raised."""
    result = task.result() if task.done() else None
    return result.error if isinstance(result, _Raised) else None


def _terms(text: str) -> dict[str, Any]:
    """``0.01 [SHIB-USDC] at 950000, post-only, IOC, retry never, stop 940000, takes profit at 960000``."""
    first, *clauses = split(text)
    words = first.split()
    options: dict[str, Any] = {}
    if "at" in words:
        options["price"] = words[words.index("at") + 1]
    if "worth" in words:
        options["quote_amount"] = words[words.index("worth") + 1]
    else:
        options["amount"] = words[0]
    if "-" in first:
        options["pair"] = next(word for word in words if "-" in word)
    for clause in clauses:
        options |= _option(clause)
    return options


def _option(clause: str) -> Mapping[str, Any]:
    kind, _, value = clause.partition(" ")
    if kind == "post-only":
        return {"post_only": True}
    if kind in TimeInForce.__members__:
        return {"time_in_force": TimeInForce(kind)}
    if kind == "retry":
        return {"retry": RetryPolicy(value)}
    if clause.startswith("takes profit at "):
        return {
            "stop_price": clause.removeprefix("takes profit at "),
            "order_type": OrderType.TAKE_PROFIT_LIMIT,
        }
    if kind == "stop":
        return {"stop_price": value, "order_type": OrderType.STOP_LOSS_LIMIT}
    raise Mismatch(f"an order has no {clause!r}")


def _changes(text: str) -> dict[str, Any]:
    """``price 960000, total 0.02, CANCEL_ORIGINAL``."""
    changes: dict[str, Any] = {}
    for clause in split(text):
        kind, _, value = clause.partition(" ")
        if kind in ModifyMatchStrategy.__members__:
            changes["on_match"] = ModifyMatchStrategy[kind]
        elif kind == "price":
            changes["price"] = value
        else:
            changes[f"{kind}_amount"] = value
    return changes


def _operation(text: str) -> BatchOperation:
    verb, name, *words = text.replace(":", "").split()
    if verb == "cancels":
        return BatchCancel(name)
    if verb == "modifies":
        changes = _changes(" ".join(words))
        return BatchModify(order=name, **changes)
    return BatchLimit(pair=_PAIR, side=Side(words[0]), amount=words[1], price=words[3], client_order_id=name)


def _in_words(result: object) -> str:
    if isinstance(result, _Raised):
        raise Mismatch(f"it raised {result.error!r}")
    if isinstance(result, CloseReport):
        return ", ".join(order.client_order_id for order in result.remaining) or "clean"
    if isinstance(result, CancelOutcome | ModifyOutcome):
        return str(result.result)
    if isinstance(result, CancelAllReport):
        return _report(result)
    if isinstance(result, Sequence):
        return ", ".join(f"{_name(each)} {_in_words(each)}" for each in result) or "nothing"
    return str(getattr(result, "status", ""))


def _report(report: CancelAllReport) -> str:
    words = [_in_words(report.outcomes)] if report.outcomes else []
    words += [f"{name_of(order_id)} gone" for order_id in report.others_ended]
    words += [f"{name_of(order_id)} left" for order_id in report.others_remaining]
    return ", ".join([*words, *([] if report.is_complete else ["incomplete"])]) or "nothing"


def _name(result: Any) -> str:
    return str(getattr(result, "order", result).client_order_id)
