"""The connection of one socket, as an automaton without a socket.

Theory
======

A connection is *dialled*, then *open*, and neither proves anything: some libraries drop the signed headers on
the way, and the socket opens all the same (protocol 2.4). Only the frame AUTHENTICATED proves who we are.
After it the world has to be rebuilt, since nothing that happened while we were away is replayed (protocol
14.4): *resyncing* lasts until whoever owns the socket says that it is done. Only then is the connection
*live*.

A socket can die without a word. VALR sends no pings of its own (protocol 14.3), so we do, and any frame
that comes in is life. A PING that nothing followed in time makes the connection *stale*: still open, no
longer to be trusted. The next frame, whatever it says, makes it live again. Another PING leaves at once;
where nothing follows that one in time either, or where silence reaches its own deadline, the connection is
dead, and the shell cuts it. So an exchange that is slow has twice the time to say anything at all.

Every dial has a number, the *epoch*. Whatever happened in an earlier epoch (a snapshot, a pending command, a
book) says nothing about this one.

::

    IDLE --dial--> DIALLING --opened--> AUTHENTICATING --authenticated--> RESYNCING --resynced--> LIVE
      ^               |                       |                               |                  |   ^
      |               |                       |                               |           overdue|   |frame
      |               |                       |                               |                  v   |
      +-----lost------+----------lost---------+-------------lost--------------+------lost------- STALE
      |
      +-----lost------ CLOSING <--close-- (any of them but IDLE)

An event that means nothing in a state leaves the state as it is. It is not an error: events are facts, and
facts come late (an AUTHENTICATED read from the buffer of a connection that is being closed).

A connection can also die while it is dialled, or before AUTHENTICATED, and nothing tells that from an
exchange that is slow. So the first wait for either is short, and each one in vain doubles the next, up to the
deadline (:attr:`Session.dial_s`).

A refused signature gets one more chance, for it is signed afresh and the clock may have been corrected since;
the second refusal in a row is final.

What was sent on a connection that has stalled can arrive much later, as long as the connection lives. VALR
answers what it reads in order, so the PONG to a PING proves that everything sent before that PING was read
(:meth:`Session.arrived_by`); the end of the connection proves that nothing more will be. PONGs carry no id,
and one that is told twice would pass for the answer to a PING that has not been read. So a PONG that comes
too soon after another proves nothing, and a PING that is to prove something keeps its distance. If another
PING was under way, that PONG may have been its answer after all, and no other one will come: from then on one
PING more has to be under way to prove anything (:meth:`Session.is_asked`).

A command whose outcome is overdue is reason enough to send a PING out of turn: nothing at all for a short
while after it (``doubt_s``) makes the connection dead, long before the silence that would be needed without
that reason.

Times are nanoseconds of one monotonic clock, handed in as ``now``.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from valr_connector.errors import InvalidArgumentError
from valr_connector.model.enums import SessionState

_NS_PER_S: Final = 1_000_000_000
REFUSALS_ARE_FINAL_AT: Final = 2
_EPOCHS_REMEMBERED: Final = 64
_PINGS_REMEMBERED: Final = 64
_TOLD_TWICE_NS: Final = 250_000_000
"""So soon after a PONG the same one may come again."""
_PINGS_APART_NS: Final = 2 * _TOLD_TWICE_NS
"""So far apart from the last PING and PONG, a PING has a PONG that proves something."""
_MOST_DOUBLINGS: Final = 63
"""Beyond this every deadline has long been reached; it keeps the power small."""


class SessionEvent(StrEnum):
    """What can happen to a connection."""

    DIAL = "DIAL"
    """We begin to connect."""
    OPENED = "OPENED"
    """The socket is open; nothing is proved yet."""
    AUTHENTICATED = "AUTHENTICATED"
    """VALR said so; or the socket is public and opened, for then there is nothing to prove."""
    RESYNCED = "RESYNCED"
    """Whoever owns the socket has rebuilt what it needs."""
    FRAME = "FRAME"
    """Anything came in."""
    OVERDUE = "OVERDUE"
    """Nothing came in for too long after a PING."""
    CLOSE = "CLOSE"
    """We begin to close."""
    LOST = "LOST"
    """There is no socket any more, or the dial failed."""


class Action(StrEnum):
    """What the shell has to do now."""

    WAIT = "WAIT"
    PING = "PING"
    """Send ``{"type":"PING"}`` and call :meth:`Session.pinged`."""
    DOUBT = "DOUBT"
    """Apply OVERDUE."""
    CUT = "CUT"
    """Abort the connection; :attr:`Session.doom` says why."""


_CUT, _DOUBT, _PING = _MOST_URGENT_FIRST = (Action.CUT, Action.DOUBT, Action.PING)
_IDLE, _DIALLING, _AUTHENTICATING = SessionState.IDLE, SessionState.DIALLING, SessionState.AUTHENTICATING
_RESYNCING, _LIVE, _STALE, _CLOSING = (
    SessionState.RESYNCING,
    SessionState.LIVE,
    SessionState.STALE,
    SessionState.CLOSING,
)

# A column for each event, a row for each state; complete, so that nothing is decided by omission.
_EVENTS: Final = (
    SessionEvent.DIAL, SessionEvent.OPENED, SessionEvent.AUTHENTICATED, SessionEvent.RESYNCED,
    SessionEvent.FRAME, SessionEvent.OVERDUE, SessionEvent.CLOSE, SessionEvent.LOST,
)  # fmt: skip
_ROWS: Final = {
    #                 DIAL             OPENED           AUTHENTICATED    RESYNCED
    #                 FRAME            OVERDUE          CLOSE            LOST
    _IDLE:           (_DIALLING,       _IDLE,           _IDLE,           _IDLE,
                      _IDLE,           _IDLE,           _IDLE,           _IDLE),
    _DIALLING:       (_DIALLING,       _AUTHENTICATING, _DIALLING,       _DIALLING,
                      _DIALLING,       _DIALLING,       _CLOSING,        _IDLE),
    _AUTHENTICATING: (_AUTHENTICATING, _AUTHENTICATING, _RESYNCING,      _AUTHENTICATING,
                      _AUTHENTICATING, _AUTHENTICATING, _CLOSING,        _IDLE),
    _RESYNCING:      (_RESYNCING,      _RESYNCING,      _RESYNCING,      _LIVE,
                      _RESYNCING,      _RESYNCING,      _CLOSING,        _IDLE),
    _LIVE:           (_LIVE,           _LIVE,           _LIVE,           _LIVE,
                      _LIVE,           _STALE,          _CLOSING,        _IDLE),
    _STALE:          (_STALE,          _STALE,          _STALE,          _STALE,
                      _LIVE,           _STALE,          _CLOSING,        _IDLE),
    _CLOSING:        (_CLOSING,        _CLOSING,        _CLOSING,        _CLOSING,
                      _CLOSING,        _CLOSING,        _CLOSING,        _IDLE),
}  # fmt: skip

TRANSITIONS: Final = MappingProxyType(
    {(state, event): after for state, row in _ROWS.items() for event, after in zip(_EVENTS, row, strict=True)}
)
"""(state, event) -> state, for every pair."""

OPEN_STATES: Final = frozenset({_RESYNCING, _LIVE, _STALE})
"""The states in which a command may be sent: open and authenticated."""
_KEPT_ALIVE: Final = OPEN_STATES | {_AUTHENTICATING}


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """Deadlines of a connection, in seconds (protocol 2.4, 14.3).

    Attributes:
        dial_s: TCP, TLS and the upgrade together, at most.
        authentication_s: from the open socket to AUTHENTICATED, at most.
        first_answer_s: what either may take at first; it doubles with each that took longer.
        ping_s: between two PINGs, whatever else is said.
        pong_s: a PING that nothing followed for this long makes a live connection stale; a second one that
            nothing followed either makes it dead.
        silence_s: without any inbound frame for this long the connection is dead.
        doubt_s: the same where a command is overdue and a PING was sent for its sake.
        close_s: what a closing handshake may take before the connection is cut.
    """

    dial_s: float = 10.0
    authentication_s: float = 10.0
    first_answer_s: float = 1.5
    ping_s: float = 15.0
    pong_s: float = 10.0
    silence_s: float = 45.0
    doubt_s: float = 1.5
    close_s: float = 1.0

    def __post_init__(self) -> None:
        for name in (
            "dial_s", "authentication_s", "first_answer_s",
            "ping_s", "pong_s", "silence_s", "doubt_s", "close_s",
        ):  # fmt: skip
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise InvalidArgumentError(name, value, "has to be a positive number of seconds")
        if self.silence_s <= self.ping_s:
            raise InvalidArgumentError("silence_s", self.silence_s, f"has to exceed ping_s ({self.ping_s})")


@dataclass(slots=True)
class Session:
    """State of one socket's connection. Changed by its shell only; readable by all.

    Attributes:
        keep_alive: the deadlines.
        state: where the connection stands.
        epoch: number of the current dial; 0 before the first.
        opened_ns: when the socket opened; None without a socket.
        authenticated_ns: when AUTHENTICATED came; None before.
        last_frame_ns: when the last frame came in (or the socket opened); None without a socket.
        ping_round_trip_ns: from the last answered PING to its PONG; None before the first.
        stable_ns: how long the last epoch had been authenticated when its socket was lost.
        spent_ns: how long the last epoch took, from its dial, to be lost without AUTHENTICATED; 0 with it.
        doom: why the last CUT was ordered.
        refusals: how often in a row VALR refused who we are.
        unanswered: how often in a row a dial, or AUTHENTICATED, did not come in time.
        is_alert: whether the next frame has to be looked at: somebody watches, or it can concern the
            connection itself, which is stale or `awaits_control`.
    """

    keep_alive: KeepAlive = field(default_factory=KeepAlive)
    state: SessionState = SessionState.IDLE
    epoch: int = 0
    opened_ns: int | None = None
    authenticated_ns: int | None = None
    last_frame_ns: int | None = None
    ping_round_trip_ns: int | None = None
    stable_ns: int = 0
    spent_ns: int = 0
    doom: str = ""
    refusals: int = 0
    unanswered: int = 0
    is_alert: bool = False
    _is_watched: bool = False
    _dialled_ns: int = 0
    _doubted_ns: int = 0
    """When the connection last became stale."""
    _ping_ns: int | None = None
    _unanswered: deque[int] = field(default_factory=deque)
    """When the PINGs left that no PONG has answered yet, oldest first: PONGs come in the order of PINGs."""
    _answered: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=_PINGS_REMEMBERED))
    """When PINGs of this epoch left, and when they were answered, oldest first."""
    _ponged_ns: int | None = None
    _passed_over: int = 0
    """How many of the unanswered PINGs may have been answered by PONGs that passed for others told twice."""
    _ended: dict[int, int] = field(default_factory=dict)
    """When the last epochs ended."""

    def apply(self, event: SessionEvent, now: int) -> SessionState:
        """Let an event happen; returns the state before it."""
        before = self.state
        self.state = TRANSITIONS[before, event]
        if self.state is not before:
            self._entered(event, now)
        self._note_alert()
        return before

    def frame(self, now: int) -> bool:
        """FRAME, made cheap for the reader's loop; returns whether it brought a stale connection back."""
        self.last_frame_ns = now
        return self.state is _STALE and self.apply(SessionEvent.FRAME, now) is _STALE

    def watch(self, is_watched: bool) -> None:
        """Whether every frame is to be looked at, beside those that concern the connection."""
        self._is_watched = is_watched
        self._note_alert()

    @property
    def can_send(self) -> bool:
        """Whether the socket is open and authenticated (protocol 20: no command before AUTHENTICATED)."""
        return self.state in OPEN_STATES

    @property
    def awaits_control(self) -> bool:
        """Whether the connection itself waits for a frame: AUTHENTICATED, or the PONG to a PING."""
        return bool(self._unanswered) or self.state is _AUTHENTICATING

    @property
    def dial_s(self) -> float:
        """How long the next dial may take; :meth:`dialled_in_vain` where it took longer."""
        return self._patience_s(self.keep_alive.dial_s)

    def dialled_in_vain(self) -> None:
        """Nobody answered a dial in time."""
        self.unanswered += 1

    def pinged(self, now: int) -> None:
        """A PING left."""
        self._ping_ns = now
        self._unanswered.append(now)
        self.is_alert = True

    def ponged(self, now: int) -> bool:
        """A PONG came; returns whether it answers a PING, and so gives a round trip."""
        before, self._ponged_ns = self._ponged_ns, now
        unanswered, passed_over = self._unanswered, self._passed_over
        if not unanswered:
            return False
        if before is None or now - before >= _TOLD_TWICE_NS:
            self._answered.append((unanswered[0], now))
        elif unanswered[0] <= before:
            self._passed_over = min(passed_over + 1, len(unanswered))
            return False
        self.ping_round_trip_ns = now - unanswered[min(passed_over, len(unanswered) - 1)]
        unanswered.popleft()
        self._passed_over = min(passed_over, len(unanswered))
        self._note_alert()
        return True

    def arrived_by(self, epoch: int, sent_ns: int) -> int | None:
        """By when what was sent then, on the connection of that epoch, had arrived at VALR or was lost.

        None while it may still be under way. An epoch of which nothing is known ended long ago.
        """
        if epoch == self.epoch and epoch not in self._ended:
            return next((answered for pinged, answered in self._answered if pinged >= sent_ns), None)
        return max(sent_ns, self._ended.get(epoch, 0))

    def is_asked(self, sent_ns: int) -> bool:
        """Whether PINGs are under way whose PONGs will prove that what was sent then has been read."""
        needed = self._passed_over + 1
        return len(self._unanswered) >= needed and self._unanswered[-needed] >= sent_ns

    def apart_s(self, now: int) -> float:
        """Seconds until a PING may leave whose PONG cannot be taken for that of another one."""
        last = max((at for at in (self._ping_ns, self._ponged_ns) if at is not None), default=None)
        return 0.0 if last is None else max(last + _PINGS_APART_NS - now, 0) / _NS_PER_S

    def has_heard_since(self, time_ns: int) -> bool:
        """Whether any frame came in at that time or later."""
        return self.last_frame_ns is not None and self.last_frame_ns >= time_ns

    def refused(self) -> bool:
        """VALR refused who we are; returns whether that is final."""
        self.refusals += 1
        return self.refusals >= REFUSALS_ARE_FINAL_AT

    def wait_s(self, now: int) -> float:
        """Seconds until :meth:`check` has to be called again, unless something happens before."""
        deadlines = self._deadlines()
        if not deadlines:
            return self.keep_alive.ping_s
        return max(min(deadlines.values()) - now, 0) / _NS_PER_S

    def check(self, now: int) -> Action:
        """What is due at `now`. A dead connection is cut before it is pinged."""
        deadlines = self._deadlines()
        for action in _MOST_URGENT_FIRST:
            if action in deadlines and now >= deadlines[action]:
                if action is _CUT:
                    self._condemn(now)
                return action
        return Action.WAIT

    def _deadlines(self) -> dict[Action, int]:
        opened, heard, pinged = self.opened_ns, self.last_frame_ns, self._ping_ns
        if opened is None or heard is None or self.state not in _KEPT_ALIVE:
            return {}
        limits = self.keep_alive
        deadlines = {
            _CUT: heard + _ns(limits.silence_s),
            _PING: (opened if pinged is None else pinged) + _ns(limits.ping_s),
        }
        if self.state is _AUTHENTICATING:
            deadlines[_CUT] = opened + _ns(self._authentication_s)
        if self.state is _LIVE and pinged is not None and heard < pinged:
            deadlines[_DOUBT] = pinged + _ns(limits.pong_s)
        if self.state is _STALE:
            deadlines[_CUT] = min(deadlines[_CUT], self._doubted_ns + _ns(limits.pong_s))
            if pinged is None or pinged < self._doubted_ns:
                deadlines[_PING] = self._doubted_ns
        return deadlines

    def _condemn(self, now: int) -> None:
        heard, limits = self.last_frame_ns, self.keep_alive
        if self.state is SessionState.AUTHENTICATING:
            self.doom = f"no AUTHENTICATED within {self._authentication_s:g} s"
            self.unanswered += 1
        elif heard is not None and now < heard + _ns(limits.silence_s):
            self.doom = f"nothing came for {limits.pong_s:g} s after a second PING"
        else:
            self.doom = f"silent for {limits.silence_s:g} s"

    def _note_alert(self) -> None:
        self.is_alert = self._is_watched or self.state is _STALE or self.awaits_control

    @property
    def _authentication_s(self) -> float:
        return self._patience_s(self.keep_alive.authentication_s)

    def _patience_s(self, longest_s: float) -> float:
        return min(longest_s, self.keep_alive.first_answer_s * 2.0 ** min(self.unanswered, _MOST_DOUBLINGS))

    def _entered(self, event: SessionEvent, now: int) -> None:
        if event is SessionEvent.DIAL:
            self.epoch += 1
            self.doom = ""
            self._dialled_ns = now
        elif event is SessionEvent.OPENED:
            self.opened_ns = self.last_frame_ns = now
        elif event is SessionEvent.AUTHENTICATED:
            self.authenticated_ns = now
            self.refusals = self.unanswered = 0
        elif event is SessionEvent.OVERDUE:
            self._doubted_ns = now
        elif event is SessionEvent.LOST:
            if self.authenticated_ns is None:
                self.stable_ns, self.spent_ns = 0, now - self._dialled_ns
            else:
                self.stable_ns, self.spent_ns = now - self.authenticated_ns, 0
            self.opened_ns = self.authenticated_ns = self.last_frame_ns = None
            self._ping_ns = None
            self._unanswered.clear()
            self._answered.clear()
            self._ponged_ns, self._passed_over = None, 0
            self._ended[self.epoch] = now
            self._ended.pop(self.epoch - _EPOCHS_REMEMBERED, None)


def _ns(seconds: float) -> int:
    return round(seconds * _NS_PER_S)
