"""What a picture of a running connector shows."""

from __future__ import annotations

import inspect
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from tests.dashboard.sitter import AGE_S, WALL_MS, Sitter
from tests.net.trading import trading
from tests.unit.core.builders import CLIENT_ID, NOW, PAIR_INFO, at, new_order, order_in, step, tell
from valr_connector import ValrExchange
from valr_connector.core.evidence import Says
from valr_connector.core.rate_limits import SECOND
from valr_connector.core.readiness import Part, PartStatus
from valr_connector.dashboard.log_lines import TELLINGS
from valr_connector.dashboard.picture import OrderView, Picture, Severity
from valr_connector.dashboard.watch import MOST_ENDED, MOST_FILLS, MOST_LINES, Watch
from valr_connector.dashboard.watched import Watched
from valr_connector.errors import AuthenticationError, NotReadyError
from valr_connector.model import events as e
from valr_connector.model.account import Balance
from valr_connector.model.enums import (
    CircuitPath,
    CircuitState,
    Liquidity,
    MarketFeed,
    OrderStatus,
    SessionState,
    Side,
    Socket,
    ZombieHandling,
)
from valr_connector.model.ids import ExchangeOrderId, Pair, Symbol, TradeId
from valr_connector.model.order import CancelRequest, Fee, Fill, ModifyRequest
from valr_connector.observe import metrics as m

D = Decimal


@pytest.fixture
def sitter() -> Sitter:
    return Sitter()


def the_order(picture: Picture) -> OrderView:
    (order,) = picture.orders
    return order


# --- the moment ----------------------------------------------------------------------------------------


def test_a_picture_survives_json(sitter: Sitter) -> None:
    sitter.add(order_in(OrderStatus.OPEN))
    sitter.metrics.latency(m.PING_ROUND_TRIP, "account").record(1_500_000)
    picture = sitter.watch().take()

    assert msgspec.json.decode(msgspec.json.encode(picture), type=Picture) == picture


def test_prices_are_plain_text_with_the_best_own_quotes_beside_them(sitter: Sitter) -> None:
    sitter.add(
        new_order("b1", price=D("9.8E+5")),
        new_order("b2", price=D(990000)),
        new_order("a1", price=D(1010000), side=Side.SELL),
        new_order("m", price=None),
        new_order("other", pair=Pair("ETH-ZAR"), price=D(5)),
    )
    (pair,) = sitter.watch().take().pairs

    assert (pair.bid, pair.ask, pair.is_valid, pair.age_s) == ("999990", "1000010", True, 0.2)
    assert (pair.quote.mid, pair.quote.own_bid, pair.quote.own_ask) == ("1000000", "990000", "1010000")
    assert pair.quote.at_ms == WALL_MS


@pytest.mark.parametrize("change", [{"has_book": False}, {"is_closed": True}])
def test_a_book_that_may_not_be_used_has_no_price(sitter: Sitter, change: dict[str, bool]) -> None:
    vars(sitter).update(change)
    (pair,) = sitter.watch().take().pairs

    assert (pair.bid, pair.ask, pair.quote.mid, pair.is_valid, pair.age_s) == (None, None, None, False, None)


def test_the_prices_of_earlier_pictures_are_kept(sitter: Sitter) -> None:
    watch = sitter.watch()
    watch.take()
    sitter.has_book = False
    watch.take()

    assert [quote.mid for quote in watch.quotes["BTC-ZAR"]] == ["1000000", None]


@pytest.mark.parametrize(
    ("fields", "intent"),
    [
        ({}, "placing"),
        ({"cancel_request": CancelRequest(1, NOW + 10 * SECOND)}, "cancelling 2.5 s"),
        ({"cancel_request": CancelRequest(3, NOW)}, "cancelling 12.5 s, attempt 3"),
        ({"modify_request": ModifyRequest(1, NOW)}, "modifying 12.5 s"),
        ({"status": OrderStatus.OPEN}, ""),
        ({"status": OrderStatus.CANCELLED, "cancel_request": CancelRequest(1, NOW)}, ""),
    ],
)
def test_an_order_shows_our_request_beside_its_state(
    sitter: Sitter, fields: dict[str, Any], intent: str
) -> None:
    sitter.add(new_order(**fields))
    order = the_order(sitter.watch().take())

    assert (order.intent, order.age_s) == (intent, AGE_S)


def test_an_order_of_unknown_fate_is_marked(sitter: Sitter) -> None:
    order = new_order()
    tell(order, step(Says.SENT), step(Says.PLACEMENT_UNKNOWN))
    sitter.add(order)

    assert the_order(sitter.watch().take()).is_unknown


