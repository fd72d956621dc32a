"""Structs whose attributes are stored as those of plain classes are."""

from __future__ import annotations

import gc

import pytest
from msgspec import Struct

from valr_connector.core.order_record import OrderRecord
from valr_connector.core.order_story import Entry
from valr_connector.core.plain_stores import stored_plainly


@stored_plainly
class Box(Struct, gc=False):
    content: object = None


def test_what_was_stored_is_there() -> None:
    box = Box()
    box.content = 1
    assert box == Box(1)


def test_there_is_no_more_room_than_the_fields() -> None:
    with pytest.raises(AttributeError):
        setattr(Box(), "contents", 1)  # noqa: B010  a checker of types refuses the plain way


def test_the_garbage_collector_leaves_it_alone_whatever_is_stored() -> None:
    box = Box()
    box.content = [box]
    assert not gc.is_tracked(box)
    box.content = None


@pytest.mark.parametrize("struct", [Box, OrderRecord, Entry])
def test_stores_are_those_of_cpython_itself(struct: type[Struct]) -> None:
    assert struct.__setattr__ is object.__setattr__
