"""Every metric of the library, in one table: :data:`CATALOGUE`.

A metric is an object of this module, not a text: a misspelt name does not pass the type checker. The
instruments behind them are those of `observe.instruments`.
"""

from __future__ import annotations

from typing import Final

from valr_connector.observe.instruments import (
    MOST_SERIES,
    OTHER,
    Counter,
    Gauge,
    Instrument,
    Kind,
    Metric,
    Metrics,
    MetricSource,
    Sample,
    Value,
)

__all__ = [
    "CATALOGUE",
    "MOST_SERIES",
    "OTHER",
    "Counter",
    "Gauge",
    "Instrument",
    "Kind",
    "Metric",
    "MetricSource",
    "Metrics",
    "Sample",
    "Value",
]

READY = Metric("ready", Kind.GAUGE, (), "whether everything needed to trade is in place: 1, else 0")
FRAMES_RECEIVED = Metric("ws_frames_received", Kind.COUNTER, ("socket",), "frames that came in")
FRAMES_SENT = Metric("ws_frames_sent", Kind.COUNTER, ("socket",), "frames that went out, PINGs included")
HANDLER_ERRORS = Metric(
    "ws_handler_errors", Kind.COUNTER, ("socket",), "calls to handlers and taps that raised"
)
DIALS = Metric("ws_dials", Kind.COUNTER, ("socket",), "attempts to connect")
DISCONNECTS = Metric("ws_disconnects", Kind.COUNTER, ("socket",), "open connections that ended")
RECONNECTS = Metric(
    "ws_reconnects",
    Kind.COUNTER,
    ("socket", "cause"),
    "dials again, by what ended the connection or dial before",
)
FRAME_HANDLED = Metric(
    "ws_frame_handled",
    Kind.LATENCY,
    ("socket",),
    "from a frame's arrival until every callback that it led to has returned; one frame in 128 is timed",
)
PING_ROUND_TRIP = Metric("ws_ping_round_trip", Kind.LATENCY, ("socket",), "from a PING to its PONG")
RECOVERY = Metric("ws_recovery", Kind.LATENCY, ("socket",), "from a lost connection to the next live one")
REST_LATENCY = Metric(
    "rest_latency", Kind.LATENCY, ("endpoint",), "from sending a request to its whole answer"
)
REST_ANSWERS = Metric("rest_answers", Kind.COUNTER, ("endpoint", "status"), "answers by HTTP status")
REST_FAILURES = Metric("rest_failures", Kind.COUNTER, ("endpoint", "kind"), "attempts without an answer")
REST_RETRIES = Metric("rest_retries", Kind.COUNTER, ("endpoint",), "attempts after the first")
FRAMES_REFUSED = Metric(
    "ws_frames_refused", Kind.COUNTER, ("socket", "type"), "frames that do not fit the protocol"
)
PLACE_CONFIRMED = Metric(
    "order_place_confirmed", Kind.LATENCY, (), "from the call that places to VALR's word on the order"
)
CANCEL_CONFIRMED = Metric(
    "order_cancel_confirmed", Kind.LATENCY, (), "from the call that cancels to VALR's word on the order"
)
COMMAND_SENT = Metric(
    "command_call_to_sent",
    Kind.LATENCY,
    ("command",),
    "from the call to its command's handing over to the account socket, the wait for room in limits included",
)
COMMAND_RECEIPT = Metric(
    "command_sent_to_receipt", Kind.LATENCY, ("command",), "from sending a command to VALR's reply to it"
)
COMMAND_CONFIRMED = Metric(
    "command_receipt_to_confirmed",
    Kind.LATENCY,
    ("command",),
    "from VALR's reply to a placement or cancel to VALR's word on the order; none where that word "
    "came first, or a cancel was refused or its outcome not known in time",
)
ORDERS_IN_FLIGHT = Metric(
    "orders_in_flight", Kind.GAUGE, ("status",), "orders that have not ended, by what VALR last said of them"
)
ORDERS_UNKNOWN = Metric(
    "orders_unknown", Kind.GAUGE, (), "orders of which it is not known whether VALR has them"
)
ORDERS_ENDED = Metric("orders_ended", Kind.COUNTER, ("status",), "orders that ended, by how")
UNKNOWN_OUTCOMES = Metric(
    "order_unknown_outcomes", Kind.COUNTER, ("command",), "commands whose outcome was not known in time"
)
QUESTIONS = Metric(
    "order_questions", Kind.COUNTER, ("reason",), "questions about orders that were due and put, by reason"
)
PROBES = Metric(
    "order_probes", Kind.COUNTER, ("answer",), "times that VALR was asked by REST what became of an order"
)
RESYNC = Metric(
    "account_resync", Kind.LATENCY, (), "taking over balances, open orders and missed fills after a connect"
)
ORDERS_UNTRACKED = Metric(
    "orders_untracked", Kind.COUNTER, ("handling",), "open orders of the account that are not known here"
)
ORDERS_ZOMBIE = Metric(
    "orders_zombie", Kind.COUNTER, ("handling",), "orders that ended here and that VALR shows open"
)
CALLBACK_ERRORS = Metric(
    "event_callback_errors", Kind.COUNTER, ("event",), "subscribers' callbacks that raised"
)
LIMIT_WAIT = Metric(
    "limit_wait", Kind.LATENCY, ("lane",), "time that requests waited for room in VALR's limits"
)
LIMIT_THROTTLED = Metric(
    "limit_throttled", Kind.COUNTER, ("operation",), "requests not sent, for want of room in VALR's limits"
)
LIMIT_REFUSED = Metric("limit_refused", Kind.COUNTER, ("operation",), "requests that VALR's limits refused")
LIMIT_USE = Metric(
    "limit_use",
    Kind.GAUGE,
    ("lane",),
    "the fullest of VALR's limits that a lane counts in: the part of what the lane may use, 0 to 1",
)
MARKET_FRAMES_DROPPED = Metric(
    "market_frames_dropped",
    Kind.COUNTER,
    ("cause",),
    "market frames that led to nothing: of a book not followed, without a snapshot, repeated, or no news",
)
BOOK_BREAKS = Metric("book_breaks", Kind.COUNTER, ("pair",), "frames that proved a book wrong")
BOOK_RESYNCS = Metric("book_resyncs", Kind.COUNTER, ("pair",), "books that were asked for anew")
BOOK_RECOVERY = Metric("book_recovery", Kind.LATENCY, (), "from a book's becoming invalid to its next use")
CIRCUIT_STATE = Metric(
    "circuit_state", Kind.GAUGE, ("path",), "circuit breaker of a way to VALR: 0 closed, 1 half-open, 2 open"
)
CIRCUIT_OPENED = Metric("circuit_opened", Kind.COUNTER, ("path",), "times that a circuit breaker opened")
CLOCK_OFFSET = Metric("clock_offset", Kind.GAUGE, (), "VALR's time minus this machine's, seconds")
PART_RESTARTS = Metric("part_restarts", Kind.COUNTER, ("part",), "parts started again after an error")
STANDBY_TOLD = Metric(
    "standby_told", Kind.COUNTER, (), "frames that the standby alone brought, or brought first"
)
EVENTS_WAITING = Metric("events_waiting", Kind.GAUGE, (), "events in streams that nobody has read yet")
LOOP_LAG = Metric(
    "loop_lag", Kind.LATENCY, (), "how much too late the event loop wakes up, looked at once a second"
)
EVENTS_DROPPED = Metric("events_dropped", Kind.COUNTER, (), "events that a full stream had no room for")

