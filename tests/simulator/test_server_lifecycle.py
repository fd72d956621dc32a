"""The embedded exchange starts, stops, starts again, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import aiohttp
import orjson
import pytest

from tests.simulator.loopback import AT_ONCE, START_NS, btc_order, command, street
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.faults import SocketKind
from valr_connector.simulator.settings import SimulatorSettings
from valr_connector.simulator.standalone import serve
from valr_connector.simulator.venue import Venue


class Announcement(io.StringIO):
    """Where `serve` announces itself; `made` is set once it has."""

    def __init__(self) -> None:
        super().__init__()
        self.made = asyncio.Event()

    def flush(self) -> None:
        super().flush()
        self.made.set()


async def test_it_listens_on_loopback_where_it_says() -> None:
    async with street() as valr:
        endpoints = valr.exchange.endpoints
        assert endpoints.rest.startswith("http://127.0.0.1:")
        assert endpoints.ws_account == endpoints.rest.replace("http", "ws") + "/ws/account"
        assert endpoints.ws_trade == endpoints.rest.replace("http", "ws") + "/ws/trade"
        assert (await valr.get("/v2/healthz")).status == 200


async def test_a_stopped_exchange_leaves_no_task_behind() -> None:
    async with street(crowd=True) as valr:
        trader = valr.trader()
        async with trader.greeted() as account, valr.socket() as trade:
            account_code, trade_code, _ = await asyncio.gather(
                account.end(), trade.end(), valr.exchange.stop()
            )
            assert (account_code, trade_code) == (1012, 1012)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_stopping_twice_is_harmless() -> None:
    exchange = EmbeddedExchange()
    await exchange.start()
    await exchange.stop()
    await exchange.stop()


async def test_starting_twice_is_an_error() -> None:
    async with EmbeddedExchange() as exchange:
        with pytest.raises(RuntimeError, match="runs already"):
            await exchange.start()


async def test_a_stop_while_it_starts_leaves_nothing_listening() -> None:
    exchange = EmbeddedExchange()
    starting = asyncio.create_task(exchange.start())
    await asyncio.sleep(0)
    await exchange.stop()
    port = int((await starting).rest.rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_taken_port_is_an_error_and_leaves_nothing() -> None:
    async with EmbeddedExchange() as first:
        port = int(first.endpoints.rest.rpartition(":")[2])
        second = EmbeddedExchange(SimulatorSettings(port=port))
        with pytest.raises(OSError, match="address"):
            await second.start()


async def test_after_a_restart_orders_keys_and_port_are_the_same() -> None:
    async with street() as valr:
        trader = valr.trader()
        placed = (await trader.place()).body["id"]
        before = valr.exchange.endpoints
        await valr.exchange.stop()
        assert await valr.exchange.start() == before
        assert [order["orderId"] for order in (await trader.get("/v1/orders/open")).body] == [placed]


async def test_commands_that_were_accepted_are_executed_before_it_stops() -> None:
    async with street(processing_latency_s=5) as valr:
        trader = valr.trader()
        assert (await trader.place("v1")).status == 202
        assert valr.exchange.venue.open_orders("0") == []
        await valr.exchange.stop()
        assert len(valr.exchange.venue.open_orders("0")) == 1


async def test_a_snapshot_that_waited_at_the_stop_does_not_block_those_after_the_restart() -> None:
    async with street(open_orders_interval_s=5, order_book_interval_s=5) as valr:
        trader = valr.trader()
        async with trader.greeted() as account, valr.socket() as trade:
            await trade.send(
                {
                    "type": "SUBSCRIBE",
                    "subscriptions": [{"event": "AGGREGATED_ORDERBOOK_UPDATE", "pairs": ["BTCZAR"]}],
                }
            )
            await trade.until("AGGREGATED_ORDERBOOK_UPDATE")
            await trader.place()
            await trader.place()
            await account.until("OPEN_ORDERS_UPDATE")
            await valr.exchange.stop()
        await valr.exchange.start()
        async with trader.greeted() as account:
            await trader.place()
            assert len((await account.until("OPEN_ORDERS_UPDATE"))["data"]) == 3


async def test_a_client_that_reads_nothing_does_not_hold_up_the_stop() -> None:
    async with street() as valr:
        host, port = valr.exchange.endpoints.rest.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"GET /ws/trade HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        async with asyncio.timeout(4):
            await valr.exchange.stop()
        writer.close()


@pytest.mark.parametrize(("kind", "count"), [(None, 2), ("account", 1), ("trade", 1)])
async def test_sockets_can_be_dropped_by_kind(kind: SocketKind | None, count: int) -> None:
    async with street() as valr, valr.trader().greeted() as account, valr.socket() as trade:
        assert valr.exchange.drop_sockets(kind) == count
        if kind != "trade":
            assert await account.end() == 1006
        if kind != "account":
            assert await trade.end() == 1006


async def test_a_drop_with_a_code_sends_a_close_frame() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        valr.exchange.drop_sockets(code=1000)
        valr.exchange.drop_sockets(code=1001)  # the first one holds
        assert await account.end() == 1000


async def test_keys_are_64_hexadecimal_digits_and_the_same_for_the_same_seed() -> None:
    keys = [EmbeddedExchange(rng=Random(3), clock=lambda: START_NS).add_api_key("0") for _ in range(2)]
    assert keys[0] == keys[1]
    assert len(keys[0].key) == len(keys[0].secret) == 64
    assert set(keys[0].key + keys[0].secret) <= set("0123456789abcdef")


async def test_a_key_does_not_show_in_its_repr() -> None:
    key = EmbeddedExchange().add_api_key("0", key="k" * 64, secret="s" * 64)
    assert "kkk" not in repr(key)
    assert "sss" not in repr(key)


async def test_a_venue_that_is_given_is_served_as_it_is() -> None:
    venue = Venue(AT_ONCE.pairs, clock=lambda: START_NS, rng=Random(1))
    venue.open_account("42", {"ZAR": Decimal(5)}, maker_percent=Decimal(0), taker_percent=Decimal("0.3"))
    exchange = EmbeddedExchange(AT_ONCE, venue=venue)
    assert exchange.venue is venue
    with pytest.raises(LookupError):
        venue.wallets("0")


async def test_statistics_count_what_went_through() -> None:
    async with street() as valr:
        trader = valr.trader()
        async with trader.greeted() as account:
            await account.send(command("PLACE_LIMIT_ORDER", btc_order()))
            await account.until("OPEN_ORDERS_UPDATE")
            await trader.place()
            await trader.call("DELETE", "/v1/orders")
            await account.before_pong()
        await valr.get("/nowhere")
        stats = valr.exchange.stats
        assert stats.requests["POST /v2/orders/limit"] == 1
        assert stats.requests["unknown"] == 1
        assert stats.frames_in["account", "PLACE_LIMIT_ORDER"] == 1
        assert stats.frames_out["account", "PLACE_LIMIT_WS_RESPONSE"] == 1
        assert stats.orders_accepted["0"] == 2
        assert stats.max_open_orders["0"] == 2
        assert stats.open_orders["0"] == set()


async def test_the_crowd_trades_while_the_exchange_runs() -> None:
    async with street(crowd=True, crowd_interval_s=0.001) as valr, valr.socket() as trade:
        await trade.send(
            {"type": "SUBSCRIBE", "subscriptions": [{"event": "NEW_TRADE", "pairs": ["BTCZAR"]}]}
        )
        assert (await trade.until("NEW_TRADE"))["currencyPairSymbol"] == "BTCZAR"


async def test_serving_announces_endpoints_and_a_working_key_and_ends_in_time() -> None:
    announced = Announcement()
    async with asyncio.TaskGroup() as tasks:
        server = tasks.create_task(serve(SimulatorSettings(), seconds=30, output=announced))
        await announced.made.wait()
        line = orjson.loads(announced.getvalue())
        assert set(line) == {"rest", "ws_account", "ws_trade", "api_key", "api_secret"}
        async with (
            aiohttp.ClientSession() as session,
            session.get(line["rest"] + "/v1/public/time") as response,
        ):
            assert response.status == 200
        os.kill(os.getpid(), signal.SIGTERM)
        await server


async def test_a_fault_of_its_own_is_logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with street() as valr:
        monkeypatch.delattr(Venue, "open_orders")
        assert (await valr.trader().get("/v1/orders/open")).status == 500
    assert "AttributeError" in caplog.text


async def test_serving_ends_when_its_seconds_are_over() -> None:
    announced = io.StringIO()
    await serve(replace(AT_ONCE, crowd_prices={}), seconds=0.01, output=announced)
    assert announced.getvalue().count("\n") == 1


@pytest.mark.parametrize(
    "name", ["request_latency_s", "idle_cut_s", "event_jitter_s", "timestamp_tolerance_s"]
)
def test_negative_times_are_refused(name: str) -> None:
    change: dict[str, Any] = {name: -0.1}
    with pytest.raises(ValueError, match=name):
        replace(AT_ONCE, **change)


def test_a_crowd_without_a_pause_is_refused() -> None:
    with pytest.raises(ValueError, match="crowd_interval_s"):
        replace(AT_ONCE, crowd_interval_s=0)
