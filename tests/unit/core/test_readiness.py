"""Ready means every part, and nothing forces it."""

from __future__ import annotations

from valr_connector.core.readiness import Part, PartStatus, Readiness, parts_in_use
from valr_connector.model.events import ReadinessChanged


def test_nothing_is_ready_before_anything_was_done() -> None:
    readiness = Readiness(Part)
    assert not readiness.is_ready
    assert readiness.parts == dict.fromkeys(Part, PartStatus(ready=False, why_not="not started"))


def test_it_is_ready_with_the_last_part_and_says_so_once() -> None:
    readiness = Readiness(Part)
    *first, last = Part
    assert [readiness.ready(part) for part in first] == [None] * len(first)
    assert not readiness.is_ready
    assert (readiness.ready(last), readiness.is_ready) == (ReadinessChanged(True, ()), True)
    assert readiness.ready(last) is None


def test_one_part_that_is_lost_is_enough_not_to_be_ready() -> None:
    readiness = Readiness([Part.BALANCES, Part.OPEN_ORDERS])
    readiness.ready(Part.BALANCES)
    readiness.ready(Part.OPEN_ORDERS)
    change = readiness.not_ready(Part.BALANCES, "disconnected")
    assert change == ReadinessChanged(False, ("balances: disconnected",))
    assert readiness.not_ready(Part.OPEN_ORDERS, "disconnected") is None
    assert readiness.missing == ("balances: disconnected", "open orders: disconnected")


def test_the_table_shows_the_newest_reason() -> None:
    readiness = Readiness([Part.ACCOUNT_STREAM])
    readiness.not_ready(Part.ACCOUNT_STREAM, "dialling")
    readiness.not_ready(Part.ACCOUNT_STREAM, "authenticating")
    assert readiness.parts[Part.ACCOUNT_STREAM] == PartStatus(ready=False, why_not="authenticating")
    readiness.ready(Part.ACCOUNT_STREAM)
    assert readiness.parts[Part.ACCOUNT_STREAM] == PartStatus(ready=True)


def test_a_part_that_is_not_needed_changes_nothing() -> None:
    readiness = Readiness([Part.BALANCES])
    assert readiness.ready(Part.ORDER_BOOKS) is None
    assert Part.ORDER_BOOKS not in readiness.parts
    assert readiness.ready(Part.BALANCES) == ReadinessChanged(True, ())
    assert readiness.not_ready(Part.ORDER_BOOKS, "invalid") is None
    assert readiness.is_ready


def test_an_instance_has_the_parts_that_it_uses() -> None:
    everything = parts_in_use(order_books=True, cancel_on_disconnect=True)
    assert everything == tuple(Part)
    assert Part.ORDER_BOOKS not in parts_in_use(order_books=False, cancel_on_disconnect=True)
    assert Part.CANCEL_ON_DISCONNECT not in parts_in_use(order_books=True, cancel_on_disconnect=False)


def test_a_safety_net_that_is_not_granted_is_shown_and_keeps_nothing_from_being_ready() -> None:
    readiness = Readiness([Part.BALANCES, Part.CANCEL_ON_DISCONNECT])
    assert readiness.not_ready(Part.CANCEL_ON_DISCONNECT, "VALR says that it is off") is None
    change = readiness.ready(Part.BALANCES)
    assert change == ReadinessChanged(ready=True, missing=())
    assert readiness.parts[Part.CANCEL_ON_DISCONNECT] == PartStatus(
        ready=False, why_not="VALR says that it is off"
    )
