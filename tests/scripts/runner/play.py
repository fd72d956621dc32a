"""Plays a frame script: the real library on one side, a scripted exchange on the other, in virtual time.

A script is a plain text file, one per scenario. Its first line is a comment and says which trouble it guards
against. Every other line begins with a sign:

=====  ===============================================================================================
``#``  a comment; also behind two spaces at the end of a line
``@``  what is given. Before the start: ``settings {"retry": "never"}``, ``pairs BTC-ZAR``, ``journal``,
       ``not started``. Where it stands: ``a rests: BUY 0.01 at 950000``, an order placed and confirmed
``>``  what the library is expected to send, or what its user calls
``<``  what the exchange says
``!``  what goes wrong, or time that passes
``=``  what must hold now
=====  ===============================================================================================

The start (three looks at the clock, pairs, the key's permissions, the dial, AUTHENTICATED, the pushes, and
the comparison with the lists of open orders, balances and trades) happens before the first line, unless it
is ``not started``. Each line takes 30 virtual milliseconds, and nothing else passes but what ``! N s pass``
lets pass.

**Orders** have short names. Order ``a`` has the customerOrderId ``a`` and VALR's id ``id-a``.

**Calls**::

    > user places a: BUY 0.01 at 950000, post-only          also IOC, FOK, retry never; 5 SHIB-USDC
    > user places a: SELL 0.01                              a market order; BUY worth 1000 by quote amount
    > user places a: SELL 0.01 at 900000, stop 905000       a stop-limit order; or: takes profit at 990000
    > user cancels a                                        all; all of BTC-ZAR; everything in BTC-ZAR
    > user modifies a: price 960000, total 0.02             or remaining 0.02; and CANCEL_ORIGINAL, REPRICE
    > user batches: places b: BUY 0.01 at 950000; cancels a; modifies c: price 1
    > user closes                                           and: starts

**What the library sends** about orders has to be named, all of it and at once, in any order; the frames
that keep a connection (PING, SUBSCRIBE) and plain reads of lists need not. JSON tells fields that matter::

    > PLACE_LIMIT_ORDER a {"postOnly": true}
    > REST order-status a                                   within 3 s: REST order-status a

**What the exchange says**. The frames have VALR's names; ids, times and the order's own terms are filled in.
A status that is said once stays so, and shows in the lists that the exchange answers by itself::

    < PLACE_LIMIT_WS_RESPONSE a                             a, frame {"error": {"message": "no"}}
    < ORDER_PROCESSED a                                     a, because Insufficient Balance
    < ORDER_STATUS_UPDATE a Partially Filled, remaining 0.006
    < NEW_ACCOUNT_TRADE a t1: 0.004 at 950000, fee 0.000004 BTC     reward 0.38 ZAR; or neither
    < OPEN_ORDERS_UPDATE a Placed; b Partially Filled, remaining 0.5        none; wrapped a Placed
    < BALANCE_UPDATE ZAR: available 9000, reserved 1000
    < AGGREGATED_ORDERBOOK_UPDATE bids 1 at 990; asks 2 at 1000
    < frame {"type": "ANYTHING"}                            text not even JSON

Any frame about an order takes these clauses: ``remaining X``, ``price X``, ``total X``, ``because TEXT``,
``3 s ago``, ``without customerOrderId``, ``{"more": "fields"}`` of the payload, ``frame {"more": "fields"}``
around it, and ``to command 1`` for a reply to an earlier command.

Calls by REST have short names (`rest.py` has the table) and wait until the script answers them. An answer
that comes first is for the next such call; ``from now on`` it is for all of them, which then need not be
named any more::

    < REST order-status a: Filled                           not found; 404; 503; 200 {"any": "JSON"}
    < REST order-history a from now on: none                Cancelled, remaining 0.01; Placed
    < REST place-limit a: done                              refused -6 Insufficient Balance; duplicate id
    < REST batch: accepted a; refused -12007 Minimum order size not met .

**Faults**::

    ! 5 s pass
    ! account socket is cut                                 is closed with 1012; goes silent; wakes
    ! account socket is back                                waits until the library is ready again
    ! dials are refused                                     hang; answer 429; work
    ! REST is down                                          works
    ! REST place-limit a: breaks off                        cannot connect
    ! meanwhile a Filled                                    so it is, and nobody says so
    ! meanwhile trade a t1: 0.01 at 950000                  stands in the trade history, and nobody says so
    ! process is killed                                     process starts again
    ! AUTHENTICATED is withheld                             AUTHENTICATED is sent
    ! clock steps 100 s                                     this machine's; 30 s off, signatures are refused

**Claims**::

    = a is PARTIALLY_FILLED, executed 0.004, not being cancelled, 1 fill, fees 0.000004 BTC, complete
    = events of a: OrderCreated, OrderUpdated, OrderFilled t1, OrderCompleted        all of them, in order
    = told PlacementUnknown of a once                       never; 2 times; at least 2 times
    = sent CANCEL_LIMIT_ORDER a once                        asked order-status a at most 3 times
    = placing a returned OPEN                               cancelling a waits; batching raised ClosedError
    = in flight: a, b                                       nothing
    = balance ZAR: available 9000, reserved 1000
    = top of book: 990 / 1000
    = account socket is STALE                               ready; not ready, for account stream

At the end every call has returned (or the script says that it waits), everything sent was named, no answer
is left over, and nothing in the library raised where it must not.
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.net.trading import tasks_of_the_library
from tests.scripts.runner.claims import Claims, in_words
from tests.scripts.runner.faults import Faults
from tests.scripts.runner.machine import Machine, venue_clock_ns
from tests.scripts.runner.phrases import Phrasebook
from tests.scripts.runner.script_file import Line, Mismatch, Script, ScriptFailure, read_script
from tests.scripts.runner.scripted_exchange import ScriptedExchange
from tests.scripts.runner.user import User, error_of
from valr_connector import ValrExchange
from valr_connector.verification.virtual_loop import run

START_S: Final = 1_000.0
LINE_S: Final = 0.03
"""What a line takes: the way there, and the moment until somebody looks for due questions."""
SOON_S: Final = 1.0
"""How long `>` waits for what does not come at once, such as the next attempt after a pause."""
MOST_TOLD: Final = 400
"""Characters of a line of the dialogue."""
_EXPECTED: Final = re.compile(
    r"(?:within (?P<within>[\d.]+) s: )?(?:REST )?(?P<key>\S+(?: [\w-]+)?)(?: (?P<fields>\{.*\}))?"
)
_RESTS: Final = r"(?P<name>\S+) rests: (?P<terms>(?:BUY|SELL) .+)"
_REST_ANSWER: Final = re.compile(r"REST (?P<key>[a-z-]+(?: \S+?)?)(?P<for_good> from now on)?: (?P<text>.+)")

Tell = Callable[[str], None]


def play(path: Path, tell: Tell | None = None) -> None:
    """Play one script.

    Args:
        tell: told the dialogue, line by line.

    Raises:
        ScriptFailure: names file, line and what is otherwise.
    """
    script = read_script(path)
    with tempfile.TemporaryDirectory() as folder:
        try:
            run(_Play(script, Path(folder), tell).run(), start=START_S)
        except ExceptionGroup as group:
            raise next((e for e in group.exceptions if isinstance(e, ScriptFailure)), group) from None


class _Play:
    """One script, being played."""

    def __init__(self, script: Script, folder: Path, tell: Tell | None) -> None:
        self._script = script
        self._folder = folder
        self._tell = tell
        self._settings: dict[str, Any] = {"on_close": "leave"}
        self._pairs: list[str] = []
        self._has_journal = False
        self._is_to_start = True
        self._before = Phrasebook(
            {
                r"settings (?P<text>\{.*\})": lambda text: self._settings.update(json.loads(text)),
                r"pairs (?P<text>.+)": lambda text: self._pairs.extend(text.split()),
                r"journal": lambda: setattr(self, "_has_journal", True),
                r"not started": lambda: setattr(self, "_is_to_start", False),
                _RESTS: lambda **_: None,  # when its line comes
            }
        )

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            self._exchange = ScriptedExchange(lambda: venue_clock_ns(loop), tasks, self._narrate)
            self._user = User(self._valr, tasks)
            self._calls = Phrasebook(self._user.phrases)
            await self._set_up()
            faults = Faults(
                self._valr,
                self._exchange,
                kill=self._kill,
                restart=self._restart,
                step=self._machine.step_clock,
            )
            self._faults = Phrasebook(faults.phrases)
            claims = Claims(self._valr, self._exchange, self._user, lambda: self._machine.events)
            self._claims = Phrasebook(claims.phrases)
            for line in self._script.lines:
                await self._do(line)
            await self._end()

    def _valr(self) -> ValrExchange:
        return self._machine.valr

    def _narrate(self, sign: str, text: str) -> None:
        if self._tell is not None:
            seconds = asyncio.get_running_loop().time() - START_S
            self._tell(f"{seconds:10.3f}   {sign} {text[:MOST_TOLD]}")

    # --- the user's machine ------------------------------------------------------------------------

    async def _set_up(self) -> None:
        for line in self._script.lines:
            if line.sign == "@":
                await _within(line, self._before.say(line.text))
        self._machine = Machine(
            settings=self._settings,
            pairs=self._pairs,
            journal=self._folder / "orders.journal" if self._has_journal else None,
            network=self._exchange.as_network,
            seed=self._script.path.name,
            hear=lambda event: self._narrate("=", in_words(event)),
        )
        if self._is_to_start:
            await self._machine.valr.start()
            await asyncio.sleep(LINE_S)

    async def _kill(self) -> None:
        await self._machine.kill(tuple(self._user.calls.values()))
        self._user.calls.clear()

    async def _restart(self) -> None:
        self._machine.begin()
        self._user.start()
        await asyncio.sleep(LINE_S)

    # --- lines -------------------------------------------------------------------------------------

    async def _do(self, line: Line) -> None:
        if self._tell is not None:
            self._tell(f"{line.number:4}: {line.sign} {line.text}")
        if line.sign == "@":
            await _within(line, self._let_rest(line.text))
            return
        is_expectation = line.sign == ">" and not line.text.startswith("user ")
        if line.sign != "=" and not is_expectation and (unnamed := self._exchange.unnamed()):
            raise line.failure(f"before this line the library sent what no line names: {', '.join(unnamed)}")
        doing = {">": self._send, "<": self._hear_exchange, "!": self._faults.say, "=": self._claims.say}
        await _within(line, doing[line.sign](line.text))
        if line.sign != "=" and not is_expectation:
            await asyncio.sleep(LINE_S)

    async def _let_rest(self, text: str) -> None:
        """Have an order placed and confirmed, in the usual words."""
        match = re.fullmatch(_RESTS, text)
        if match is None:
            return
        name, terms = match["name"], match["terms"]
        await self._calls.say(f"places {name}: {terms}")
        await self._exchange.expect(f"PLACE_LIMIT_ORDER {name}", {}, SOON_S)
        for frame in ("PLACE_LIMIT_WS_RESPONSE", "ORDER_PROCESSED"):
            self._exchange.say(f"{frame} {name}")
            await asyncio.sleep(LINE_S)

    async def _send(self, text: str) -> None:
        if text.startswith("user "):
            await self._calls.say(text.removeprefix("user "))
            return
        match = _EXPECTED.fullmatch(text)
        if match is None:
            raise Mismatch("it names neither a frame nor a call")
        within_s = float(match["within"]) if match["within"] else SOON_S
        await self._exchange.expect(match["key"], json.loads(match["fields"] or "{}"), within_s)

    async def _hear_exchange(self, text: str) -> None:
        answer = _REST_ANSWER.fullmatch(text)
        if answer is None:
            self._exchange.say(text)
        else:
            self._exchange.answer(answer["key"], answer["text"], for_good=answer["for_good"] is not None)

    # --- the end -----------------------------------------------------------------------------------

    async def _end(self) -> None:
        last = self._script.lines[-1]
        await asyncio.sleep(LINE_S)
        for found, what in (
            (self._exchange.unnamed(), "was sent"),
            (self._exchange.unused(), "was not asked"),
        ):
            if found:
                raise last.failure(f"at the end: {', '.join(found)} {what}")
        await self._judge_calls(last)
        await self._machine.valr.close()
        for link in self._exchange.links.values():
            link.exchange.lose()
        for call in self._user.calls.values():
            call.cancel()
        await asyncio.sleep(LINE_S)
        self._judge_library(last)

    async def _judge_calls(self, last: Line) -> None:
        for name, call in self._user.calls.items():
            if name in self._user.judged:
                continue
            if not call.done():
                raise last.failure(f"at the end: {name} has not returned")
            if (error := error_of(call)) is not None:
                raise last.failure(f"at the end: {name} raised {error!r}") from error

    def _judge_library(self, last: Line) -> None:
        if (error := next(self._machine.errors_caught(), None)) is not None:
            raise last.failure(error)
        if tasks := tasks_of_the_library():
            raise last.failure(f"after closing these still run: {tasks}")


async def _within(line: Line, doing: Any) -> None:
    """Do what a line says; whatever is wrong with it names the line."""
    try:
        await doing
    except ScriptFailure:
        raise
    except Mismatch as mismatch:
        raise line.failure(mismatch) from None
    except Exception as error:
        raise line.failure(repr(error)) from error
