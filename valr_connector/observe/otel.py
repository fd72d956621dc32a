"""Spans of OpenTelemetry around commands: ``ValrExchange(..., spans=otel_spans())``.

Needs the extra ``valr-connector[otel]``; nothing else imports this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager

from opentelemetry import trace

from valr_connector.observe.spans import Span, Spans


def otel_spans(provider: trace.TracerProvider | None = None) -> Spans:
    """How spans are opened with OpenTelemetry.

    Args:
        provider: whose they are; the process's own by default.
    """
    tracer = trace.get_tracer("valr_connector", tracer_provider=provider)

    def span(name: str, about: Mapping[str, str]) -> AbstractContextManager[Span]:
        return tracer.start_as_current_span(name, kind=trace.SpanKind.CLIENT, attributes=about)

    return span
