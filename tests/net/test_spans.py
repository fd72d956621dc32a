"""A span around each command of a program's own."""

from __future__ import annotations

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.net.trading import venue
from valr_connector import OrderStatus, Side, ValrExchange
from valr_connector.observe.otel import otel_spans


async def test_placing_modifying_and_cancelling_are_spans_with_what_became_of_the_order() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    async with venue() as exchange:
        valr = ValrExchange.simulated(pairs=[], exchange=exchange, spans=otel_spans(provider))
        async with valr:
            order = await valr.place_limit_order("BTC-ZAR", Side.BUY, amount="0.01", price="900000")
            await valr.modify_order(order, price="900001")
            await valr.cancel_order(order)
    spans = exporter.get_finished_spans()
    assert [span.name for span in spans] == ["valr.place_order", "valr.modify_order", "valr.cancel_order"]
    first, _, last = (dict(span.attributes or {}) for span in spans)
    assert first == {
        "valr.client_order_id": order.client_order_id,
        "valr.exchange_order_id": order.exchange_order_id,
        "valr.pair": "BTC-ZAR",
        "valr.status": OrderStatus.OPEN.value,
    }
    assert last["valr.status"] == OrderStatus.CANCELLED.value
    provider.shutdown()
