"""What log records are about, in fields of their own: the ``extra`` of a logging call."""

from __future__ import annotations

from collections.abc import Mapping

from valr_connector.model.order import InFlightOrder


def about_order(order: InFlightOrder) -> Mapping[str, str | None]:
    """The fields of a record that is about an order."""
    return {
        "client_order_id": order.client_order_id,
        "exchange_order_id": order.exchange_order_id,
        "pair": order.pair,
        "status": order.status.value,
    }
