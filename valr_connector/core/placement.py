"""The placement automaton: what follows from what is known of an attempt to place an order.

Theory
------
One intent is one customerOrderId, and at most one order (protocol 20). A placement may be sent again only
where that cannot make a second order: the attempt provably never left this process, or VALR, asked after
the grace, knows the id neither among its active orders nor in its history. Whatever is unknown is probed.
VALR's refusal of an id in use proves that an earlier attempt lives: that order is found, and is the one.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from valr_connector.core.evidence import Says
from valr_connector.model.enums import RetryPolicy

DUPLICATE_ID_CODE = -11502
"""VALR's code for a customerOrderId that an open order has (protocol 3.3)."""
_DUPLICATE_ID_TEXT = "duplicate customer order id"
"""How the text begins that VALR has for the same; a reply of the socket may lack the code (protocol 15.6)."""


class Fate(IntEnum):
    """What is known of one attempt to place an order."""

    NOT_SENT_ON_SOCKET = 1
    NOT_SENT_BY_REST = 2
    UNKNOWN = 3
    PROVED_ABSENT = 4
    DUPLICATE_ID = 5
    REFUSED = 6


class Step(IntEnum):
    """What follows.

    PLACE: send it by REST v2, under the same id.
    PROBE: keep it tracked as unknown, and ask VALR until VALR's answer settles it.
    FAIL: there is no such order, and there will be none.
    """

    PLACE = 1
    PROBE = 2
    FAIL = 3


# Read it by the row: what follows from this fate under each policy.
_STEPS = """
                     NEVER   IF_UNSENT  IF_PROVED_ABSENT
NOT_SENT_ON_SOCKET   fail    place      place
NOT_SENT_BY_REST     fail    fail       fail
UNKNOWN              probe   probe      probe
PROVED_ABSENT        fail    fail       place
DUPLICATE_ID         probe   probe      probe
REFUSED              fail    fail       fail
"""


def _read(table: str) -> Mapping[tuple[Fate, RetryPolicy], Step]:
    header, *rows = table.strip().splitlines()
    policies = [RetryPolicy[name] for name in header.split()]
    steps: dict[tuple[Fate, RetryPolicy], Step] = {}
    for row in rows:
        fate, *words = row.split()
        for policy, word in zip(policies, words, strict=True):
            steps[Fate[fate], policy] = Step[word.upper()]
    return steps


TABLE = _read(_STEPS)

SAYS: Mapping[Fate, Says] = {
    Fate.NOT_SENT_ON_SOCKET: Says.NOT_SENT,
    Fate.NOT_SENT_BY_REST: Says.NOT_SENT,
    Fate.UNKNOWN: Says.PLACEMENT_UNKNOWN,
    Fate.PROVED_ABSENT: Says.PROVED_ABSENT,
    Fate.DUPLICATE_ID: Says.PLACEMENT_UNKNOWN,
    Fate.REFUSED: Says.REFUSED,
}
"""What each fate says about the order, where it is not placed again."""


def next_step(policy: RetryPolicy, fate: Fate) -> Step:
    """What follows from the fate of an attempt."""
    return TABLE[fate, policy]


def may_place_again(policy: RetryPolicy, *, sent: int, most: int, is_unwanted: bool) -> bool:
    """Whether an order that was proved absent is placed once more.

    Args:
        sent: how often it may have left for VALR.
        most: how often it may do so.
        is_unwanted: a cancel was asked for meanwhile.
    """
    return next_step(policy, Fate.PROVED_ABSENT) is Step.PLACE and sent < most and not is_unwanted


def fate_of_refusal(code: int | None, text: str) -> Fate:
    """What a refusal with this code and this text says of the attempt; the text counts without a code."""
    says_so = text.casefold().startswith(_DUPLICATE_ID_TEXT) if code is None else code == DUPLICATE_ID_CODE
    return Fate.DUPLICATE_ID if says_so else Fate.REFUSED
