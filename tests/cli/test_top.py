"""`valr top`: what stands in the terminal, what the keys do, and where its pictures come from."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from rich.console import Console
from textual.pilot import Pilot
from textual.widgets import Sparkline, Static

from tests.cli.running import Valr
from tests.dashboard.sitter import Sitter
from tests.unit.core.builders import new_order, order_in, step, tell
from valr_connector.cli import top_command, top_view
from valr_connector.cli.picture_source import own_pictures, served_pictures
from valr_connector.cli.top import SILENCE_S, TopApp
from valr_connector.core.evidence import Says
from valr_connector.core.readiness import Part, PartStatus
from valr_connector.dashboard.picture import LatencyView, Picture
from valr_connector.dashboard.server import HOST, DashboardServer
from valr_connector.errors import ConfigurationError, InvalidArgumentError, TransportError, ValrError
from valr_connector.model import events as e
from valr_connector.model.enums import OrderStatus, Side
from valr_connector.observe import metrics as m

PANELS = ("head", "prices", "orders", "status", "balances", "limits", "latencies", "fills", "log")
TOKEN = "canary-token-0123456789"


@dataclass
class Feed:
    """Pictures, handed out when a test says so."""

    sitter: Sitter = field(default_factory=Sitter)
    now: float = 100.0
    queue: asyncio.Queue[Picture | ValrError] = field(default_factory=asyncio.Queue)

    def __post_init__(self) -> None:
        self.watch = self.sitter.watch()

    async def pictures(self) -> AsyncIterator[Picture]:
        while True:
            found = await self.queue.get()
            if isinstance(found, ValrError):
                raise found
            yield found

    def app(self) -> TopApp:
        return TopApp(self.pictures(), clock=lambda: self.now)

    async def show(self, pilot: Pilot[None]) -> None:
        """Have the app show what the sitter looks like now."""
        self.queue.put_nowait(self.watch.take())
        while not self.queue.empty():
            await pilot.pause()
        await pilot.pause()


def text_of(app: TopApp, name: str) -> str:
    """What stands in a panel."""
    console = Console(width=120, color_system=None)
    with console.capture() as captured:
        console.print(app.query_one(f"#{name}", Static).content)
    return captured.get()


@pytest.mark.untraced
async def test_every_panel_shows_its_part_of_the_picture() -> None:
    feed = Feed()
    unknown = new_order("MM-2", side=Side.SELL)
    tell(unknown, step(Says.SENT), step(Says.PLACEMENT_UNKNOWN))
    feed.sitter.add(order_in(OrderStatus.OPEN), unknown)
    feed.sitter.metrics.latency(m.PING_ROUND_TRIP, "account").record(2_000_000)
    feed.sitter.status[Part.BALANCES] = PartStatus(ready=False, why_not="too old")
    app = feed.app()
    async with app.run_test(size=(140, 40)) as pilot:
        feed.sitter.publisher.publish(e.UnrecognisedStatus("Odd"))
        await feed.show(pilot)
        await feed.show(pilot)
        shown = {name: text_of(app, name) for name in PANELS}
        points = app.query_one(Sparkline).data

    assert "ready  a sitter  00:00:00  account live  trade live" in shown["head"]
    assert "BTC-ZAR  1000000  bid 999990  ask 1000010  own bid 1000000  own ask 1000000" in shown["prices"]
    assert "12.5 s" in shown["orders"]
    assert "unknown" in shown["orders"]
    assert "too old" in shown["status"]
    assert "ZAR" in shown["balances"]
    assert "unknown order status: Odd" in shown["log"]
    assert "ws_ping_round_trip account" in shown["latencies"]
    assert "250/2000" in shown["limits"]
    assert points == [0.0, 0.0]


async def test_nothing_is_drawn_any_more_while_it_quits() -> None:
    feed = Feed()
    app = feed.app()
    async with app.run_test() as pilot:
        await feed.show(pilot)
    for draw in (app._show_head, app._show):
        draw()  # a timer's last tick, a last picture


async def test_the_keys_do_what_the_help_says() -> None:
    feed = Feed()
    feed.sitter.followed_pairs = ("BTC-ZAR", "ETH-ZAR")
    feed.watch = feed.sitter.watch()
    ended = new_order("MM-9", status=OrderStatus.CANCELLED)
    app = feed.app()
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.press("p", "p")  # nothing is there yet
        feed.sitter.publisher.publish(e.OrderCancelled(ended, None, ended.executed_amount, ""))
        feed.sitter.publisher.publish(e.UnrecognisedStatus("Odd"))
        await feed.show(pilot)
        before = text_of(app, "prices"), text_of(app, "orders"), text_of(app, "log")
        await pilot.press("p", "e", "t", "space")
        after = text_of(app, "prices"), text_of(app, "orders"), text_of(app, "log")
        await feed.show(pilot)
        held = text_of(app, "head")
        await pilot.press("question_mark")
        helped = app.screen.query_one("#help", Static).content
        await pilot.press("x", "q")

    assert ("BTC-ZAR" in before[0], "ETH-ZAR" in after[0]) == (True, True)
    assert ("MM-9" in before[1], "MM-9" in after[1]) == (False, True)
    assert ("cancelled" in before[2], "cancelled" in after[2], "Odd" in after[2]) == (True, False, True)
    assert "HELD" in held
    assert "only troubles in the log" in str(helped)


@pytest.mark.untraced
async def test_pictures_come_in_behind_the_help() -> None:
    feed = Feed()
    app = feed.app()
    async with app.run_test() as pilot:
        await feed.show(pilot)
        await pilot.press("question_mark")
        feed.sitter.ready = False
        await feed.show(pilot)
        await pilot.press("x")
        shown = text_of(app, "head")

    assert shown.startswith("not ready")


@pytest.mark.untraced
async def test_silence_is_said_before_anything_else() -> None:
    feed = Feed()
    app = feed.app()
    async with app.run_test() as pilot:
        waiting = text_of(app, "head")
        await feed.show(pilot)
        feed.now += SILENCE_S + 1
        app._show_head()
        silent = text_of(app, "head")

    assert "connecting" in waiting
    assert silent.startswith("NO WORD FROM THE PROCESS for 4 s")


async def test_what_ends_the_pictures_ends_the_app() -> None:
    feed = Feed()
    app = feed.app()
    feed.queue.put_nowait(TransportError("gone"))
    await app.run_async(headless=True)

    assert str(app.failure) == "gone [VC30]"


def test_a_connector_that_stopped_shows_no_ready_and_no_price() -> None:
    sitter = Sitter()
    sitter.is_closed, sitter.ready = True, False
    sitter.failure = TransportError("key revoked")
    picture = sitter.watch().take()

    assert top_view.head(picture, 0, SILENCE_S).plain.startswith("stopped key revoked")
    assert "no valid book" in top_view.prices(picture.pairs[0]).plain
    assert top_view.prices(None).plain == "no pair is followed"
    assert (
        top_view.head(None, 7, SILENCE_S).plain
        == "connecting… no answer for 7 s: is serve_dashboard running?"
    )
    sitter.failure, sitter.is_closed = None, False
    assert top_view.head(sitter.watch().take(), 0, SILENCE_S).plain.startswith("not ready")


@pytest.mark.parametrize(
    ("microseconds", "words"), [(12.0, "12 µs"), (1_500.0, "1.5 ms"), (2_500_000.0, "2.5 s")]
)
def test_a_duration_has_the_unit_that_suits_it(microseconds: float, words: str) -> None:
    assert top_view.duration(microseconds) == words


def test_a_distribution_is_drawn_from_its_shortest_to_its_longest() -> None:
    bars = ((1.0, 8), (2.0, 1), (16.0, 4))
    view = LatencyView("x", "", "", 13, 1, 1, 1, 1, bars)

    assert top_view.shape(view, width=4) == "█▁ ▄"


# --- where the pictures come from ----------------------------------------------------------------------


async def first_of(pictures: AsyncIterator[Picture]) -> Picture:
    async with asyncio.timeout(5):
        found = await anext(pictures)
    await pictures.aclose()  # type: ignore[attr-defined]  # a generator has it
    return found


async def test_pictures_of_this_process_are_taken_over_and_over() -> None:
    pictures = own_pictures(Sitter().watch(), interval_s=0)

    assert [(await anext(pictures)).title for _ in range(2)] == ["a sitter", "a sitter"]


async def test_pictures_of_another_process_are_fetched_as_soon_as_it_answers() -> None:
    server = DashboardServer(Sitter().watch(), host=HOST, port=0, token=TOKEN)
    await server.start()
    served = await first_of(served_pictures(server.url, TOKEN, 0.01))
    with pytest.raises(ConfigurationError, match="needs a token") as refused:
        await first_of(served_pictures(server.url, "wrong", 0.01))
    await server.close()
    late = asyncio.create_task(first_of(served_pictures(server.url, TOKEN, 0.01)))
    await asyncio.sleep(0.02)
    port = int(server.url.rsplit(":", 1)[1].rstrip("/"))
    again = DashboardServer(Sitter().watch(), host=HOST, port=port, token=TOKEN)
    await again.start()

    assert served.title == (await late).title == "a sitter"
    assert "wrong" not in str(refused.value)
    await again.close()


async def test_what_is_no_dashboard_is_said() -> None:
    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    application = web.Application()
    application.add_routes([web.get("/picture", hello)])
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    with pytest.raises(InvalidArgumentError, match="no dashboard of this version"):
        await first_of(served_pictures(f"http://{HOST}:{runner.addresses[0][1]}"))
    await runner.cleanup()
    with pytest.raises(InvalidArgumentError, match="is no address"):
        await first_of(served_pictures("not an address"))


def test_the_command_shows_the_demo_or_what_is_served(valr: Valr, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    async def show(pictures: AsyncIterator[Picture]) -> None:
        shown.append((await anext(pictures)).title)

    async def served(url: str, token: str | None) -> AsyncIterator[Picture]:
        shown.append(url)
        yield Sitter().watch().take()

    monkeypatch.setattr(top_command, "_show", show)
    monkeypatch.setattr(top_command, "served_pictures", served)
    statuses = [valr("top", "--demo").status, valr("top", "http://127.0.0.1:9/").status]

    assert statuses == [0, 0]
    assert shown == ["the embedded exchange", "http://127.0.0.1:9/", "a sitter"]


def test_an_error_ends_the_command_with_one_line(valr: Valr, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run_headless(self: TopApp, **_: Any) -> None:
        self.failure = TransportError("gone")

    monkeypatch.setattr(TopApp, "run_async", run_headless)
    ended = valr("top")

    assert (ended.status, ended.error) == (2, "valr: gone [VC30]\n")


@pytest.mark.untraced
def test_sigterm_puts_the_terminal_back_even_if_it_comes_twice() -> None:
    code = "from valr_connector.cli.main import main; main()"
    command = [sys.executable, "-c", code, "top", "http://127.0.0.1:9/"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        shown = b""
        while b"connecting" not in shown:
            shown += os.read(running.stderr.fileno(), 65_536)
        for _ in range(2):
            running.send_signal(signal.SIGTERM)
        shown += running.stderr.read()
    assert running.returncode == 0
    assert shown.rindex(b"\x1b[?1049l") > shown.rindex(b"\x1b[?1049h")
