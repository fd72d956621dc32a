"""A REST request as data, and what all requests of one kind share."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from valr_connector.protocol.codec import check_utf8, encode_json
from valr_connector.protocol.decode_errors import DECODER_FAILURES, refuse

T = TypeVar("T")

_PARTS = {"pair": "[0-9A-Z]+", "id": "[^/]+"}


class Lane(StrEnum):
    """Which queue of the limiter a request stands in, the most urgent first."""

    CANCEL = "CANCEL"
    RECONCILE = "RECONCILE"
    PLACE = "PLACE"
    MODIFY = "MODIFY"
    READ = "READ"
    PUBLIC = "PUBLIC"


class Request(Struct, Generic[T], frozen=True):
    """One REST request, complete but for the host and the signature.

    Attributes:
        name: method and path template, for metrics and errors.
        method: HTTP method.
        target: path and query, percent-encoded once, exactly as signed and sent (protocol 2.2).
        body: exactly as signed and sent; None where there is none.
        is_signed: whether it needs the headers of protocol 2.2.
        lane: its queue in the limiter.
        may_retry: whether sending it again does no harm when its outcome is unknown.
        decode: the value of the body of a success; raises DecodeError.
        names_order: whether it is about an existing order, so that "not found" means that order.
    """

    name: str
    method: str
    target: str
    body: bytes | None
    is_signed: bool
    lane: Lane
    may_retry: bool
    decode: Callable[[bytes], T]
    names_order: bool = False

    @property
    def is_read(self) -> bool:
        """Whether it changes nothing at VALR."""
        return self.method == "GET"


class Endpoint(Generic[T]):
    """One kind of request: makes requests and decodes their answers.

    The path is a template, ``/v1/orders/{pair}/orderid/{id}``.
    """

    def __init__(
        self,
        method: str,
        path: str,
        lane: Lane,
        answer: type[T],
        *,
        may_retry: bool = True,
        names_order: bool = False,
    ) -> None:
        self.name = f"{method} {path}"
        self.method = method
        self.path = path
        self._lane = lane
        self._may_retry = may_retry
        self._names_order = names_order
        self._decoder = msgspec.json.Decoder(answer)
        self._path_pattern = re.compile(path.format_map(_PARTS))

    def request(
        self,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
        **parts: str,
    ) -> Request[T]:
        """One request; `parts` fill the template."""
        path = self.path.format_map({name: quote(part, safe="") for name, part in parts.items()})
        return Request(
            name=self.name,
            method=self.method,
            target=f"{path}?{urlencode(query)}" if query else path,
            body=None if body is None else encode_json(body),
            is_signed=self._lane is not Lane.PUBLIC,
            lane=self._lane,
            may_retry=self._may_retry,
            decode=self.decode,
            names_order=self._names_order,
        )

    def decode(self, body: bytes) -> T:
        """The value of the body of a success.

        Raises:
            DecodeError: the body does not fit.
        """
        try:
            check_utf8(body)
            return self._decoder.decode(body)
        except DECODER_FAILURES as error:
            refuse(self.name, body, error)

    def matches(self, method: str, path: str) -> bool:
        """Whether a request of this kind could have this method and path (without query)."""
        return method == self.method and self._path_pattern.fullmatch(path) is not None


AnyEndpoint = Endpoint[Any]
