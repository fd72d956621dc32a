"""What everybody is told in the comparison: one order's recorded life, or the part of it about the order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import groupby
from typing import Any, Final

from benchmarks.order_frames import life

ABOUT_THE_ORDER: Final = ("ORDER_PROCESSED", "ORDER_STATUS_UPDATE", "NEW_ACCOUNT_TRADE")
UNKNOWN_TO_PEERS: Final = ("OPEN_ORDERS_UPDATE", "NEW_ACCOUNT_HISTORY_RECORD")
"""Lists and records that no exchange of theirs sends, so that they have nothing to take them with."""
PRICE, AMOUNT = "900000", "0.01"
BASE, QUOTE = "BTC", "ZAR"
HELD_AT_THE_END: Final = Decimal("5.009995")
"""Of the base currency."""
FIRST_LIVE: Final = 0x1000_0000
"""The numbers of orders that stay live are beyond those of the others."""

Messages = Callable[[int], list[bytes]]
"""What is told of the order of that number."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """What is told of an order from its placement to its end: confirmed, and executed in three trades.

    Attributes:
        as_sent: what VALR sends, for the library and the yardstick.
        of_peers: what there is a counterpart for elsewhere, in VALR's words.
    """

    as_sent: Messages
    of_peers: Messages


def about_the_order(number: int) -> list[bytes]:
    """Its confirmation, and its executions, each told twice: as a status and as a trade."""
    frames = life(number)
    return [frames[place] for place in _places(of=ABOUT_THE_ORDER)]


def known_to_peers(number: int) -> list[bytes]:
    """The reply to the placement and wallets as well."""
    frames = life(number)
    return [frames[place] for place in _places(but=UNKNOWN_TO_PEERS)]


def as_peers_hear_it(number: int) -> list[bytes]:
    """The same, with the wallets of one execution in one message, as most exchanges send them."""
    documents = map(json.loads, known_to_peers(number))
    return [json.dumps(document).encode() for document in _wallets_together(documents)]


STATUSES_AND_TRADES: Final = Sequence(about_the_order, about_the_order)
WHOLE_LIFE: Final = Sequence(life, as_peers_hear_it)
AS_PEERS_KNOW_IT: Final = Sequence(known_to_peers, as_peers_hear_it)
"""Without what VALR alone sends."""


def _wallets_together(documents: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One BALANCE_UPDATE for those that follow each other."""
    for are_wallets, group in groupby(documents, lambda document: document["type"] == "BALANCE_UPDATE"):
        if are_wallets:
            wallets = [_wallet(document["data"]) for document in group]
            yield {"type": "BALANCE_UPDATE", "data": {"wallets": wallets}}
        else:
            yield from group


def _wallet(data: dict[str, Any]) -> dict[str, str]:
    """Without what only VALR says of a currency."""
    held = {name: data[name] for name in ("available", "reserved", "total")}
    return {"currency": data["currency"]["shortName"]} | held


@cache
def _places(*, of: tuple[str, ...] = (), but: tuple[str, ...] = ()) -> tuple[int, ...]:
    kinds = [json.loads(raw)["type"] for raw in life(0)]
    wanted = set(of or kinds).difference(but)
    return tuple(place for place, kind in enumerate(kinds) if kind in wanted)
