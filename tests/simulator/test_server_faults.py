"""Faults that are ordered happen, once, and to nobody else."""

from __future__ import annotations

import aiohttp
import pytest

from tests.simulator.loopback import btc_order, command, street, types
from tests.simulator.virtual_time import in_virtual_time
from valr_connector.simulator.faults import of_type

RECEIPT = "PLACE_LIMIT_WS_RESPONSE"
PROCESSED = "ORDER_PROCESSED"


async def test_a_dropped_frame_does_not_arrive() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        valr.exchange.faults.drop_frame(of_type(RECEIPT, PROCESSED), count=2)
        for _ in range(2):
            await account.send(command("PLACE_LIMIT_ORDER", btc_order()))
        frames = types(await account.before_pong())
        assert frames == [
            "BALANCE_UPDATE",
            "OPEN_ORDERS_UPDATE",
            RECEIPT,
            PROCESSED,
            "BALANCE_UPDATE",
            "OPEN_ORDERS_UPDATE",
        ]


async def test_a_duplicated_frame_arrives_twice() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        valr.exchange.faults.duplicate_frame(of_type(PROCESSED))
        await account.send(command("PLACE_LIMIT_ORDER", btc_order()))
        assert types(await account.before_pong())[:3] == [RECEIPT, PROCESSED, PROCESSED]


@in_virtual_time
async def test_a_delayed_frame_is_overtaken() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        valr.exchange.faults.delay_frame(of_type(RECEIPT), 0.05)
        await account.send(command("PLACE_LIMIT_ORDER", btc_order()))
        assert types(await account.take(4)) == [PROCESSED, "BALANCE_UPDATE", "OPEN_ORDERS_UPDATE", RECEIPT]


async def test_a_predicate_sees_the_whole_frame() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        valr.exchange.faults.drop_frame(lambda frame: frame.get("clientMsgId") == "c-2")
        for message_id in ("c-1", "c-2", "c-3"):
            await account.send(command("CANCEL_LIMIT_ORDER", {}, message_id))
        frames = await account.before_pong()
        assert [frame["clientMsgId"] for frame in frames] == ["c-1", "c-3"]


async def test_a_swallowed_command_is_neither_executed_nor_answered() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        valr.exchange.faults.swallow_command(of_type("PLACE_LIMIT_ORDER"))
        await account.send(command("PLACE_LIMIT_ORDER", btc_order()))
        assert await account.before_pong() == []
        assert valr.exchange.stats.orders_accepted["0"] == 0
        await account.send(command("PLACE_LIMIT_ORDER", btc_order()))
        assert types(await account.before_pong())[0] == RECEIPT


async def test_a_silenced_command_is_executed_without_a_reply() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        valr.exchange.faults.silence_command(of_type("PLACE_LIMIT_ORDER"))
        await account.send(command("PLACE_LIMIT_ORDER", btc_order()))
        assert types(await account.before_pong())[0] == PROCESSED


@pytest.mark.parametrize(("after_execution", "placed"), [(False, 0), (True, 1)])
async def test_a_request_can_fail_before_or_after_its_execution(after_execution: bool, placed: int) -> None:
    async with street() as valr:
        trader = valr.trader()
        valr.exchange.faults.answer_request(
            502,
            lambda verb, target: (verb, target) == ("POST", "/v2/orders/limit"),
            after_execution=after_execution,
            body=b"<html>",
        )
        assert (await trader.get("/v1/orders/open")).status == 200
        reply = await trader.place()
        assert (reply.status, reply.text) == (502, "<html>")
        assert len(valr.exchange.venue.open_orders("0")) == placed
        assert (await trader.place()).status == 201


@pytest.mark.parametrize(("after_execution", "placed"), [(False, 0), (True, 1)])
async def test_a_request_can_be_cut_without_an_answer(after_execution: bool, placed: int) -> None:
    async with street() as valr:
        trader = valr.trader()
        valr.exchange.faults.answer_request(None, after_execution=after_execution)
        with pytest.raises(aiohttp.ClientConnectionError):
            await trader.place()
        assert len(valr.exchange.venue.open_orders("0")) == placed


async def test_faults_to_come_can_be_taken_back() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        faults = valr.exchange.faults
        faults.drop_frame(of_type(RECEIPT))
        faults.swallow_command(of_type("PLACE_LIMIT_ORDER"))
        faults.answer_request(500)
        faults.clear()
        await account.send(command("PLACE_LIMIT_ORDER", btc_order()))
        assert types(await account.before_pong())[0] == RECEIPT
        assert (await valr.get("/v1/public/time")).status == 200
