"""The server of the page: what it answers, to whom, and how it ends."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from yarl import URL

from tests.dashboard.sitter import Sitter
from tests.net.trading import ACCOUNT, hosts_of, trading, venue
from tests.unit.core.builders import order_in
from valr_connector.config import Settings
from valr_connector.dashboard import server as server_module
from valr_connector.dashboard.picture import Picture
from valr_connector.dashboard.server import HOST, PAGE, DashboardServer
from valr_connector.errors import ClosedError, InvalidArgumentError, NotReadyError
from valr_connector.exchange import ValrExchange
from valr_connector.model.enums import OrderStatus, Side
from valr_connector.model.events import OrderCancelled

TOKEN = "canary-token-0123456789"
VENDORED = {
    "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    "LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
}
"""SHA-256 of the charting library's files, as `make vendor` compared them with the published package."""


@asynccontextmanager
async def serving(sitter: Sitter, **options: Any) -> AsyncIterator[DashboardServer]:
    settings: dict[str, Any] = {"host": HOST, "port": 0, "token": None, "interval_s": 0.01} | options
    server = DashboardServer(sitter.watch(), **settings)
    await server.start()
    try:
        yield server
    finally:
        await server.close()


async def fetch(url: str | URL, **options: Any) -> tuple[int, bytes, aiohttp.ClientResponse]:
    async with aiohttp.ClientSession() as session, session.get(url, **options) as answer:
        return answer.status, await answer.read(), answer


async def next_picture(stream: aiohttp.StreamReader) -> Picture:
    """The next one of a stream of server-sent events."""
    while True:
        line = await stream.readline()
        assert line, "the stream ended"
        if line.startswith(b"data: "):
            return msgspec.json.decode(line.removeprefix(b"data: "), type=Picture)


async def test_every_file_that_the_page_names_is_served_and_none_comes_from_elsewhere() -> None:
    async with serving(Sitter()) as server:
        bodies = {path: await fetch(server.url.rstrip("/") + path) for path in PAGE}

    assert {status for status, _, _ in bodies.values()} == {200}
    page = bodies["/"][1].decode()
    named = re.findall(r'(?:src|href)="([^"]+)"', page)
    imported = [
        name for path in PAGE if path.endswith(".js") and path != "/uplot.js"
        for name in re.findall(r'from "\./([^"]+)"', bodies[path][1].decode())
    ]  # fmt: skip
    assert {f"/{name}" for name in (*named, *imported)} | {"/"} == set(PAGE)
    assert "default-src 'none'" in bodies["/"][2].headers["Content-Security-Policy"]


async def test_pictures_are_told_as_they_are_taken_and_the_last_one_shows_the_end() -> None:
    sitter = Sitter()
    async with (
        serving(sitter) as server,
        aiohttp.ClientSession() as session,
        session.get(f"{server.url}events") as answer,
    ):
        first = await next_picture(answer.content)
        sitter.ready = False
        while (await next_picture(answer.content)).ready:
            pass
        sitter.is_closed = True
        closing = asyncio.create_task(server.close())
        rest = await answer.content.read()
        await closing

    assert (first.title, first.ready) == ("a sitter", True)
    assert rest.count(b'"is_closed":true') >= 1
    assert sitter.publisher.subscriptions == 0


async def test_the_newest_picture_and_the_prices_so_far_can_be_asked_for() -> None:
    async with serving(Sitter()) as server:
        while True:
            _, quotes, _ = await fetch(f"{server.url}quotes")
            if len(msgspec.json.decode(quotes)["BTC-ZAR"]) > 1:
                break
        _, picture, _ = await fetch(f"{server.url}picture")

    assert msgspec.json.decode(picture, type=Picture).pairs[0].quote.mid == "1000000"


async def test_the_story_of_an_order_that_is_shown_can_be_read() -> None:
    sitter = Sitter()
    flying, ended = order_in(OrderStatus.OPEN), order_in(OrderStatus.CANCELLED, client_order_id="MM-2")
    sitter.add(flying)
    async with serving(sitter) as server:
        sitter.publisher.publish(OrderCancelled(ended, None, ended.executed_amount, ""))
        told = [await fetch(f"{server.url}story?order={name}") for name in ("MM-1", "MM-2", "MM-3")]

    assert [status for status, _, _ in told] == [200, 200, 404]
    assert (told[0][1].decode(), told[1][1].decode()) == (flying.story(), ended.story())


async def test_neither_key_nor_secret_nor_signature_is_shown() -> None:
    key, secret = "canary00key11111" * 4, "canary22secret33" * 4
    async with venue() as exchange:
        exchange.add_api_key(ACCOUNT, key=key, secret=secret)
        async with ValrExchange(
            key, secret, pairs=["BTC-ZAR"], settings=Settings(hosts=hosts_of(exchange))
        ) as valr:
            bid = await valr.place_limit_order("BTC-ZAR", Side.BUY, amount="0.01", price="900000")
            url = await valr.serve_dashboard(0)
            paths = (*PAGE, "/picture", "/quotes", f"/story?order={bid.client_order_id}")
            shown = [await fetch(url.rstrip("/") + path) for path in paths]

    assert {status for status, _, _ in shown} == {200}
    everything = b"".join(body + repr(answer.headers).encode() for _, body, answer in shown)
    assert b"canary" not in everything
    assert not re.search(rb"\b[0-9a-f]{128}\b", everything)


