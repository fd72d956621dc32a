"""`make tour` shows the walk that docs/architecture.md describes."""

from __future__ import annotations

from scripts import tour


async def test_the_tour_goes_from_the_socket_through_the_core_to_the_subscriber() -> None:
    printed = list(tour.lines(await tour.walk()))

    names = [line.split()[1] for line in printed]
    stations = [
        "DirectConnection.data_received",
        "Intake._take_whole",
        "UserStreamTracker.on_frame",
        "decode_account_frame",
        "EventRouter._on_status",
        "OrderTracker.apply",
        "apply",
        "EventPublisher.publish",
        "on_order_event",
    ]
    assert [name for name in dict.fromkeys(names) if name in stations] == stations
    assert "valr_connector/core/order_tracker.py:" in "".join(printed)
