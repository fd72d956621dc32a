"""From the connector's objects to what a dashboard shows of them: one small function for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, TypeVar

from valr_connector.dashboard.picture import (
    BalanceView,
    FigureView,
    FillView,
    LatencyView,
    LimitView,
    OrderView,
    PairView,
    PartView,
    Quote,
    StateView,
)
from valr_connector.dashboard.watched import Watched
from valr_connector.errors import ClosedError
from valr_connector.model.account import Balance
from valr_connector.model.enums import OrderStatus, Placement, Side
from valr_connector.model.order import Fill, InFlightOrder
from valr_connector.observe.latency import LatencyHistogram
from valr_connector.observe.metrics import Metric, Metrics

Name = TypeVar("Name", bound=str)

_NS_PER_S: Final = 1_000_000_000
_NS_PER_US: Final = 1_000


def number(value: Decimal) -> str:
    """Plain notation without trailing zeros."""
    return f"{value.normalize() + 0:f}"


def number_or_none(value: Decimal | None) -> str | None:
    return None if value is None else number(value)


def parts(watched: Watched) -> tuple[PartView, ...]:
    return tuple(PartView(part, status.ready, status.why_not) for part, status in watched.status.items())


def states(found: Mapping[Name, str]) -> tuple[StateView, ...]:
    return tuple(StateView(name, state) for name, state in found.items())


def pair(watched: Watched, name: str, at_ms: int) -> PairView:
    """A followed pair; once everything has stopped there is no price any more."""
    orders = [order for order in watched.orders.values() if order.pair == name]
    own_bid = max((o.price for o in orders if o.side is Side.BUY and o.price is not None), default=None)
    own_ask = min((o.price for o in orders if o.side is Side.SELL and o.price is not None), default=None)
    try:
        bid, ask = watched.best_bid(name), watched.best_ask(name)
        mid, age = watched.mid_price(name), watched.book_age_s(name)
    except ClosedError:
        bid = ask = mid = age = None
    return PairView(
        pair=name,
        bid=None if bid is None else number(bid.price),
        ask=None if ask is None else number(ask.price),
        is_valid=age is not None,
        age_s=age,
        quote=Quote(at_ms, number_or_none(mid), number_or_none(own_bid), number_or_none(own_ask)),
    )


def order(found: InFlightOrder, now: int) -> OrderView:
    """An order as it is at `now`, nanoseconds of the monotonic clock."""
    return OrderView(
        client_order_id=found.client_order_id,
        exchange_order_id=found.exchange_order_id or "",
        pair=found.pair,
        side=found.side,
        order_type=found.order_type,
        price=number_or_none(found.price),
        amount=number_or_none(found.amount),
        executed=number(found.executed_amount),
        state=found.status,
        intent=_intent(found, now),
        is_unknown=found.placement is Placement.UNKNOWN and not found.is_done,
        age_s=(now - found.created_at) / _NS_PER_S,
        reason=found.failure_reason,
    )


def _intent(found: InFlightOrder, now: int) -> str:
    """What of ours about the order is not answered yet."""
    if found.is_done:
        return ""
    for verb, request in (("cancelling", found.cancel_request), ("modifying", found.modify_request)):
        if request is not None:
            attempt = f", attempt {request.attempt}" if request.attempt > 1 else ""
            return f"{verb} {(now - request.since) / _NS_PER_S:.1f} s{attempt}"
    return "placing" if found.status is OrderStatus.PENDING_CREATE else ""


def fill(found: Fill) -> FillView:
    fee = "" if found.fee is None else f"{number(found.fee.amount)} {found.fee.currency}"
    return FillView(
        at_ms=round(found.at.timestamp() * 1000),
        pair=found.pair,
        side=found.side,
        price=number(found.price),
        amount=number(found.amount),
        fee=fee,
        liquidity=found.liquidity,
        client_order_id=found.client_order_id,
    )


def balances(found: Iterable[Balance]) -> tuple[BalanceView, ...]:
    """Wallets that hold anything, by currency."""
    held = [wallet for wallet in found if wallet.total or wallet.available or wallet.reserved]
    return tuple(
        BalanceView(w.currency, number(w.available), number(w.reserved), number(w.total))
        for w in sorted(held, key=lambda wallet: wallet.currency)
    )


def limits(watched: Watched) -> tuple[LimitView, ...]:
    return tuple(LimitView(use.name, use.used, use.limit, use.period_s) for use in watched.limits)


def latency(metric: Metric, labels: tuple[str, ...], histogram: LatencyHistogram) -> LatencyView:
    summary = histogram.summary()
    return LatencyView(
        name=metric.name,
        labels=", ".join(labels),
        meaning=metric.meaning,
        count=summary.count,
        p50_us=summary.p50_ns / _NS_PER_US,
        p90_us=summary.p90_ns / _NS_PER_US,
        p99_us=summary.p99_ns / _NS_PER_US,
        max_us=summary.max_ns / _NS_PER_US,
        bars=tuple((edge / _NS_PER_US, count) for edge, count in histogram.distribution()),
    )


def figures(metrics: Metrics) -> tuple[FigureView, ...]:
    """Counters and gauges that are not zero."""
    return tuple(
        FigureView(metric.name, ", ".join(labels), metric.meaning, value)
        for metric, labels, value in metrics.numbers()
        if value
    )