CATALOGUE: Final = (
    READY,
    FRAMES_RECEIVED, FRAMES_SENT, FRAME_HANDLED, HANDLER_ERRORS,
    DIALS, DISCONNECTS, RECONNECTS, PING_ROUND_TRIP, RECOVERY, RESYNC,
    REST_LATENCY, REST_ANSWERS, REST_FAILURES, REST_RETRIES, FRAMES_REFUSED,
    COMMAND_SENT, COMMAND_RECEIPT, COMMAND_CONFIRMED, PLACE_CONFIRMED, CANCEL_CONFIRMED,
    ORDERS_IN_FLIGHT, ORDERS_UNKNOWN, ORDERS_ENDED, UNKNOWN_OUTCOMES, QUESTIONS, PROBES,
    ORDERS_UNTRACKED, ORDERS_ZOMBIE,
    LIMIT_WAIT, LIMIT_THROTTLED, LIMIT_REFUSED, LIMIT_USE,
    MARKET_FRAMES_DROPPED, BOOK_BREAKS, BOOK_RESYNCS, BOOK_RECOVERY,
    CIRCUIT_STATE, CIRCUIT_OPENED, CLOCK_OFFSET, PART_RESTARTS, STANDBY_TOLD,
    CALLBACK_ERRORS, EVENTS_WAITING, EVENTS_DROPPED, LOOP_LAG,
)  # fmt: skip
"""Every metric of the library."""
