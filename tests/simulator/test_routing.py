"""Which route a request takes, and how the plain request reads its target."""

from __future__ import annotations

from random import Random

import pytest

from valr_connector.simulator.answers import Answer
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.rest_call import Call, Route
from valr_connector.simulator.routing import RouteTable
from valr_connector.simulator.transport import HttpRequest


async def _nothing(_section: object, _call: Call) -> Answer:
    return Answer(200)


TABLE = RouteTable(
    Route(method, path, object, _nothing)
    for method, path in (
        ("GET", "/v1/orders/{pair}"),
        ("GET", "/v1/orders/open"),
        ("GET", "/v1/orders/{pair}/orderid/{id}"),
        ("DELETE", "/v1/orders/{pair}"),
    )
)


@pytest.mark.parametrize(
    ("method", "target", "path", "names"),
    [
        ("GET", "/v1/orders/open", "/v1/orders/open", {}),
        ("GET", "/v1/orders/open?limit=1", "/v1/orders/open", {}),
        ("GET", "/v1/orders/BTCZAR", "/v1/orders/{pair}", {"pair": "BTCZAR"}),
        (
            "GET",
            "/v1/orders/A%2FB/orderid/1%202",
            "/v1/orders/{pair}/orderid/{id}",
            {"pair": "A/B", "id": "1 2"},
        ),
        ("DELETE", "/v1/orders/open", "/v1/orders/{pair}", {"pair": "open"}),
    ],
)
def test_a_request_takes_the_route_of_its_method_and_path(
    method: str, target: str, path: str, names: dict[str, str]
) -> None:
    found = TABLE.find(method, HttpRequest(method, target, {}).encoded_path)
    assert found is not None
    assert (found.route.method, found.route.path, found.names) == (method, path, names)


@pytest.mark.parametrize(
    ("method", "target"),
    [("PUT", "/v1/orders/open"), ("GET", "/v1/orders/"), ("GET", "/v1/orders"), ("GET", "/v1/orders/a/b")],
)
def test_what_has_no_route_finds_none(method: str, target: str) -> None:
    assert TABLE.find(method, HttpRequest(method, target, {}).encoded_path) is None


def test_a_target_is_read_as_it_is_encoded() -> None:
    request = HttpRequest("GET", "/v1/a%20b?from=2026-01-01T00%3A00&x=1&x=2&none=", {})
    assert request.path == "/v1/a b"
    assert request.query == {"from": "2026-01-01T00:00", "x": "1", "none": ""}


async def test_without_listening_an_open_exchange_answers_whoever_calls() -> None:
    exchange = EmbeddedExchange(rng=Random(1))
    exchange.open()
    answer = await exchange.answer(HttpRequest("GET", "/v1/public/status", {}))
    assert answer == Answer(200, b'{"status":"online"}')
    refused = exchange.admit(HttpRequest("GET", "/ws/account", {}))
    assert isinstance(refused, Answer)
    assert refused.status == 401
    await exchange.stop()
