"""The exchange of a script: both sockets and REST, below `net.websocket` and `net.rest`.

It writes down whatever the library sends, answers what needs no script, and holds the rest until the script
answers it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response

from tests.scripts.runner.frames import Frames, balance_update
from tests.scripts.runner.records import Json, Records, name_of
from tests.scripts.runner.rest import Answer, Rest, is_by_itself, key_of
from tests.scripts.runner.script_file import Mismatch
from valr_connector.core.session import KeepAlive
from valr_connector.net.http_exchange import Failure, Limits, Reply
from valr_connector.net.network import Network
from valr_connector.simulator.transport import Sign
from valr_connector.verification.faults import FaultBoard
from valr_connector.verification.schedule import SocketName
from valr_connector.verification.socket_link import SocketLink

LATENCY_S: Final = 0.001
FIRST_BOOK: Final = "bids 1 at 999000; asks 1 at 1001000"
_NO_ANSWER: Final = Failure("no answer in time", may_have_left=True)
_NO_CONNECTION: Final = Failure("connection refused", may_have_left=False)
_READS: Final = ("order-status", "order-history", "order-summary")
_WRONG_SIGNATURE: Final = Reply(
    401,
    {"content-type": "application/json"},
    b'{"code":-11252,"message":"Request has an invalid signature"}',
)
_MOST_SKEW_MS: Final = 30_000
_NEED_NO_SCRIPT: Final = frozenset({"PING", "SUBSCRIBE", "UNSUBSCRIBE", "CANCEL_ON_DISCONNECT"})


@dataclass(slots=True)
class Sent:
    """One frame or call of the library's.

    Attributes:
        key: the frame's type, or what scripts call the call, and the order it is about.
        body: payload of the command, or body of the call.
        is_expected: whether a line of the script has named it, or had answered it before.
    """

    key: str
    body: Json
    is_expected: bool = False


@dataclass(slots=True)
class _Answers:
    """What the script has said of one call: answers for once, the one for good, and who waits for one."""

    once: deque[Answer] = field(default_factory=deque)
    standing: Answer | None = None
    waiting: list[asyncio.Future[Reply | Failure]] = field(default_factory=list)


class ScriptedExchange:
    """See the module.

    Args:
        now_ns: its clock, nanoseconds since 1970.
        tasks: what goes on here belongs to it.
        tell: told every frame, call and answer, for people.

    Attributes:
        sent: everything the library sent, in order.
        links: the sockets by name.
        dials: what becomes of dials: "work", "are refused", "hang", or the HTTP status of the answer.
        greets: whether a new account socket is told AUTHENTICATED.
        rest_works: False while REST cannot be reached.
    """

    def __init__(
        self, now_ns: Callable[[], int], tasks: asyncio.TaskGroup, tell: Callable[[str, str], None]
    ) -> None:
        self.records = Records(now_ns)
        self.sent: list[Sent] = []
        self.links: dict[str, SocketLink] = {}
        self.dials = "work"
        self.greets = True
        self.rest_works = True
        self._tasks = tasks
        self._tell = tell
        self._rest = Rest(self.records)
        self._answers: dict[str, _Answers] = {}
        self._message_ids: dict[tuple[str, str], list[str]] = {}
        self._frames = Frames(self.records, self._message_id, self._count)
        self._news = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    @property
    def as_network(self) -> Network:
        """What a `ValrExchange` is given."""
        return Network(dial=self._dial, open_session=lambda: _Session(self))

    # --- for the script ----------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """Send a frame."""
        name = "trade" if text.startswith("AGGREGATED_") else "account"
        link = self.links.get(name)
        if link is None or link.exchange.has_ended:
            raise Mismatch(f"there is no {name} socket to say it on")
        self._send(link, self._frames.make(text))

    def answer(self, key: str, text: str, *, for_good: bool = False) -> None:
        """Answer whoever waits for it, else the next call; for good, all of them.

        Calls that wait at the same time are the same question, and get the same answer.
        """
        answer = self._rest.answer(key, text)
        answers = self._answers.setdefault(key, _Answers())
        if for_good:
            answers.standing = answer
        waiting, answers.waiting = answers.waiting, []
        for each in waiting:
            if not each.done():
                each.set_result(answer())
        if not waiting and not for_good:
            answers.once.append(answer)

    async def expect(self, key: str, fields: Mapping[str, Any], within_s: float) -> None:
        """The oldest frame or call of that name that no line has named yet, and the same one asked again.

        Raises:
            Mismatch: it does not come, or says otherwise.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not (found := self._unexpected(key)):
                    self._news.clear()
                    await self._news.wait()
                _check(found, fields)
                return
        raise Mismatch(f"it was not sent; what was sent and not named yet: {self.unnamed() or 'nothing'}")

    def unnamed(self) -> list[str]:
        """What was sent about orders and no line has named."""
        return [each.key for each in self.sent if not each.is_expected]

    def unused(self) -> list[str]:
        """Answers that nobody has asked for."""
        return [key for key, answers in self._answers.items() if answers.once]

    # --- what a reply has to bring back ------------------------------------------------------------

    def _message_id(self, family: str, name: str, number: int) -> str:
        sent = self._message_ids.get((family, name), [])
        if len(sent) < max(number, 1):
            raise Mismatch(f"only {len(sent)} commands {family} were sent for {name}")
        return sent[number - 1]

    def _count(self, family: str, name: str) -> int:
        return len(self._message_ids.get((family, name), []))

    def _unexpected(self, key: str) -> list[Sent]:
        found = [each for each in self.sent if each.key == key and not each.is_expected]
        return found if key.startswith(_READS) else found[:1]

    def _note_sent(self, key: str, body: Json, *, is_expected: bool) -> None:
        self.sent.append(Sent(key, body, is_expected))
        self._news.set()
        call, _, name = key.partition(" ")
        if call.startswith(("PLACE_", "place-")):
            self.records.declare(name, body)
        for request in body.get("requests", ()):
            if request["type"].startswith("PLACE"):
                self.records.declare(request["data"]["customerOrderId"], request["data"])

    # --- sockets -----------------------------------------------------------------------------------

    async def _dial(self, url: str, headers: Mapping[str, str], limits: KeepAlive) -> Any:
        name: SocketName = "trade" if urlsplit(url).path.endswith("trade") else "account"
        await asyncio.sleep(LATENCY_S)
        if self._is_out_of_time(headers):
            raise InvalidStatus(Response(401, "refused", Headers()))
        if self.dials == "hang":
            await asyncio.sleep(limits.dial_s)
            raise TimeoutError("timed out during opening handshake")
        if self.dials == "are refused":
            raise ConnectionRefusedError("connection refused")
        if self.dials != "work":
            raise InvalidStatus(Response(int(self.dials), "refused", Headers()))
        link = SocketLink(
            name, FaultBoard(self._loop.time), lambda: LATENCY_S, limits.close_s, self._note_frame
        )
        self.links[name] = link
        self._tasks.create_task(self._serve(link))
        return link.connector

    async def _serve(self, link: SocketLink) -> None:
        if self.greets:
            self._greet(link)
        while not isinstance(data := await link.exchange.receive(), Sign):
            kind = json.loads(data)["type"]
            if kind == "PING":
                self._send(link, b'{"type":"PONG"}')
            elif kind == "SUBSCRIBE" and link.name == "trade":
                self.say(f"AGGREGATED_ORDERBOOK_UPDATE {FIRST_BOOK}")
        link.abandoned_by_exchange()

    def _greet(self, link: SocketLink) -> None:
        """What VALR sends unasked (protocol 15)."""
        self._send(link, b'{"type":"AUTHENTICATED"}')
        if link.name == "account":
            for currency, (available, reserved) in self.records.wallets.items():
                update = balance_update(currency, available, reserved, self.records)
                self._send(link, json.dumps({"type": "BALANCE_UPDATE", "data": update}).encode())
            rows = self.records.open_rows()
            self._send(link, json.dumps({"type": "OPEN_ORDERS_UPDATE", "data": rows}).encode())

    def _send(self, link: SocketLink, data: bytes) -> None:
        link.sent_by_exchange(data)

    def _note_frame(self, way: str, data: bytes) -> None:
        socket, _, sign = way.partition(" ")
        self._tell(sign, f"{data.decode(errors='replace')} ({socket})")
        if sign == "<":
            return
        frame = json.loads(data)
        kind, payload = frame["type"], frame.get("payload", {})
        name = name_of(payload.get("customerOrderId") or payload.get("orderId") or "")
        family = kind.partition("_")[0]
        self._message_ids.setdefault((family, name), []).append(frame.get("clientMsgId", ""))
        self._note_sent(f"{kind} {name}".strip(), payload, is_expected=kind in _NEED_NO_SCRIPT)

    # --- REST --------------------------------------------------------------------------------------

    async def call(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> Reply | Failure:
        """One call."""
        path, content = urlsplit(url).path, json.loads(body) if body else {}
        key = key_of(method, path, content)
        self._tell(">", f"REST {method} {path} {body.decode() if body else ''} ({key})")
        if self._is_out_of_time(headers):
            outcome: Reply | Failure = _WRONG_SIGNATURE
        else:
            outcome = await self._outcome(key, path, content, limits)
        words = f"{outcome.status} {outcome.body.decode()}" if isinstance(outcome, Reply) else outcome.problem
        self._tell("<", f"REST {words} ({key})")
        return outcome

    def _is_out_of_time(self, headers: Mapping[str, str]) -> bool:
        """Whether it was signed with a time that is not now."""
        signed_ms = int(headers.get("X-VALR-TIMESTAMP", self.records.now_ns() // 1_000_000))
        return abs(signed_ms - self.records.now_ns() // 1_000_000) > _MOST_SKEW_MS

    async def _outcome(self, key: str, path: str, content: Json, limits: Limits) -> Reply | Failure:
        if not self.rest_works:
            self._note_sent(key, content, is_expected=True)
            await asyncio.sleep(LATENCY_S)
            return _NO_CONNECTION
        answers = self._answers.setdefault(key, _Answers())
        answer = answers.once.popleft() if answers.once else answers.standing
        if answer is None and is_by_itself(key):
            answer = partial(self._rest.answer_by_itself, key, path)
        self._note_sent(key, content, is_expected=answer is not None)
        if answer is None:
            return await self._wait_for_script(answers, limits)
        await asyncio.sleep(LATENCY_S)
        return answer()

    async def _wait_for_script(self, answers: _Answers, limits: Limits) -> Reply | Failure:
        waiting: asyncio.Future[Reply | Failure] = self._loop.create_future()
        answers.waiting.append(waiting)
        try:
            async with asyncio.timeout(limits.total_s):
                return await waiting
        except TimeoutError:
            return _NO_ANSWER
        finally:
            with contextlib.suppress(ValueError):
                answers.waiting.remove(waiting)


class _Session:
    """An `HttpExchange`."""

    def __init__(self, exchange: ScriptedExchange) -> None:
        self._exchange = exchange

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> Reply | Failure:
        return await self._exchange.call(method, url, headers, body, limits)

    async def close(self) -> None:
        pass


def _check(found: Sequence[Sent], fields: Mapping[str, Any]) -> None:
    for each in found:
        each.is_expected = True
        for name, value in fields.items():
            if name not in each.body or each.body[name] != value:
                raise Mismatch(f"{name} is {each.body.get(name)!r}; all of it: {json.dumps(each.body)}")