def test_what_is_needed_to_trade_and_what_stands_in_its_way_are_named(sitter: Sitter) -> None:
    sitter.ready = False
    sitter.status[Part.BALANCES] = PartStatus(ready=False, why_not="not read yet")
    sitter.connections[Socket.ACCOUNT] = SessionState.STALE
    sitter.circuits[CircuitPath.REST_ORDERS] = CircuitState.OPEN
    sitter.failure = AuthenticationError("key refused", code=None, status=401, request="")
    picture = sitter.watch().take()

    assert not picture.ready
    assert [(p.name, p.ready, p.why_not) for p in picture.parts][1] == ("balances", False, "not read yet")
    assert [s.state for s in picture.sockets] == ["STALE", "LIVE"]
    assert {c.name: c.state for c in picture.circuits}["REST orders"] == "OPEN"
    assert "key refused" in picture.failure


def test_wallets_limits_and_figures_are_there_empty_ones_left_out(sitter: Sitter) -> None:
    sitter.balances["BTC"] = Balance("BTC", D(0), D(0), D(0))
    sitter.metrics.counter(m.DIALS, "trade").add(2)
    sitter.metrics.counter(m.DIALS, "account")
    sitter.metrics.gauge(m.CLOCK_OFFSET).set(-0.25)
    picture = sitter.watch().take()

    assert [(b.currency, b.available, b.total) for b in picture.balances] == [("ZAR", "1000", "1050")]
    assert [(use.name, use.used, use.limit) for use in picture.limits] == [
        ("requests of a key per minute", 250, 2000)
    ]
    assert next((f.name, f.labels, f.value) for f in picture.figures) == ("ws_dials", "trade", 2)
    assert picture.clock_offset_s == -0.25


def test_latencies_show_what_was_recorded_since_the_last_picture_too(sitter: Sitter) -> None:
    watch, ping = sitter.watch(), sitter.metrics.latency(m.PING_ROUND_TRIP, "account")
    sitter.metrics.latency(m.PLACE_CONFIRMED)
    ping.record(2_000_000)
    watch.take()
    ping.record(9_000_000)
    (latency,) = watch.take().latencies

    assert (latency.name, latency.labels, latency.count) == ("ws_ping_round_trip", "account", 2)
    assert (latency.max_us, sum(count for _, count in latency.bars)) == (9_000, 2)
    assert latency.p50_us == pytest.approx(2_000, rel=0.02)


def test_latencies_begin_with_those_of_orders(sitter: Sitter) -> None:
    sitter.metrics.latency(m.REST_LATENCY, "x").record(1)
    sitter.metrics.latency(m.COMMAND_SENT, "place").record(1)
    for metric in (m.LOOP_LAG, m.PLACE_CONFIRMED):
        sitter.metrics.latency(metric).record(1)
    odd = m.Metric("x", m.Kind.LATENCY, (), "of no known group")
    sitter.metrics.latency(odd).record(1)

    assert [view.name for view in sitter.watch().take().latencies] == [
        "order_place_confirmed", "command_call_to_sent", "loop_lag", "rest_latency", "x",
    ]  # fmt: skip


# --- what happened -------------------------------------------------------------------------------------


