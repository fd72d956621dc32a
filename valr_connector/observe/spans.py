"""Spans around the commands of a program's own: placing, cancelling, modifying.

Whoever traces says how a span is opened (`Spans`); `observe.otel` does it with OpenTelemetry.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from valr_connector.model.order import InFlightOrder

T = TypeVar("T")


class Span(Protocol):
    """One command under way."""

    def set_attribute(self, key: str, value: str) -> object:
        """Say something about it."""


Spans = Callable[[str, Mapping[str, str]], AbstractContextManager[Span]]
"""Opens a span by its name and first attributes; it ends with the block."""


async def traced(
    spans: Spans | None, name: str, order: InFlightOrder, command: Callable[[], Awaitable[T]]
) -> T:
    """Run a command about `order` within a span, where anybody wants one."""
    if spans is None:
        return await command()
    about = {"valr.client_order_id": order.client_order_id, "valr.pair": order.pair}
    with spans(name, about) as span:
        try:
            return await command()
        finally:
            span.set_attribute("valr.status", order.status.value)
            span.set_attribute("valr.exchange_order_id", order.exchange_order_id or "")