async def test_nothing_can_be_sent_to_it() -> None:
    async with serving(Sitter()) as server, aiohttp.ClientSession() as session:
        statuses = [
            (await session.request(verb, f"{server.url}picture")).status for verb in ("POST", "DELETE")
        ]

    assert statuses == [405, 405]


async def test_a_page_from_elsewhere_cannot_read_it_under_a_name_of_its_own() -> None:
    async with serving(Sitter()) as server:
        status, body, _ = await fetch(f"{server.url}picture", headers={"Host": "evil.example"})

    assert (status, b"sitter" in body) == (403, False)


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        ({}, 403),
        ({"params": {"token": TOKEN + "x"}}, 403),
        ({"headers": {"Authorization": f"Bearer {TOKEN}"}}, 200),
        ({"cookies": {"valr_dashboard": TOKEN}}, 200),
        ({"params": {"token": TOKEN}}, 200),
    ],
)
async def test_where_a_token_is_needed_it_has_to_be_shown(
    shown: dict[str, Any], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    jar = aiohttp.CookieJar(unsafe=True)  # takes cookies of addresses
    async with (
        serving(Sitter(), token=TOKEN) as server,
        aiohttp.ClientSession(cookie_jar=jar) as session,
        session.get(f"{server.url}picture", **shown) as answer,
    ):
        found, final = answer.status, str(answer.url)

    assert found == status
    assert TOKEN not in caplog.text
    assert TOKEN + "x" in final or TOKEN not in final


@pytest.mark.parametrize("host", ["evil.example", "a:b:c", "[", "127.0.0.1@evil.example"])
async def test_a_host_that_is_not_this_machine_or_none_at_all_is_refused(host: str) -> None:
    async with serving(Sitter()) as server:
        status, _, _ = await fetch(f"{server.url}picture", headers={"Host": host})
    assert status == 403


async def test_bytes_that_are_no_text_are_no_token(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(Sitter(), token=TOKEN) as server:
        reader, writer = await asyncio.open_connection(HOST, server._port)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \xff\xfe\r\n\r\n")
        status = await reader.readline()
        writer.close()
    assert status.split()[1] == b"403"
    assert not caplog.records


@pytest.mark.parametrize("path", ["//evil.example/", "/%0d%0aX-Evil:1", "/nothing"])
async def test_only_to_a_page_of_its_own_does_it_lead_on(path: str) -> None:
    async with serving(Sitter()) as server:
        url = URL(f"{server.url.rstrip('/')}{path}?token={TOKEN}", encoded=True)
        status, _, answer = await fetch(url, allow_redirects=False)
    assert (status, "Location" in answer.headers) == (404, False)


@pytest.mark.parametrize(
    ("host", "token", "field"),
    [
        *(("0.0.0.0", None, "host"), ("192.0.2.1", None, "host"), (HOST, "short", "token")),
        *((7, TOKEN, "host"), (HOST, 7, "token")),
    ],
)
def test_other_addresses_need_a_token_that_is_not_easily_guessed(host: Any, token: Any, field: str) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        DashboardServer(Sitter().watch(), host=host, port=0, token=token)

    assert refused.value.field == field
    assert "short" not in str(refused.value)


async def test_a_port_that_is_in_use_is_said() -> None:
    async with serving(Sitter()) as server:
        port = int(server.url.rsplit(":", 1)[1].rstrip("/"))
        sitter = Sitter()
        with pytest.raises(InvalidArgumentError, match=f"port={port}"):
            await DashboardServer(sitter.watch(), host=HOST, port=port, token=None).start()

    assert sitter.publisher.subscriptions == 0


async def test_when_no_picture_can_be_taken_the_log_says_why_and_no_old_one_is_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sitter = Sitter()
    async with serving(sitter) as server:
        _, before, _ = await fetch(f"{server.url}picture")
        del sitter.status
        while not caplog.records:  # noqa: ASYNC110 - a log has no event
            await asyncio.sleep(0)
        _, after, _ = await fetch(f"{server.url}picture")
        _, events, _ = await fetch(f"{server.url}events")

    assert before.startswith(b"{")
    assert (caplog.records[0].message, after) == ("the dashboard stopped", b"")
    assert b"data" not in events


async def test_a_page_that_cannot_be_served_follows_nothing() -> None:
    async with trading() as desk:
        before = desk.valr._publisher.subscriptions
        for port in (-1, 0):
            with pytest.raises(InvalidArgumentError):
                await desk.valr.serve_dashboard(port, host="192.0.2.1", token=TOKEN)
        assert desk.valr._publisher.subscriptions == before


async def test_the_exchange_serves_its_page_until_it_is_closed() -> None:
    async with trading() as desk:
        url = await desk.valr.serve_dashboard(0)
        status, _, _ = await fetch(url)
        await desk.valr.close()
        with pytest.raises(aiohttp.ClientConnectionError):
            await fetch(url)
        with pytest.raises(ClosedError):
            await desk.valr.serve_dashboard(0)

    assert status == 200


async def test_an_exchange_that_was_not_started_has_no_page() -> None:
    with pytest.raises(NotReadyError):
        await ValrExchange("k" * 64, "s" * 64, pairs=[]).serve_dashboard(0)


async def test_an_aborted_exchange_leaves_no_page_behind() -> None:
    async with trading() as desk:
        url = await desk.valr.serve_dashboard(0)
        await desk.valr.abort()
        with pytest.raises(aiohttp.ClientConnectionError):
            await fetch(url)


def test_the_charting_library_is_what_was_published() -> None:
    folder = Path(server_module.__file__).parent / "page" / "vendor" / "uplot"
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}

    assert found == VENDORED
