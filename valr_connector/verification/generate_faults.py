"""What may go wrong, drawn at random: faults for a command, and faults out of nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from valr_connector.verification import schedule as s

SOCKETS: Final[tuple[s.SocketName, ...]] = ("account", "account", "account", "trade")
SOCKETS_WITHOUT_BOOKS: Final[tuple[s.SocketName, ...]] = ("account",)
"""Nobody opens the other one."""
_SLOW_FATES: Final = frozenset({s.FrameFate.LATE, s.FrameFate.STALL})
_NEWS: Final = ("ORDER_STATUS_UPDATE", "NEW_ACCOUNT_TRADE", "OPEN_ORDERS_UPDATE", "")
_FEED_FATES: Final = frozenset({s.FrameFate.FALSIFY})
"""Only the frames of books have what these change."""
_FATES: Final = tuple(fate for fate in s.FrameFate if fate not in _FEED_FATES)
_OUTWARD_FATES: Final = (
    s.FrameFate.DROP,
    s.FrameFate.LATE,
    s.FrameFate.STALL,
    s.FrameFate.CUT_BEFORE,
    s.FrameFate.CUT_AFTER,
)
_OUTAGES: Final = (500, 502, 503, 504)
_SHARE_OF_429: Final = 0.08
"""Not more often: VALR takes a 429 back at its next full minute, and the schedule waits for that."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How much trouble.

    Attributes:
        aimed: chance that a command has a fault aimed at it.
        others: how many other faults there are at most.
        sockets, rest: weights of the two kinds.
    """

    aimed: float
    others: int
    sockets: int
    rest: int

    @property
    def is_calm(self) -> bool:
        """Whether there is none."""
        return not self.aimed and not self.others


@dataclass(frozen=True, slots=True)
class Aim:
    """The frames and the route of one kind of command; `command` is empty where it goes by REST alone."""

    command: str
    reply: str
    route: str


PLACING: Final = Aim("PLACE_LIMIT_ORDER", "PLACE_LIMIT_WS_RESPONSE", "POST_/v2/orders")
CANCELLING: Final = Aim("CANCEL_LIMIT_ORDER", "CANCEL_ORDER_WS_RESPONSE", "DELETE_/v2/orders")
MODIFYING: Final = Aim("MODIFY_ORDER", "MODIFY_ORDER_OUTCOME", "PUT_/v2/orders")
BATCHING: Final = Aim("", "ORDER_PROCESSED", "POST_/v1/batch")
STOPPING: Final = Aim("", "ORDER_PROCESSED", "POST_/v2/orders/stop")


class FaultMaker:
    """Draws faults.

    Args:
        sockets: to draw from.
    """

    def __init__(self, rng: Random, mix: Mix, sockets: Sequence[s.SocketName]) -> None:
        self._rng = rng
        self._mix = mix
        self._sockets = sockets

    @property
    def is_calm(self) -> bool:
        """Whether there are none to draw."""
        return self._mix.is_calm

    def aimed(self, at: float, aim: Aim) -> Iterator[s.AnyStep]:
        """A fault for the command that is given at that moment, or none."""
        rng = self._rng
        if rng.random() >= self._mix.aimed:
            return
        if self._is_rest() or not aim.command:
            yield self._request_fault(at, rng.choice((aim.route, aim.route, "GET_/v1/orders")))
        elif rng.random() < 0.45:
            yield self._outward(at, rng.choice((aim.command, "")))
        else:
            yield self._inward(at, rng.choice((aim.reply, aim.reply, *_NEWS)))

    def others(self, until: float) -> Iterator[s.AnyStep]:
        """Faults that nobody's deeds call for."""
        rng = self._rng
        if self._mix.is_calm:
            return
        for _ in range(rng.randint(0, self._mix.others)):
            at = self.seconds(0.0, until + 0.5)
            if self._is_rest():
                yield self._request_fault(at, rng.choice(("", "GET_/v1/orders", "GET_/v1/account", "POST_")))
            else:
                yield self._socket_fault(at)
        if rng.random() < 0.06:
            yield s.Jump(at=self.seconds(0.0, until), seconds=float(rng.choice((-3600, -5, 5, 3600))))
        if rng.random() < 0.04:
            yield s.ReadOnly(at=self.seconds(0.0, until), seconds=self.seconds(0.5, 2.0))

    def seconds(self, least: float, most: float) -> float:
        """Some time between."""
        return round(self._rng.uniform(least, most), 3)

    def _is_rest(self) -> bool:
        return self._rng.randrange(self._mix.sockets + self._mix.rest) >= self._mix.sockets

    def _outward(self, at: float, kind: str) -> s.FrameFault:
        fate = self._rng.choice(_OUTWARD_FATES)
        longest = 3.0 if fate is s.FrameFate.LATE else 7.0
        seconds = self.seconds(0.01, longest) if fate in _SLOW_FATES else 0.0
        return s.FrameFault(at=at, way="out", kind=kind, fate=fate, seconds=seconds)

    def _inward(self, at: float, kind: str) -> s.FrameFault:
        rng = self._rng
        fate = (
            s.FrameFate.REWORD if kind == "ORDER_STATUS_UPDATE" and rng.random() < 0.2 else rng.choice(_FATES)
        )
        seconds = self.seconds(0.01, 7.0) if fate in _SLOW_FATES else 0.0
        count = rng.choice((1, 1, 2, 4))
        return s.FrameFault(at=at, way="in", kind=kind, fate=fate, seconds=seconds, count=count)

    def _request_fault(self, at: float, kind: str) -> s.RequestFault:
        rng = self._rng
        fate = rng.choice(tuple(s.RequestFate))
        is_slow = fate in (s.RequestFate.SLOW, s.RequestFate.LATE)
        is_limited = fate is s.RequestFate.ERROR_BEFORE and rng.random() < _SHARE_OF_429
        return s.RequestFault(
            at=at,
            kind=kind,
            fate=fate,
            seconds=self.seconds(0.1, 4.0) if is_slow else 0.0,
            status=429 if is_limited else rng.choice(_OUTAGES),
            count=rng.choice((1, 2, 5)),
            lasting=self.seconds(0.5, 4.0) if rng.random() < 0.4 else 0.0,
        )

    def _socket_fault(self, at: float) -> s.AnyStep:
        rng = self._rng
        socket = rng.choice(self._sockets)
        match rng.randrange(7):
            case 0 | 1:
                return s.Cut(at=at, socket=socket, code=rng.choice((1000, 1006, 1006, 1012)))
            case 2:
                seconds = rng.choices((0.5, 2.0, 6.0, 12.0), (4, 3, 2, 1))[0]
                return s.HalfOpen(at=at, socket=socket, seconds=seconds)
            case 3:
                return s.DialFault(
                    at=at,
                    socket=socket,
                    fate=rng.choice(tuple(s.DialFate)),
                    status=429 if rng.random() < _SHARE_OF_429 else rng.choice((500, 503)),
                    count=rng.choice((1, 2)),
                )
            case 4:
                kinds: Sequence[s.StrangeFrame] = ("unknown", "garbage", "empty", "binary")
                return s.Inject(at=at, socket=socket, kind=rng.choice(kinds))
            case 5:
                return self._inward(at, "")
            case _:
                return self._inward(at, rng.choice(("ORDER_STATUS_UPDATE", "NEW_ACCOUNT_TRADE")))