ORDER = order_in(OrderStatus.OPEN)
FILL = Fill(
    TradeId("t-1"), CLIENT_ID, ORDER.pair, Side.BUY, D(1_000_000), D("0.4"), None, Liquidity.MAKER, at(2)
)
PAIR = ORDER.pair
INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR
WORDS: list[tuple[e.Event, Severity, str]] = [
    (e.OrderCreated(ORDER, None, None), INFO, "open: buy 1 BTC-ZAR at 1000000"),
    (e.OrderFilled(ORDER, None, FILL, D(1), False), INFO, "filled: buy 0.4 BTC-ZAR at 1000000"),
    (e.OrderFilled(ORDER, None, FILL, D(1), True), INFO,
     "filled: buy 0.4 BTC-ZAR at 1000000, after the order had ended"),
    (e.OrderCompleted(ORDER, None, D(1)), INFO, "executed in full: buy 1 BTC-ZAR at 1000000"),
    (e.OrderCancelled(ORDER, None, D(0), ""), INFO, "cancelled: buy 1 BTC-ZAR at 1000000"),
    (e.OrderExpired(ORDER, None, D(0)), INFO, "expired: buy 1 BTC-ZAR at 1000000"),
    (e.OrderFailed(new_order(price=None, amount=None), None, "no funds"), WARNING,
     "failed: buy ? BTC-ZAR at the market: no funds"),
    (e.OrderCorrected(ORDER, None, OrderStatus.CANCELLED, OrderStatus.FILLED), WARNING,
     "ended otherwise than first said, CANCELLED → FILLED"),
    (e.OrderRevived(ORDER, None, OrderStatus.CANCELLED, OrderStatus.OPEN), WARNING,
     "open after all, CANCELLED → OPEN"),
    (e.OrderAdopted(ORDER, None, OrderStatus.OPEN, D(0)), WARNING, "adopted: buy 1 BTC-ZAR at 1000000"),
    (e.Restored(ORDER, None, OrderStatus.OPEN, D(0)), INFO,
     "restored from the journal: buy 1 BTC-ZAR at 1000000"),
    (e.ZombieOrder(ORDER, None, ZombieHandling.LEFT_OPEN, 3), ERROR,
     "ended here but open at VALR: LEFT_OPEN, attempt 3"),
    (e.PlacementUnknown(ORDER, None, "no answer"), WARNING,
     "outcome of the placement unknown, asking VALR: no answer"),
    (e.CancelRefused(ORDER, None, "-1"), WARNING, "cancel refused: -1"),
    (e.CancelUnknown(ORDER, None, 2), WARNING, "outcome of cancel 2 unknown, asking VALR"),
    (e.ModifyConfirmed(ORDER, None, 1), INFO, "modified: buy 1 BTC-ZAR at 1000000"),
    (e.ModifyRefused(ORDER, None, "too small"), WARNING, "modification refused: too small"),
    (e.ModifyUnknown(ORDER, None, 1), WARNING, "outcome of the modification unknown, asking VALR"),
    (e.UntrackedOrder(ExchangeOrderId("ex"), None, Symbol("BTCZAR"), "buy", D(9), None), WARNING,
     "an order that was not placed here: buy ? BTCZAR at 9, report"),
    (e.ReadinessChanged(True, ()), INFO, "ready"),
    (e.ReadinessChanged(False, ("balances: old",)), WARNING, "not ready: balances: old"),
    (e.ConnectionChanged(Socket.ACCOUNT, SessionState.LIVE, SessionState.IDLE, 1, "reset"), WARNING,
     "account socket LIVE → IDLE: reset"),
    (e.ConnectionChanged(Socket.TRADE, SessionState.LIVE, SessionState.CLOSING, 2, "closed here"), INFO,
     "trade socket LIVE → CLOSING: closed here"),
    (e.ConnectionChanged(Socket.TRADE, SessionState.RESYNCING, SessionState.LIVE, 2, ""), INFO,
     "trade socket RESYNCING → LIVE"),
    (e.CircuitChanged(CircuitPath.REST_ORDERS, CircuitState.CLOSED, CircuitState.OPEN, "timeouts"), ERROR,
     "circuit of REST orders: CLOSED → OPEN: timeouts"),
    (e.CircuitChanged(CircuitPath.REST_ORDERS, CircuitState.OPEN, CircuitState.HALF_OPEN, ""), INFO,
     "circuit of REST orders: OPEN → HALF_OPEN"),
    (e.BookInvalidated(PAIR, "a gap"), WARNING, "book of BTC-ZAR invalid: a gap"),
    (e.BookResynced(PAIR, "a gap", 12_000_000), INFO, "book of BTC-ZAR valid again after 12 ms"),
    (e.TradingRulesChanged(PAIR, None, PAIR_INFO), INFO, "trading rules of BTC-ZAR changed"),
    (e.TradingRulesChanged(PAIR, PAIR_INFO, PAIR_INFO), WARNING, "trading rules of BTC-ZAR changed"),
    (e.ClockDrifted(1.5, 0.0), WARNING, "VALR's clock is +1.500 s from this one"),
    (e.PartRestarted("clock", "KeyError", 1), ERROR, "clock failed and was restarted: KeyError"),
    (e.CancelOnDisconnectChanged(False, "refused"), WARNING, "cancel on disconnect not armed: refused"),
    (e.CancelOnDisconnectChanged(True), INFO, "cancel on disconnect armed"),
    (e.SubscriptionRefused(MarketFeed.TRADES, PAIR, "no"), WARNING, "VALR refuses NEW_TRADE of BTC-ZAR: no"),
    (e.FrameRefused(Socket.TRADE, "OB", "no price"), WARNING, "frame OB left out: no price"),
    (e.UnknownFrameReceived(Socket.TRADE, "NEWS"), WARNING, "unknown type of frame: NEWS"),
    (e.UnrecognisedStatus("Odd"), WARNING, "unknown order status: Odd"),
]  # fmt: skip

OF_THE_MARKET = {
    e.Event, e.OrderEvent, e.OrderUpdated, e.FillAmended, e.BalanceChanged, e.TopOfBookChanged, e.BookChanged,
    e.MarketTraded, e.MarketSummaryChanged, e.CandleClosed, e.MarkPriceChanged, e.AllowedOrderTypesChanged,
    e.FundingSettled, e.PnlSettled, e.AccountActivity,
}  # fmt: skip
"""Shown as figures, or nothing that a dashboard is for."""


