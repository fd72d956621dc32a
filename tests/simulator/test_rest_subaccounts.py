"""Subaccounts, and transfers between them (protocol 12)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.simulator.loopback import Reply, Street, Trader, data_of, street, types
from valr_connector.simulator.settings import RateLimits

ALL = "/v1/account/subaccounts"
ONE = "/v1/account/subaccount"
EVERYTHING = ("View access", "Trade", "Internal Transfer")
TO_7 = {"fromId": "0", "toId": "7", "currencyCode": "ZAR", "amount": "2.99", "allowBorrow": False}


async def registered(trader: Trader, label: str = "Market making") -> str:
    """The id of a new subaccount."""
    reply = await trader.call("POST", ONE, {"label": label})
    assert (reply.status, list(reply.body)) == (200, ["id"])
    return str(reply.body["id"])


async def as_subaccount(trader: Trader, account: str, verb: str, target: str, body: object = None) -> Reply:
    """A request of the primary key that acts for a subaccount."""
    data = b"" if body is None else orjson.dumps(body)
    return await trader.street.send(verb, target, data, trader.headers(verb, target, data, account))


async def transferred(trader: Trader, **changes: object) -> Reply:
    return await trader.call("POST", f"{ALL}/transfer", TO_7 | changes)


def rich(valr: Street, account: str = "0") -> Trader:
    return valr.trader(account, permissions=EVERYTHING)


async def rand_of(trader: Trader) -> str:
    trader.street.clock.advance(2)  # balances are cached
    wallets = (await trader.get("/v1/account/balances")).body
    return next(str(wallet["available"]) for wallet in wallets if wallet["currency"] == "ZAR")


# --- accounts


async def test_the_primary_account_lists_itself_and_its_subaccounts() -> None:
    async with street(crowd=True) as valr:
        trader = valr.trader()
        new = await registered(trader)
        assert int(new) > 2**53
        assert (await trader.get(ALL)).body == [
            {"label": "Primary", "id": "0"},
            {"label": "Account 7", "id": "7"},
            {"label": "Market making", "id": new},
        ]
        assert (await trader.get(f"{ONE}/{new}")).body == {"id": new, "label": "Market making"}


async def test_a_new_subaccount_is_empty_pays_the_same_fees_and_can_be_acted_for() -> None:
    async with street() as valr:
        trader = valr.trader()
        new = await registered(trader)
        assert (await as_subaccount(trader, new, "GET", "/v1/account/balances")).body == []
        fees = "/v1/account/fees/trade"
        assert (await as_subaccount(trader, new, "GET", fees)).body == (await trader.get(fees)).body


async def test_a_subaccount_can_be_renamed() -> None:
    async with street() as valr:
        trader = valr.trader()
        reply = await trader.call("PUT", ONE, {"id": "7", "label": "Seven"})
        assert (reply.status, reply.text) == (202, "")
        assert (await trader.get(f"{ONE}/7")).body["label"] == "Seven"
        assert (await trader.call("PUT", ONE, {"id": "7", "label": "Seven"})).status == 202


@pytest.mark.parametrize(("verb", "body"), [("POST", {}), ("PUT", {"id": "0"})])
async def test_a_label_is_given_once(verb: str, body: Mapping[str, object]) -> None:
    async with street() as valr:
        reply = await valr.trader().call(verb, ONE, {**body, "label": "Account 7"})
        assert (reply.status, reply.body["code"]) == (403, -11132)


async def test_an_empty_subaccount_can_be_deleted_and_is_gone() -> None:
    async with street() as valr:
        trader = valr.trader()
        new = await registered(trader)
        own_key = valr.trader(new)
        assert (await own_key.get("/v1/account/balances")).status == 200
        reply = await trader.call("DELETE", ONE, {"id": new})
        assert (reply.status, reply.text) == (204, "")
        assert [each["id"] for each in (await trader.get(ALL)).body] == ["0", "7"]
        assert (await trader.get(f"{ONE}/{new}")).status == 400
        assert (await own_key.get("/v1/account/balances")).status == 401
        assert (await as_subaccount(trader, new, "GET", "/v1/account/balances")).status == 401
        assert await registered(trader) != new


@pytest.mark.parametrize(("account", "code"), [("7", -11163), ("0", -11), ("8", -11), ("", -11), (7, -11)])
async def test_what_holds_money_or_is_no_subaccount_is_not_deleted(account: object, code: int) -> None:
    async with street() as valr:
        reply = await valr.trader().call("DELETE", ONE, {"id": account})
        assert (reply.status, reply.body["code"]) == (400, code)


@pytest.mark.parametrize(
    ("verb", "target", "body", "field"),
    [
        ("POST", ONE, {}, "label"),
        ("POST", ONE, {"label": ["x"]}, "label"),
        ("POST", ONE, {"label": "  "}, "label"),
        ("POST", f"{ONE}?isProprietarySubAccount=false", {"label": "x"}, "isProprietarySubAccount"),
        ("PUT", ONE, {"label": "x"}, "id"),
        ("PUT", ONE, {"id": "8", "label": "x"}, "id"),
        ("PUT", ONE, {"id": "7", "label": ""}, "label"),
        ("GET", f"{ONE}/8", None, "id"),
    ],
)
async def test_what_is_wrong_with_a_subaccount_is_named(
    verb: str, target: str, body: object, field: str
) -> None:
    async with street() as valr:
        reply = await valr.trader().call(verb, target, body)
        assert (reply.status, reply.body["code"]) == (400, -11)
        assert [error["field"] for error in reply.body["validationErrors"]["errors"]] == [field]


@pytest.mark.parametrize(
    ("verb", "target", "body", "permission"),
    [
        ("GET", ALL, None, "View access"),
        ("GET", f"{ONE}/7", None, "View access"),
        ("POST", ONE, {"label": "x"}, "Trade"),
        ("PUT", ONE, {"id": "7", "label": "x"}, "Trade"),
        ("DELETE", ONE, {"id": "7"}, "Trade"),
    ],
)
async def test_subaccounts_are_the_primary_accounts_business(
    verb: str, target: str, body: object, permission: str
) -> None:
    async with street() as valr:
        assert (await valr.trader("7").call(verb, target, body)).status == 401
        assert (await as_subaccount(valr.trader(), "7", verb, target, body)).status == 401
        lacking = tuple({*EVERYTHING} - {permission})
        assert (await valr.trader(permissions=lacking).call(verb, target, body)).status == 403


# --- transfers


async def test_a_transfer_moves_money_and_is_told_to_both() -> None:
    async with street() as valr:
        sender, receiver = rich(valr), rich(valr, "7")
        async with sender.greeted() as paying, receiver.greeted() as paid:
            reply = await transferred(sender)
            out, into = await paying.before_pong(), await paid.before_pong()
        assert (reply.status, reply.body) == (202, {"id": "1"})
        assert [await rand_of(sender), await rand_of(receiver)] == ["999997.01", "1000002.99"]
        assert types(out) == types(into) == ["NEW_ACCOUNT_HISTORY_RECORD", "BALANCE_UPDATE"]
        told: Any = data_of(out, "NEW_ACCOUNT_HISTORY_RECORD")[0]
        (listed,) = (await sender.get("/v1/account/transactionhistory")).body
        assert listed == {
            "transactionType": {"type": "INTERNAL_TRANSFER", "description": "Transfer"},
            "debitCurrency": "ZAR", "debitValue": "2.99",
            "eventAt": "2026-09-21T14:13:20.000Z",
            "additionalInfo": {
                "reason": "SUB_ACCOUNT", "reasonDescription": "Transfer between subaccounts",
                "additional": "Transfer from Primary to Account 7", "transferId": "1",
            },
            "id": told["id"],
        }  # fmt: skip
        (theirs,) = (await receiver.get("/v1/account/transactionhistory?currency=ZAR")).body
        assert (theirs["creditCurrency"], theirs["creditValue"]) == ("ZAR", "2.99")
        assert theirs["additionalInfo"] == listed["additionalInfo"]
        assert theirs["id"] != listed["id"]


async def test_the_primary_account_moves_money_between_any_two() -> None:
    async with street() as valr:
        trader = rich(valr)
        new = await registered(trader)
        assert (await transferred(trader, fromId="7", toId=new, amount="1000000")).status == 202
        assert await rand_of(valr.trader("7")) == "0"
        assert await rand_of(valr.trader(new)) == "1000000"


async def test_a_subaccount_moves_money_out_of_its_own_account_alone() -> None:
    async with street() as valr:
        own = rich(valr, "7")
        assert (await transferred(own, fromId="7", toId="0")).status == 202
        refused = [await transferred(own)]
        body = TO_7 | {"fromId": "0", "toId": "7"}
        refused.append(await as_subaccount(rich(valr), "7", "POST", f"{ALL}/transfer", body))
        assert [(reply.status, reply.body["code"]) for reply in refused] == [(403, -11133)] * 2


async def test_a_key_without_the_permission_transfers_nothing() -> None:
    async with street() as valr:
        reply = await transferred(valr.trader())
        assert (reply.status, reply.body["code"]) == (403, -11133)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"amount": "1000000.01"}, 400, -6),
        ({"amount": "0.001"}, 403, -11),
        ({"currencyCode": "BTC", "amount": "0.000000001"}, 403, -11),
        ({"amount": "1" + 19 * "0" + "." + 50 * "1"}, 400, -11),
        ({"amount": "1" + 19 * "0" + "." + 30 * "1"}, 403, -11),
        ({"amount": "0"}, 400, -11),
        ({"amount": "-1"}, 400, -11),
        ({"amount": None}, 400, -11),
        ({"currencyCode": "DOGE"}, 400, -11),
        ({"currencyCode": "R"}, 400, -11),
        ({"fromId": "8"}, 400, -11),
        ({"toId": "8"}, 400, -11),
        ({"toId": "0"}, 400, -11),
        ({"toId": 7}, 400, -11),
        ({"allowBorrow": True}, 400, -19213),
        ({"allowBorrow": "perhaps"}, 400, -11),
    ],
)
async def test_a_transfer_that_cannot_be_is_refused(
    changes: Mapping[str, object], status: int, code: int
) -> None:
    async with street() as valr:
        trader = rich(valr)
        reply = await transferred(trader, **changes)
        assert (reply.status, reply.body["code"]) == (status, code)
        assert await rand_of(trader) == "1000000"


async def test_reserved_money_is_not_there_to_be_moved() -> None:
    async with street() as valr:
        trader = rich(valr)
        await trader.place()
        assert (await transferred(trader, amount="991000.01")).body["code"] == -6
        assert (await transferred(trader, amount="991000")).status == 202


async def test_money_that_is_gone_when_its_turn_comes_is_not_moved() -> None:
    async with street(processing_latency_s=0.05) as valr:
        trader = rich(valr)
        async with rich(valr, "7").greeted() as paid:
            replies = [await transferred(trader, amount=amount) for amount in ("999999", "2", "1")]
            received = [await paid.until("BALANCE_UPDATE") for _ in range(2)]
        assert [reply.status for reply in replies] == [202, 202, 202]
        assert received[-1]["data"]["available"] == "2000000"
        assert await rand_of(trader) == "0"


async def test_money_on_its_way_to_a_deleted_account_stays_where_it_is() -> None:
    async with street(processing_latency_s=30) as valr:
        trader = rich(valr)
        new = await registered(trader)
        assert (await transferred(trader, toId=new)).status == 202
        assert (await trader.call("DELETE", ONE, {"id": new})).status == 204
        await valr.exchange.stop()  # what was accepted is executed
        wallets = {each.currency: each for each in valr.exchange.venue.wallets("0")}
        assert wallets["ZAR"].available == Decimal(1_000_000)


async def test_registering_and_transferring_have_limits_of_their_own() -> None:
    limits = RateLimits(transfers_per_second=2, per_key_per_minute=1)
    async with street(rate_limits=limits) as valr:
        trader = rich(valr)
        statuses = [(await transferred(trader)).status for _ in range(3)]
        statuses += [(await trader.call("POST", ONE, {"label": label})).status for label in ("a", "b")]
        statuses += [(await trader.get(ALL)).status for _ in range(2)]
        assert statuses == [202, 202, 429, 200, 429, 200, 429]
