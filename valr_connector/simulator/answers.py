"""HTTP answers: what a handler returns, before it becomes a response (protocol 3)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import orjson

from valr_connector.simulator.order_requests import InvalidFields
from valr_connector.simulator.settings import SimulatorSettings
from valr_connector.simulator.vocabulary import Rejection
from valr_connector.simulator.wire import JsonObject, error_body

JSON_TYPE = "application/json"
_HTML = b"<html><body><h1>429 Too Many Requests</h1></body></html>"


class Answer(NamedTuple):
    """Status and body; an empty body where `data` is empty."""

    status: int
    data: bytes = b""
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = MappingProxyType({})

    def with_headers(self, headers: Mapping[str, str]) -> Answer:
        """The same answer with more headers."""
        return self._replace(headers={**self.headers, **headers})


def ok(body: object, status: int = 200) -> Answer:
    """A JSON answer."""
    return Answer(status, orjson.dumps(body))


def rejection_body(rejection: Rejection) -> JsonObject:
    """The error object of a refusal; with the order's id if it got one (protocol 3.2)."""
    body = error_body(rejection.code, rejection.message)
    if isinstance(rejection, InvalidFields):
        body["validationErrors"] = {"errors": rejection.errors}
    return {"orderId": rejection.order_id, **body} if rejection.order_id else body


def error_answer(rejection: Rejection, *, status: int | None = None) -> Answer:
    """A refusal as an answer."""
    return ok(rejection_body(rejection), status or rejection.status)


def rate_limited_answer(settings: SimulatorSettings, seconds: float) -> Answer:
    """429; `seconds` until the window ends (protocol 4)."""
    headers = {"x-valr-ratelimited": "true"}
    if settings.retry_after:
        headers["Retry-After"] = str(math.ceil(seconds))
    data, content_type = {
        "html": (_HTML, "text/html"),
        "json": (orjson.dumps(error_body(-11, "Too many requests")), JSON_TYPE),
        "empty": (b"", JSON_TYPE),
    }[settings.rate_limited_body]
    return Answer(429, data, content_type, headers)
