"""What goes wrong, and time: the lines with ``!``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from tests.scripts.runner.phrases import Phrases
from tests.scripts.runner.records import said
from tests.scripts.runner.script_file import Mismatch
from tests.scripts.runner.scripted_exchange import ScriptedExchange
from valr_connector import ValrExchange
from valr_connector.verification.socket_link import SocketLink

_LONGEST_WAY_BACK_S: Final = 150.0
_LOOK_S: Final = 0.01
_KEY: Final = r"(?P<key>[a-z-]+(?: \S+?)?)"


class Faults:
    """Lets things go wrong.

    Args:
        kill: ends the user's process without a word.
        restart: begins another, with the same journal.
        step: sets the clock of the user's machine forward, or back.
    """

    def __init__(
        self,
        valr: Callable[[], ValrExchange],
        exchange: ScriptedExchange,
        *,
        kill: Callable[[], Awaitable[None]],
        restart: Callable[[], Awaitable[None]],
        step: Callable[[str], None],
    ) -> None:
        self._valr = valr
        self._exchange = exchange
        socket = r"(?P<socket>account|trade) socket"
        self.phrases: Phrases = {
            r"(?P<seconds>[\d.]+) s pass": self._pass,
            rf"{socket} is cut": self._cut,
            rf"{socket} is closed with (?P<code>\d+)": self._cut,
            rf"{socket} goes silent": lambda socket: self._link(socket).freeze(),
            rf"{socket} wakes": lambda socket: self._link(socket).thaw(),
            rf"{socket} is back": self._back,
            r"AUTHENTICATED is withheld": self._withhold,
            r"AUTHENTICATED is sent": lambda: self._exchange.say('frame {"type": "AUTHENTICATED"}'),
            r"dials (?P<fate>hang|are refused|work)": self._dials,
            r"dials answer (?P<fate>\d{3})": self._dials,
            r"REST is down": lambda: self._rest(works=False),
            r"REST works": lambda: self._rest(works=True),
            rf"REST {_KEY}(?P<for_good> from now on)?: (?P<fate>breaks off|cannot connect)": self._break,
            r"meanwhile trade (?P<trade>.+)": lambda trade: self._exchange.records.trade(said(trade)),
            r"meanwhile (?P<news>.+)": lambda news: self._exchange.records.note(said(news)),
            r"clock steps (?P<seconds>-?[\d.]+) s": step,
            r"process is killed": kill,
            r"process starts again": restart,
        }

    async def _pass(self, seconds: str) -> None:
        await asyncio.sleep(float(seconds))

    def _link(self, socket: str) -> SocketLink:
        return self._exchange.links[socket]

    def _cut(self, socket: str, code: str = "1006") -> None:
        self._link(socket).cut(int(code))

    def _withhold(self) -> None:
        self._exchange.greets = False

    def _dials(self, fate: str) -> None:
        self._exchange.dials = fate

    def _rest(self, *, works: bool) -> None:
        self._exchange.rest_works = works

    def _break(self, key: str, for_good: str | None, fate: str) -> None:
        self._exchange.answer(key, fate, for_good=for_good is not None)

    async def _back(self, socket: str) -> None:
        """Wait until the library has the socket back and is in step."""
        self._exchange.dials = "work"
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _LONGEST_WAY_BACK_S
        while not self._valr().ready:
            if loop.time() > deadline or self._exchange.unnamed():
                raise Mismatch(f"the {socket} socket is not back; unnamed: {self._exchange.unnamed()}")
            await asyncio.sleep(_LOOK_S)
