"""The dashboard's page in a real browser: it draws, it moves, and it says when it may not be believed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.browser.chromium import Tab, chromium
from tests.net.trading import Desk, trading
from valr_connector import OrderStatus
from valr_connector.dashboard.server import HOST, DashboardServer
from valr_connector.dashboard.watch import Watch

READY = "document.querySelector('#readiness')?.innerText === 'ready'"
LIVE = "document.body?.dataset.link === 'live'"
INK = """(() => {
  const canvas = document.querySelector('#chart canvas');
  const pixels = canvas?.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data ?? [];
  return pixels.some((value) => value > 0);
})()"""


@asynccontextmanager
async def watching(folder: Path) -> AsyncIterator[tuple[Desk, Tab]]:
    """A trader with somebody to trade with, and a browser."""
    async with trading() as desk, chromium(folder) as tab:
        desk.rival("sell", "1", "1000100")
        desk.rival("buy", "1", "999900")
        yield desk, tab


async def test_the_page_draws_what_happens_as_it_happens(tmp_path: Path) -> None:
    async with watching(tmp_path) as (desk, tab):
        bid = await desk.buy("999950")
        await tab.open(await desk.valr.serve_dashboard(0))
        await tab.until(f"{READY} && {LIVE}")
        await tab.until("document.querySelectorAll('#orders tbody tr').length === 1")
        await tab.until(INK)
        assert "999\u202f950" in await tab.text("#orders")
        assert "1\u202f000\u202f100" in await tab.text("#prices")
        assert "account socket" in await tab.text("#sockets")

        await tab.evaluate("document.querySelector('#orders tbody tr').click()")
        await tab.until("document.querySelector('#story').open")
        assert bid.story().splitlines()[0] in await tab.text("#story-text")
        await tab.evaluate("document.querySelector('#story').close()")

        desk.rival("sell", "0.004", "999950")
        await desk.until(lambda: bid.status is OrderStatus.PARTIALLY_FILLED)
        await tab.until("document.querySelector('#orders').innerText.includes('partially filled')")
        await tab.until("document.querySelectorAll('#fills tbody tr').length > 0")
        await desk.valr.cancel_order(bid)
        await tab.until("document.querySelectorAll('#orders tbody tr').length === 0")
        assert "cancelled: buy" in await tab.text("#log")
        assert tab.complaints == []


async def test_a_lost_account_socket_is_said_and_so_is_its_return(tmp_path: Path) -> None:
    async with watching(tmp_path) as (desk, tab):
        await tab.open(await desk.valr.serve_dashboard(0))
        await tab.until(READY)

        await desk.exchange.stop()
        await tab.until("document.querySelector('#readiness')?.innerText === 'not ready'")
        assert "Not ready to trade" in await tab.text("#banner")
        assert "no valid book" in await tab.text("#prices")
        await desk.exchange.start()

        await tab.until(READY, patience_s=30)
        await tab.until("document.querySelector('#banner').hidden")
        assert "account socket LIVE → IDLE" in await tab.text("#log")
        assert tab.complaints == []


async def test_a_page_that_hears_nothing_says_so_and_finds_the_process_again(tmp_path: Path) -> None:
    async with watching(tmp_path) as (desk, tab):
        server = DashboardServer(Watch(desk.valr, title="a test"), host=HOST, port=0, token=None)
        await server.start()
        await tab.open(server.url)
        await tab.until(LIVE)

        await server.close()
        await tab.until("document.body?.dataset.link === 'lost'")
        assert "No word from the process" in await tab.text("#banner")

        port = int(server.url.rsplit(":", 1)[1].rstrip("/"))
        again = DashboardServer(Watch(desk.valr, title="a test"), host=HOST, port=port, token=None)
        await again.start()
        await tab.until(LIVE)
        await again.close()
        assert all("ERR_" in complaint for complaint in tab.complaints), tab.complaints  # nobody listened


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
async def test_nothing_is_wider_than_the_window(tmp_path: Path, width: int, scheme: str) -> None:
    async with watching(tmp_path) as (desk, tab):
        await desk.buy("900000")
        await tab.open(await desk.valr.serve_dashboard(0), width=width, scheme=scheme)
        await tab.until(f"{READY} && document.querySelectorAll('#orders tbody tr').length === 1")

        assert await tab.evaluate("document.documentElement.scrollWidth") <= width
        background = await tab.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == {"light": "rgb(243, 245, 249)", "dark": "rgb(12, 16, 24)"}[scheme]


async def test_the_token_disappears_from_the_address(tmp_path: Path) -> None:
    async with watching(tmp_path) as (desk, tab):
        token = "a-token-that-nobody-guesses"
        url = await desk.valr.serve_dashboard(0, token=token)
        await tab.open(f"{url}?token={token}")
        await tab.until(READY)

        assert await tab.evaluate("location.href") == url


async def test_what_did_not_change_is_left_alone_so_that_text_can_be_selected(tmp_path: Path) -> None:
    async with watching(tmp_path) as (desk, tab):
        await tab.open(await desk.valr.serve_dashboard(0))
        await tab.until(READY)
        await tab.evaluate("window.before = document.querySelector('#circuits span')")
        shown = await tab.text("#log")
        await desk.buy("900000")
        await tab.until(f"document.querySelector('#log').innerText !== {shown!r}")

        assert await tab.evaluate("window.before === document.querySelector('#circuits span')")
