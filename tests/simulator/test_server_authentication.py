"""Who may in: signatures, keys, permissions (protocol 2, 3.1)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.simulator.loopback import START_NS, Trader, btc_order, street
from valr_connector.simulator.authentication import ApiKey

DOCS_SECRET = "4961b74efac86b25cce8fbe4c9811c4c7a787b7a5996660afcc2e287ad864363"
OTHER_SECRET = "superdupersecret"
MARKET_BODY = b'{"customerOrderId":"ORDER-000001","pair":"BTCUSDC","side":"BUY","quoteAmount":"80000"}'
CANCEL_BODY = b'{"orderId":"e3b3c227-8240-41af-990b-40df7c3afc69","pair":"BTCUSDT"}'
LIMIT_BODY = (
    b'{"side":"BUY","quantity":"0.0001","price":"93129","pair":"BTCUSDT","postOnly":true,'
    b'"customerOrderId":"MM-1","timeInForce":"GTC"}'
)


@dataclass(frozen=True)
class Vector:
    """One line of protocol 2.3."""

    timestamp: str
    verb: str
    target: str
    signature: str
    body: bytes = b""
    subaccount: str = ""
    secret: str = DOCS_SECRET


VECTORS = {
    "V1": Vector(
        "1558014486185",
        "GET",
        "/v1/account/balances",
        "9d52c181ed69460b49307b7891f04658e938b21181173844b5018b2fe783a6d4"
        "c62b8e67a03de4d099e7437ebfabe12c56233b73c6a0cc0f7ae87e05f6289928",
    ),
    "V2": Vector(
        "1558017528946",
        "POST",
        "/v1/orders/market",
        "09f536e3dfdad58443f16010a97a0a21ad27486b7b8d6d4103170d885410ed77"
        "f037f1fa628474190d4f5c08ca12c1acc850901f1c2e75c6d906ec3b32b008d0",
        MARKET_BODY,
    ),
    "V3": Vector(
        "1577572690093",
        "GET",
        "/v1/account/balances",
        "647d276537b952fe37f349422a4a60a76ecc2e3fad509a523b03dccd1a940525"
        "f8ff06314ad1adc5625000223c514637cd9682ee89ffc285b7493e7c64e746aa",
        secret=OTHER_SECRET,
    ),
    "V4": Vector(
        "1577572690093",
        "GET",
        "/v1/account/balances",
        "3dc9ed14dbb13f9c529bd75241686523ca1e77fcbe0184ca35fe8d5329692e5e"
        "26a3b3d7ff339dce6e829d3b1c93ef9e187cf696c07ef12517198950ea68af0f",
        subaccount="909461317243875555",
        secret=OTHER_SECRET,
    ),
    "V5": Vector(
        "1558014486185",
        "GET",
        "/ws/account",
        "7c8893b201ee0a38e4fbc0e15aa30a5bab18a9e6c1e9c4f1c50ab7d1403bd8e1"
        "923d068f21be6b2a2717c43abb014a41ef762a113bb6d323393637dae9ac02fb",
    ),
    "V6": Vector(
        "1558014486185",
        "GET",
        "/ws/trade",
        "819a2650ba597a17da05cd5fb4a41b914de46abed43e267c1d905f4414c8fa2b"
        "45a8a94080b71ff19f16e845b29ae2869e9edb51afba6610dc5508db37494568",
    ),
    "V7": Vector(
        "1558014486185",
        "GET",
        "/ws/account",
        "35b1a69d63be11eb266d1df9047c73e8d25775fecabe3a687736a95eebd4ac82"
        "d72ba7fe4f9c0021cde01f6f5bdeeecd824797570781d64761f40bf5efbac87f",
        subaccount="903671169785507840",
    ),
    "V8": Vector(
        "1558014486185",
        "GET",
        "/v1/account/tradehistory?skip=0&limit=100",
        "2bd75b3ecd5301b789ee7ea5b2f690f9733bd01b6a52510e0e0b71e6792309e6"
        "3deb0e6d0ef1dce27b3f0f965f3f5c66f07fe60884cbc82d93d54b179fa0ab08",
    ),
    "V9": Vector(
        "1558017528946",
        "DELETE",
        "/v2/orders/order",
        "2f0b43dd2da4a51948acb257430a6048cee0320412678ad4df1ce014949581e4"
        "814d596c00d4455bb06a11d12ab1cd002a87e49d02e4fec4e21d35d243751b03",
        CANCEL_BODY,
    ),
    "V10": Vector(
        "1558017528946",
        "POST",
        "/v2/orders/limit",
        "be3856346e1cfbceeb034c65330c829c26af5d2d5eda61a8a85ef86f83a0ad0d"
        "a8700b52c23bba438cc09d0f3e04dc4fb0826e3c2bffef8d8a45c1e49a64e50c",
        LIMIT_BODY,
        "903671169785507840",
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_signatures_match_the_known_answers(name: str) -> None:
    vector = VECTORS[name]
    key = ApiKey("key", vector.secret, "0", (), "", 0)
    signed = key.signature(
        vector.timestamp,
        vector.verb,
        vector.target,
        body=vector.body,
        subaccount_id=vector.subaccount,
    )
    assert signed == vector.signature


async def test_a_request_without_a_key_gets_400() -> None:
    async with street() as valr:
        reply = await valr.get("/v1/account/balances")
        assert (reply.status, reply.body) == (
            400,
            {"code": -11268, "message": "API key header missing: X-VALR-API-KEY"},
        )


@pytest.mark.parametrize(
    "change",
    [
        {"X_VALR_API_KEY": "0" * 64},
        {"X_VALR_SIGNATURE": "0" * 128},
        {"X_VALR_SIGNATURE": "ü"},
        {"X_VALR_TIMESTAMP": str(START_NS // 1_000_000 + 1)},
        {"X_VALR_TIMESTAMP": "-5"},
        {"X_VALR_TIMESTAMP": ""},
        {"X_VALR_SUB_ACCOUNT_ID": ""},
        {"X_VALR_SUB_ACCOUNT_ID": "7"},
    ],
)
async def test_credentials_that_do_not_fit_get_401(change: dict[str, str]) -> None:
    async with street() as valr:
        reply = await valr.trader().call("GET", "/v1/account/balances", **change)
        assert (reply.status, reply.body["code"]) == (401, -11252)


async def test_the_signature_covers_the_query_and_the_body_as_they_are_on_the_wire() -> None:
    async with street() as valr:
        trader = valr.trader()
        path = "/v1/account/tradehistory"
        signed_without_query = trader.headers("GET", path)
        assert (await valr.send("GET", path + "?limit=1", b"", signed_without_query)).status == 401
        assert (await trader.get(path + "?limit=1&startTime=2026-01-01T00%3A00%3A00Z")).status == 200
        spaced = b'{ "side":"BUY","quantity":"0.01","price":"900000","pair":"BTCZAR" }'
        headers = trader.headers("POST", "/v1/orders/limit", spaced)
        assert (await valr.send("POST", "/v1/orders/limit", spaced + b" ", headers)).status == 401
        assert (await valr.send("POST", "/v1/orders/limit", spaced, headers)).status == 202


async def test_a_primary_key_may_act_on_a_subaccount() -> None:
    async with street() as valr:
        headers = valr.trader().headers("GET", "/v1/orders/open", subaccount="7")
        await valr.trader("7").place(customerOrderId="of-7")
        reply = await valr.send("GET", "/v1/orders/open", b"", headers)
        assert [order["customerOrderId"] for order in reply.body] == ["of-7"]


@pytest.mark.parametrize(("account", "subaccount"), [("7", "0"), ("0", "nobody")])
async def test_other_impersonations_are_refused(account: str, subaccount: str) -> None:
    async with street() as valr:
        headers = valr.trader(account).headers("GET", "/v1/orders/open", subaccount=subaccount)
        assert (await valr.send("GET", "/v1/orders/open", b"", headers)).status == 401


async def test_a_revoked_key_is_refused() -> None:
    async with street() as valr:
        trader = valr.trader()
        valr.exchange.revoke_api_key(trader.key)
        assert (await trader.get("/v1/orders/open")).status == 401


async def test_a_key_that_may_only_view_cannot_trade() -> None:
    async with street() as valr:
        viewer = valr.trader(permissions=("View access",))
        refusals = [
            await viewer.place("v1"),
            await viewer.place("v2"),
            await viewer.call("DELETE", "/v1/orders"),
            await viewer.call("POST", "/v1/batch/orders", {"requests": []}),
        ]
        assert [reply.status for reply in refusals] == [403] * 4
        assert (await viewer.get("/v1/orders/open")).status == 200


async def test_a_key_that_may_only_trade_cannot_view() -> None:
    async with street() as valr:
        blind = valr.trader(permissions=("Trade",))
        assert (await blind.get("/v1/account/balances")).status == 403
        assert (await blind.place()).status == 201


async def test_a_post_without_the_json_content_type_gets_403() -> None:
    async with street() as valr:
        reply = await valr.trader().call("POST", "/v1/orders/limit", btc_order(), Content_Type="text/plain")
        assert (reply.status, reply.text) == (403, "")


async def test_a_delete_or_get_needs_no_content_type() -> None:
    async with street() as valr:
        trader = valr.trader()
        for verb, target in (("GET", "/v1/orders/open"), ("DELETE", "/v1/orders")):
            headers = trader.headers(verb, target)
            del headers["Content-Type"]
            assert (await valr.send(verb, target, b"", headers)).status == 200


async def _status_after(trader: Trader, seconds: float) -> int:
    """The client's clock is that many seconds ahead of the exchange's."""
    trader.street.clock.advance(seconds)
    headers = trader.headers("GET", "/v1/orders/open")
    trader.street.clock.advance(-seconds)
    return (await trader.street.send("GET", "/v1/orders/open", b"", headers)).status


async def test_timestamps_may_be_bounded_by_a_tolerance() -> None:
    async with street(timestamp_tolerance_s=5.0) as valr:
        trader = valr.trader()
        assert [await _status_after(trader, skew) for skew in (-5, 5, -6, 6)] == [200, 200, 401, 401]


async def test_without_a_tolerance_any_timestamp_will_do() -> None:
    async with street() as valr:
        assert await _status_after(valr.trader(), -1_000_000) == 200


async def test_repeated_timestamps_may_be_refused() -> None:
    async with street(refuse_repeated_timestamps=True) as valr:
        trader = valr.trader()
        assert [await _status_after(trader, skew) for skew in (1, 1, 0.5, 2)] == [200, 401, 200, 200]


async def test_the_current_key_tells_what_it_may() -> None:
    async with street() as valr:
        primary = await valr.trader(label="bot").get("/v1/account/api-keys/current")
        sub = await valr.trader("7", permissions=("View access",)).get("/v1/account/api-keys/current")
        assert primary.body == {
            "label": "bot",
            "permissions": ["View access", "Trade"],
            "addedAt": "2026-09-21T14:13:20.000Z",
            "isSubAccount": False,
        }
        assert (sub.body["permissions"], sub.body["isSubAccount"]) == (["View access"], True)
