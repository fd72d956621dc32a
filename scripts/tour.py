"""The path of one ORDER_STATUS_UPDATE through the code: each function that the frame passes, in turn.

    python -m scripts.tour

An order is placed on the embedded exchange, and what the connector calls is noted while a frame is handled.
"""

from __future__ import annotations

import ast
import asyncio
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Final

from valr_connector import OrderEvent, Side, ValrExchange
from valr_connector.net.user_stream import UserStreamTracker

ROOT: Final = Path(__file__).resolve().parent.parent
FRAME_TYPE: Final = b'"ORDER_STATUS_UPDATE"'


@dataclass(frozen=True)
class Call:
    """A function that was entered, so many calls below the socket."""

    code: CodeType
    depth: int


class Walks:
    """Notes whence `first` is called, and all calls down from it, one list for each time it is called."""

    def __init__(self, first: Callable[..., object], wanted: Callable[[FrameType], bool]) -> None:
        self.walks: list[list[Call]] = []
        self._first = first.__code__
        self._wanted = wanted
        self._begun_at = 0
        self._depth = 0
        self._is_walking = False

    def profile(self, frame: FrameType, event: str, _: object) -> None:
        """Told by the interpreter of every call and return."""
        code = frame.f_code
        if not self._is_walking:
            if event != "call" or code is not self._first or not self._wanted(frame):
                return
            self._is_walking = True
            callers = _callers(frame)
            self.walks.append([Call(caller, depth) for depth, caller in enumerate(callers)])
            self._begun_at = self._depth = len(callers)
        if not _is_ours(code):
            return
        if event == "call":
            self.walks[-1].append(Call(code, self._depth))
            self._depth += 1
        elif event == "return":
            self._depth -= 1
            self._is_walking = self._depth > self._begun_at


def _callers(frame: FrameType) -> list[CodeType]:
    """The functions of ours that led there, the outermost first."""
    caller = frame.f_back
    if caller is None or not _is_ours(caller.f_code):
        return []
    return [*_callers(caller), caller.f_code]


@cache
def _is_ours(code: CodeType) -> bool:
    """Written here, with a name: what a comprehension or a generated method does belongs to its caller."""
    return code.co_filename.startswith(str(ROOT)) and not code.co_name.startswith("<")


def _carries_an_update(frame: FrameType) -> bool:
    return FRAME_TYPE in frame.f_locals["raw"]


def on_order_event(event: OrderEvent) -> None:
    """What you subscribed: the walk ends here."""


async def walk() -> list[Call]:
    """The calls of the first ORDER_STATUS_UPDATE that tells a subscriber something."""
    walks = Walks(UserStreamTracker.on_frame, _carries_an_update)
    async with ValrExchange.simulated(pairs=["BTC-ZAR"]) as valr:
        valr.on(OrderEvent, on_order_event)
        sys.setprofile(walks.profile)
        try:
            order = await valr.place_limit_order("BTC-ZAR", Side.BUY, amount="0.001", price="1400000")
            await valr.cancel_order(order)
        finally:
            sys.setprofile(None)
    told = (calls for calls in walks.walks if any(call.code is on_order_event.__code__ for call in calls))
    return next(told)


@cache
def _purposes(file: str) -> dict[int, str]:
    """The first line about each function of a file, by the line on which the function begins."""
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {_begins(node): (ast.get_docstring(node) or "").partition("\n")[0] for node in functions}


def _begins(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])


def lines(calls: list[Call]) -> Iterator[str]:
    """Each call as file and line, its name below its caller's, and what it is for."""
    for call in calls:
        code = call.code
        place = f"{Path(code.co_filename).relative_to(ROOT)}:{code.co_firstlineno}"
        name = "  " * call.depth + code.co_qualname.replace("<locals>.", "")
        yield f"{place:<46}{name:<56}{_purposes(code.co_filename).get(code.co_firstlineno, '')}".rstrip()


def main() -> None:
    calls = asyncio.run(walk())
    files = {call.code.co_filename for call in calls}
    sys.stdout.write("\n".join(lines(calls)))
    sys.stdout.write(f"\n{len(calls)} calls in {len(files)} files, in one go: no task, no queue, no copy\n")


if __name__ == "__main__":
    main()
