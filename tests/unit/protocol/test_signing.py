"""The published and computed vectors of protocol 2.3, and that a secret never shows (S11)."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest

from valr_connector.errors import InvalidArgumentError
from valr_connector.protocol.signing import Credentials, sign

DOCS_SECRET = "4961b74efac86b25cce8fbe4c9811c4c7a787b7a5996660afcc2e287ad864363"
OTHER_SECRET = "superdupersecret"
KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
B2 = b'{"customerOrderId":"ORDER-000001","pair":"BTCUSDC","side":"BUY","quoteAmount":"80000"}'
B9 = b'{"orderId":"e3b3c227-8240-41af-990b-40df7c3afc69","pair":"BTCUSDT"}'
B10 = (
    b'{"side":"BUY","quantity":"0.0001","price":"93129","pair":"BTCUSDT","postOnly":true,'
    b'"customerOrderId":"MM-1","timeInForce":"GTC"}'
)

VECTORS = {
    "V1": (
        DOCS_SECRET, 1558014486185, "GET", "/v1/account/balances", b"", "",
        ("9d52c181ed69460b49307b7891f04658e938b21181173844b5018b2fe783a6d4"
        "c62b8e67a03de4d099e7437ebfabe12c56233b73c6a0cc0f7ae87e05f6289928"),
    ),
    "V2": (
        DOCS_SECRET, 1558017528946, "POST", "/v1/orders/market", B2, "",
        ("09f536e3dfdad58443f16010a97a0a21ad27486b7b8d6d4103170d885410ed77"
        "f037f1fa628474190d4f5c08ca12c1acc850901f1c2e75c6d906ec3b32b008d0"),
    ),
    "V3": (
        OTHER_SECRET, 1577572690093, "GET", "/v1/account/balances", b"", "",
        ("647d276537b952fe37f349422a4a60a76ecc2e3fad509a523b03dccd1a940525"
        "f8ff06314ad1adc5625000223c514637cd9682ee89ffc285b7493e7c64e746aa"),
    ),
    "V4": (
        OTHER_SECRET, 1577572690093, "GET", "/v1/account/balances", b"", "909461317243875555",
        ("3dc9ed14dbb13f9c529bd75241686523ca1e77fcbe0184ca35fe8d5329692e5e"
        "26a3b3d7ff339dce6e829d3b1c93ef9e187cf696c07ef12517198950ea68af0f"),
    ),
    "V5": (
        DOCS_SECRET, 1558014486185, "GET", "/ws/account", b"", "",
        ("7c8893b201ee0a38e4fbc0e15aa30a5bab18a9e6c1e9c4f1c50ab7d1403bd8e1"
        "923d068f21be6b2a2717c43abb014a41ef762a113bb6d323393637dae9ac02fb"),
    ),
    "V6": (
        DOCS_SECRET, 1558014486185, "GET", "/ws/trade", b"", "",
        ("819a2650ba597a17da05cd5fb4a41b914de46abed43e267c1d905f4414c8fa2b"
        "45a8a94080b71ff19f16e845b29ae2869e9edb51afba6610dc5508db37494568"),
    ),
    "V7": (
        DOCS_SECRET, 1558014486185, "GET", "/ws/account", b"", "903671169785507840",
        ("35b1a69d63be11eb266d1df9047c73e8d25775fecabe3a687736a95eebd4ac82"
        "d72ba7fe4f9c0021cde01f6f5bdeeecd824797570781d64761f40bf5efbac87f"),
    ),
    "V8": (
        DOCS_SECRET, 1558014486185, "GET", "/v1/account/tradehistory?skip=0&limit=100", b"", "",
        ("2bd75b3ecd5301b789ee7ea5b2f690f9733bd01b6a52510e0e0b71e6792309e6"
        "3deb0e6d0ef1dce27b3f0f965f3f5c66f07fe60884cbc82d93d54b179fa0ab08"),
    ),
    "V9": (
        DOCS_SECRET, 1558017528946, "DELETE", "/v2/orders/order", B9, "",
        ("2f0b43dd2da4a51948acb257430a6048cee0320412678ad4df1ce014949581e4"
        "814d596c00d4455bb06a11d12ab1cd002a87e49d02e4fec4e21d35d243751b03"),
    ),
    "V10": (
        DOCS_SECRET, 1558017528946, "POST", "/v2/orders/limit", B10, "903671169785507840",
        ("be3856346e1cfbceeb034c65330c829c26af5d2d5eda61a8a85ef86f83a0ad0d"
        "a8700b52c23bba438cc09d0f3e04dc4fb0826e3c2bffef8d8a45c1e49a64e50c"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VECTORS)
def test_a_known_request_has_its_known_signature(name: str) -> None:
    secret, timestamp_ms, verb, target, body, subaccount_id, signature = VECTORS[name]
    assert sign(secret, timestamp_ms, verb, target, body, subaccount_id=subaccount_id) == signature


@pytest.mark.parametrize("name", VECTORS)
def test_the_headers_carry_key_signature_and_timestamp(name: str) -> None:
    secret, timestamp_ms, verb, target, body, subaccount_id, signature = VECTORS[name]
    headers = Credentials(KEY, secret, subaccount_id).auth_headers(timestamp_ms, verb, target, body)
    expected = {
        "X-VALR-API-KEY": KEY,
        "X-VALR-SIGNATURE": signature,
        "X-VALR-TIMESTAMP": str(timestamp_ms),
    }
    assert headers == expected | ({"X-VALR-SUB-ACCOUNT-ID": subaccount_id} if subaccount_id else {})


def test_the_query_is_signed_too() -> None:
    plain = sign(DOCS_SECRET, 1, "GET", "/v1/account/tradehistory")
    assert sign(DOCS_SECRET, 1, "GET", "/v1/account/tradehistory?limit=1") != plain


def test_credentials_name_the_subaccount_they_act_for() -> None:
    assert Credentials(KEY, DOCS_SECRET).subaccount_id == ""
    assert Credentials(KEY, DOCS_SECRET, "903671169785507840").subaccount_id == "903671169785507840"


def test_a_fingerprint_tells_keys_apart_and_shows_none() -> None:
    fingerprint = Credentials(KEY, OTHER_SECRET).fingerprint
    assert fingerprint == Credentials(KEY, DOCS_SECRET).fingerprint
    assert fingerprint != Credentials(KEY.upper(), OTHER_SECRET).fingerprint
    assert len(fingerprint) == 16
    assert fingerprint not in KEY


def test_neither_key_nor_secret_shows_in_any_text() -> None:
    credentials = Credentials(KEY, DOCS_SECRET)
    for text in (
        repr(credentials),
        str(credentials),
        f"{credentials}",
        f"{credentials!r:>10}",
        f"{[credentials]}",
    ):
        assert KEY not in text
        assert DOCS_SECRET not in text
    assert repr(credentials) == "Credentials(key=<hidden>, secret=<hidden>, subaccount_id='')"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_credentials_are_not_pickled(protocol: int) -> None:
    with pytest.raises(TypeError, match="credentials are not pickled"):
        pickle.dumps(Credentials(KEY, DOCS_SECRET), protocol)


def test_credentials_are_not_copied() -> None:
    with pytest.raises(TypeError, match="credentials are not pickled or copied"):
        copy.deepcopy(Credentials(KEY, DOCS_SECRET))


def test_credentials_have_no_dictionary_to_look_into() -> None:
    assert not hasattr(Credentials(KEY, DOCS_SECRET), "__dict__")


@pytest.mark.parametrize("bad", ["", "two words", "line\nbreak", "\u00e9t\u00e9", "tab\t"])
@pytest.mark.parametrize("field", ["key", "secret"])
def test_a_key_that_cannot_go_into_a_header_is_refused_without_showing_it(field: str, bad: str) -> None:
    given = {"key": KEY, "secret": DOCS_SECRET} | {field: bad}
    with pytest.raises(InvalidArgumentError) as caught:
        Credentials(**given)
    assert caught.value.field == f"api_{field}"
    assert caught.value.message == f"api_{field}='<hidden>': must be text of printable ASCII without spaces"
    shown = "".join(traceback.format_exception(caught.value))
    assert DOCS_SECRET not in shown
    assert KEY not in shown


@pytest.mark.parametrize("bad", ["abc", "1 2", "-1", "\u0661"])
def test_a_subaccount_is_a_decimal_number(bad: str) -> None:
    with pytest.raises(InvalidArgumentError, match="subaccount_id"):
        Credentials(KEY, DOCS_SECRET, bad)