@pytest.mark.parametrize(("event", "severity", "words"), WORDS, ids=lambda value: type(value).__name__)
def test_an_event_is_told_in_words(sitter: Sitter, event: e.Event, severity: Severity, words: str) -> None:
    watch = sitter.watch()
    sitter.publisher.publish(event)
    (line,) = watch.take().log

    assert (line.number, line.at_ms, line.severity, line.text) == (1, WALL_MS, severity, words)
    assert line.client_order_id == (event.order.client_order_id if isinstance(event, e.OrderEvent) else "")


def test_every_event_is_told_or_left_out_on_purpose() -> None:
    kinds = {kind for kind in vars(e).values() if inspect.isclass(kind) and issubclass(kind, e.Event)}

    assert kinds == set(TELLINGS) | OF_THE_MARKET
    assert {type(event) for event, *_ in WORDS} == set(TELLINGS)


def test_the_log_is_newest_first_and_bounded(sitter: Sitter) -> None:
    watch = sitter.watch()
    for n in range(MOST_LINES + 5):
        sitter.publisher.publish(e.UnrecognisedStatus(f"{n}"))
    log = watch.take().log

    assert len(log) == MOST_LINES
    assert (log[0].text, log[0].number) == ("unknown order status: 204", 205)


def test_a_fill_is_shown_once_with_its_fee_as_soon_as_that_is_known(sitter: Sitter) -> None:
    watch = sitter.watch()
    fills = [replace(FILL, trade_id=TradeId(f"t-{n}")) for n in range(MOST_FILLS + 1)]
    for fill in fills:
        sitter.publisher.publish(e.OrderFilled(ORDER, None, fill, D(1), False))
    amended = replace(fills[-1], fee=Fee("ZAR", D("-12.50")))
    sitter.publisher.publish(e.FillAmended(ORDER, None, amended))
    shown = watch.take().fills

    assert len(shown) == MOST_FILLS
    assert (shown[0].fee, shown[1].fee) == ("-12.5 ZAR", "")
    assert (shown[0].price, shown[0].amount, shown[0].liquidity) == ("1000000", "0.4", "MAKER")


def test_the_orders_that_ended_last_are_shown_newest_first(sitter: Sitter) -> None:
    watch = sitter.watch()
    orders = [new_order(f"MM-{n}", status=OrderStatus.CANCELLED) for n in range(MOST_ENDED + 1)]
    for order in [*orders, *orders[-3:]]:
        sitter.publisher.publish(e.OrderCancelled(order, None, D(0), ""))
    orders[-1].status = OrderStatus.OPEN  # revived
    ended = watch.take().ended

    assert [view.client_order_id for view in ended] == [f"MM-{n}" for n in range(MOST_ENDED - 1, 0, -1)]


def test_a_watch_that_is_closed_follows_nothing(sitter: Sitter) -> None:
    watch = sitter.watch()
    watch.close()

    assert sitter.publisher.subscriptions == 0


# --- the real thing ------------------------------------------------------------------------------------


async def test_a_running_exchange_is_pictured_and_its_end_as_well() -> None:
    async with trading() as desk:
        watched: Watched = desk.valr
        watch = Watch(watched, title="the embedded exchange")
        bid = await desk.buy()
        desk.rival("sell", "0.004", "900000")
        await desk.until(lambda: bid.fills)
        picture = watch.take()
        order = the_order(picture)
        figures = desk.valr.metrics.snapshot()
        await desk.valr.close()
        last = watch.take()

    assert (order.state, order.executed, order.side) == ("PARTIALLY_FILLED", "0.004", "BUY")
    assert picture.ready
    assert (figures["ready"], desk.valr.metrics.snapshot()["ready"]) == (1, 0)
    assert all(part.ready for part in picture.parts)
    assert [(s.name, s.state) for s in picture.sockets] == [("account", "LIVE"), ("trade", "LIVE")]
    assert {c.state for c in picture.circuits} == {"CLOSED"}
    assert picture.pairs[0].quote.own_bid == "900000"
    assert len(picture.fills) == 1
    assert any(use.used for use in picture.limits)
    assert {"order_place_confirmed", "rest_latency"} <= {view.name for view in picture.latencies}
    assert last.is_closed
    assert not last.orders
    assert [view.state for view in last.ended] == ["CANCELLED"]


def test_what_was_never_started_has_no_connections_and_no_limits() -> None:
    valr = ValrExchange("k" * 64, "s" * 64, pairs=["BTC-ZAR"])

    assert valr.followed_pairs == ("BTC-ZAR",)
    assert not valr.is_closed
    for read in (lambda: valr.connections, lambda: valr.limits):
        with pytest.raises(NotReadyError):
            read()
