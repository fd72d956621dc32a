"""The invariants of the design, each a pure function: what was told here against what is true there.

They look at a run after its end. What is true at the venue is dated, and so is what was told here, so a claim
is held against the truth of its own moment: an ending that was told before the venue's order had ended is
false, even if it came true later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate

from valr_connector.core.order_record import OrderRecord
from valr_connector.model.account import Balance
from valr_connector.model.enums import OrderStatus
from valr_connector.model.events import (
    CancelRefused,
    CancelUnknown,
    FillAmended,
    ModifyConfirmed,
    ModifyRefused,
    ModifyUnknown,
    OrderCorrected,
    OrderCreated,
    OrderEvent,
    OrderFailed,
    OrderFilled,
    OrderRevived,
    PlacementUnknown,
    Restored,
    ZombieOrder,
)
from valr_connector.model.order import InFlightOrder
from valr_connector.simulator.vocabulary import AccountTrade, State, VenueOrder, Wallet
from valr_connector.verification.story import ENDINGS, OrderStory, Told

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that did not hold."""

    invariant: str
    problem: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Truth:
    """The venue's own records of one account.

    Attributes:
        orders: by customerOrderId, all that the venue ever accepted under it, oldest first; an order that was
            placed without one goes by the venue's own id, as it does where it is adopted.
        trades: by order id, oldest first.
    """

    orders: Mapping[str, Sequence[VenueOrder]]
    trades: Mapping[str, Sequence[AccountTrade]]

    def order(self, client_order_id: str) -> VenueOrder | None:
        """The order that lives or lived under this id, else one that failed, if there is one."""
        orders = self.orders.get(client_order_id, ())
        return next((order for order in orders if has_lived(order)), next(iter(orders), None))

    def trades_of(self, client_order_id: str) -> Sequence[AccountTrade]:
        """All fills under this id."""
        return [
            trade
            for order in self.orders.get(client_order_id, ())
            for trade in self.trades.get(order.order_id, ())
        ]


def truth_of(orders: Iterable[VenueOrder], trades: Iterable[AccountTrade]) -> Truth:
    """Records by their keys; both oldest first."""
    by_customer_id: dict[str, list[VenueOrder]] = {}
    by_order_id: dict[str, list[AccountTrade]] = {}
    for order in orders:
        by_customer_id.setdefault(order.request.customer_order_id or order.order_id, []).append(order)
    for trade in trades:
        by_order_id.setdefault(trade.order_id, []).append(trade)
    return Truth(by_customer_id, by_order_id)


STATUS_OF: Mapping[State | None, OrderStatus] = {
    None: OrderStatus.PENDING_CREATE,
    State.ACTIVE: OrderStatus.OPEN,
    State.PLACED: OrderStatus.OPEN,
    State.MODIFIED: OrderStatus.OPEN,
    State.PARTIALLY_FILLED: OrderStatus.PARTIALLY_FILLED,
    State.FILLED: OrderStatus.FILLED,
    State.CANCELLED: OrderStatus.CANCELLED,
    State.FAILED: OrderStatus.FAILED,
}
"""How the library calls the venue's states."""


def has_lived(order: VenueOrder) -> bool:
    """Whether it was ever open or filled, or may be yet: a stop order can fail when it is triggered."""
    return not order.history or order.history[0].state is not State.FAILED


def ended_at(order: VenueOrder) -> int | None:
    """When the venue ended it, nanoseconds since 1970; None while it has not."""
    if order.state is None or order.is_open:
        return None
    return order.history[-1].updated_at


# --- safety ------------------------------------------------------------------------------------------


def s1_no_false_terminal(story: OrderStory, truth: Truth) -> Iterator[Violation]:
    """An order that is terminal here is terminal there, and of the same kind, when it is told."""
    there = truth.order(story.order.client_order_id)
    for told in story.told:
        if told.is_ending:
            problem = _what_is_false(told, there)
            if problem:
                yield Violation("S1", f"{_named(story)} was told {told.status} by {told.name}, {problem}")


def _what_is_false(told: Told, there: VenueOrder | None) -> str:
    if there is None:
        return "" if told.status is OrderStatus.FAILED else "and the venue never had it"
    end = ended_at(there)
    if end is None:
        return f"and the venue has it {there.state or 'waiting'}"
    if STATUS_OF[there.state] is not told.status:
        return f"and the venue has it {there.state}"
    return "" if end <= told.at else f"{(told.at - end) / -1e9:.3f} s before the venue ended it"


def s1_no_false_life(story: OrderStory, truth: Truth) -> Iterator[Violation]:
    """An order that is told as created is there, and did not fail, when it is told."""
    there = truth.order(story.order.client_order_id)
    for told in story.told:
        if isinstance(told.event, OrderCreated) and not _was_alive(there, told.at):
            state = "never had it" if there is None else f"has it {there.state or 'waiting'}"
            yield Violation("S1", f"{_named(story)} was told as created, and the venue {state}")


def _was_alive(there: VenueOrder | None, at: int) -> bool:
    if there is None or not there.history:
        return False
    first = there.history[0]
    return first.state is not State.FAILED and first.updated_at <= at


def s2_one_intent_one_order(story: OrderStory, truth: Truth) -> Iterator[Violation]:
    """At most one order of the venue comes of one intent."""
    orders = truth.orders.get(story.order.client_order_id, ())
    lived = [order for order in orders if has_lived(order)]
    if len(lived) > 1:
        yield Violation("S2", f"{_named(story)} is {len(lived)} orders at the venue")


def s3_executed_never_falls(story: OrderStory) -> Iterator[Violation]:
    """Executed never falls and never exceeds the amount; each fill is told once."""
    before = ZERO
    amount = story.order.amount
    for told in story.told:
        if told.executed < before:
            yield Violation("S3", f"{_named(story)}: executed fell from {before} to {told.executed}")
        if amount is not None and told.executed > amount:
            yield Violation("S3", f"{_named(story)}: executed {told.executed} of {amount}")
        before = told.executed
    fills = Counter(told.event.fill.trade_id for told in story.told if isinstance(told.event, OrderFilled))
    for trade_id, count in fills.items():
        if count > 1:
            yield Violation("S3", f"{_named(story)}: fill {trade_id} was told {count} times")


def s3_fills_once(story: OrderStory, truth: Truth) -> Iterator[Violation]:
    """At quiescence: the fills here are the fills there, each once, and were all told."""
    everything = truth.trades_of(story.order.client_order_id)
    trades = _since_adopted(story, everything)
    theirs = {trade.trade_id: (trade.price, trade.quantity) for trade in trades}
    fills = story.order.fills
    ours = {str(fill.trade_id): (fill.price, fill.amount) for fill in fills}
    told = {str(each.event.fill.trade_id) for each in story.told if isinstance(each.event, OrderFilled)}
    for trade_id in sorted(theirs.keys() | ours.keys() | told):
        if ours.get(trade_id) != theirs.get(trade_id):
            here, there = ours.get(trade_id), theirs.get(trade_id)
            yield Violation("S3", f"{_named(story)}: fill {trade_id} is {here} here and {there} there")
        elif trade_id not in told and trade_id not in story.known_before:
            yield Violation("S3", f"{_named(story)}: fill {trade_id} was never told")
    executed = sum((trade.quantity for trade in everything), ZERO)
    if story.order.executed_amount != executed or len(fills) != len(ours):
        here_and_there = f"{story.order.executed_amount} here, {executed} there"
        yield Violation("S3", f"{_named(story)}: executed {here_and_there}")


def s4_fees(story: OrderStory, truth: Truth) -> Iterator[Violation]:
    """At quiescence: the fees equal the venue's to the last digit, per currency."""
    theirs: dict[str, Decimal] = {}
    for trade in _since_adopted(story, truth.trades_of(story.order.client_order_id)):
        theirs[trade.fee_currency] = theirs.get(trade.fee_currency, ZERO) + trade.fee
    ours = story.order.fees
    if {c: fee for c, fee in ours.items() if fee} != {c: fee for c, fee in theirs.items() if fee}:
        yield Violation("S4", f"{_named(story)}: fees {dict(ours)} here and {theirs} there")


def _since_adopted(story: OrderStory, trades: Sequence[AccountTrade]) -> Sequence[AccountTrade]:
    """Without those that an order had before it was adopted: VALR's list tells their sum and no more."""
    before = story.order.executed_before if isinstance(story.order, OrderRecord) else ZERO
    executed = [*accumulate((trade.quantity for trade in trades), initial=ZERO)]
    return trades[executed.index(before) :] if before in executed else trades


def s5_no_resurrection(story: OrderStory, truth: Truth) -> Iterator[Violation]:
    """What has ended stays ended, but for newer evidence; that, and late fills, are flagged."""
    there = truth.order(story.order.client_order_id)
    end: Told | None = None
    for told in story.told:
        if isinstance(told.event, OrderRevived):
            yield from _false_revival(story, end, there)
            end = None
        elif told.is_ending:
            end = told
        elif end is not None and not told.status.is_terminal:
            yield Violation("S5", f"{_named(story)} is {told.status} after {end.name}, with {told.name}")
        elif end is not None and isinstance(told.event, OrderFilled) and not told.event.is_late:
            yield Violation("S5", f"{_named(story)}: a fill after {end.name} is not flagged as late")


def _false_revival(story: OrderStory, end: Told | None, there: VenueOrder | None) -> Iterator[Violation]:
    if end is None:
        yield Violation("S5", f"{_named(story)} was revived without having ended")
        return
    truly = None if there is None else ended_at(there)
    if truly is not None and truly <= end.at:
        yield Violation("S5", f"{_named(story)} was revived although the venue had ended it")


def s6_one_story(story: OrderStory) -> Iterator[Violation]:
    """An order's events are a path: created at most once and first, ended once, then only what is flagged."""
    names = [told.name for told in story.told]
    created = [n for n, told in enumerate(story.told) if isinstance(told.event, OrderCreated)]
    if len(created) > 1:
        yield Violation("S6", f"{_named(story)} was created {len(created)} times: {names}")
    if created and not all(isinstance(told.event, _BEFORE_CREATED) for told in story.told[: created[0]]):
        yield Violation("S6", f"{_named(story)}: something was told before OrderCreated: {names}")
    is_created_before = story.is_adopted or (
        story.restored is not None and story.restored.status is not OrderStatus.PENDING_CREATE
    )
    if is_created_before:
        if created:
            yield Violation("S6", f"{_named(story)} was created again: {names}")
    elif not created and any(not isinstance(told.event, _WITHOUT_CREATED) for told in story.told):
        yield Violation("S6", f"{_named(story)} was never created: {names}")
    yield from _one_ending(story, names)


_BEFORE_CREATED = (
    Restored,
    PlacementUnknown,
    CancelRefused,
    CancelUnknown,
    ModifyConfirmed,
    ModifyRefused,
    ModifyUnknown,
)
_AFTER_THE_END = (OrderFilled, FillAmended, OrderCorrected, ZombieOrder)
_WITHOUT_CREATED = (*_BEFORE_CREATED, OrderFailed)


def s6_nothing_unsaid(story: OrderStory) -> Iterator[Violation]:
    """At any time: an order that has ended was told to have ended, and the other way round."""
    is_told = bool(story.told) and story.told[-1].status.is_terminal
    if story.order.is_done != is_told and not story.is_cut_off:
        last = story.told[-1].name if story.told else "nothing"
        yield Violation("S6", f"{_named(story)} is {story.order.status}, and {last} was told")


def _one_ending(story: OrderStory, names: Sequence[str]) -> Iterator[Violation]:
    restored = story.restored
    endings = int(restored is not None and restored.status.is_terminal)
    revivals = 0
    for event in (told.event for told in story.told if told.event is not restored):
        is_ending = isinstance(event, ENDINGS)
        endings += is_ending
        revivals += isinstance(event, OrderRevived)
        problem = _what_is_no_path(event, is_ending=is_ending, ends=endings - revivals)
        if problem:
            yield Violation("S6", f"{_named(story)} {problem}: {names}")
    yield from () if story.is_cut_off else _ending_seen(story, names, is_told=endings > revivals)


def _what_is_no_path(event: OrderEvent, *, is_ending: bool, ends: int) -> str:
    if is_ending:
        return "ended twice" if ends > 1 else ""
    if isinstance(event, OrderRevived):
        return ""  # S5's affair
    if isinstance(event, OrderCorrected):
        return "" if ends else "was corrected without having ended"
    return "went on after its end" if ends > 0 and not isinstance(event, _AFTER_THE_END) else ""


def _ending_seen(story: OrderStory, names: Sequence[str], *, is_told: bool) -> Iterator[Violation]:
    if story.order.is_done != is_told:
        yield Violation("S6", f"{_named(story)} is {story.order.status} after {names}")
    if story.told and story.told[-1].status is not story.order.status and story.told[-1].is_ending:
        yield Violation("S6", f"{_named(story)} is {story.order.status} and was told {story.told[-1].status}")


def s9_nothing_left(
    stories: Iterable[OrderStory], truth: Truth, remaining: Iterable[InFlightOrder], closed_at: int
) -> Iterator[Violation]:
    """After a closing, nothing of ours is open, or the report names it."""
    named = {order.client_order_id for order in remaining}
    for story in stories:
        there = truth.order(story.order.client_order_id)
        if there is None or story.order.client_order_id in named:
            continue
        end = ended_at(there)
        if end is None or end > closed_at:
            yield Violation("S9", f"{_named(story)} is {there.state} at the venue and was not reported")


# --- liveness ----------------------------------------------------------------------------------------


def l1_no_unknown(stories: Iterable[OrderStory]) -> Iterator[Violation]:
    """Some time after the last fault, no order is unknown and no cancel is without an outcome."""
    for story in stories:
        order = story.order
        if order.status is OrderStatus.PENDING_CREATE:
            yield Violation("L1", f"{_named(story)} is still {order.placement}")
        elif order.is_being_cancelled:
            yield Violation("L1", f"{_named(story)} is still being cancelled")


def l1_agreement(stories: Iterable[OrderStory], truth: Truth) -> Iterator[Violation]:
    """Some more time after it, every order stands here as it stands there."""
    for story in stories:
        there = truth.order(story.order.client_order_id)
        status = OrderStatus.FAILED if there is None else _status_there(there)
        order = story.order
        if order.status is not status:
            yield Violation("L1", f"{_named(story)} is {order.status} here and {status} there")
        elif there is not None and there.is_open:
            ours, theirs = (order.price, order.amount), (there.price, there.original_quantity)
            if ours != theirs:
                yield Violation("L1", f"{_named(story)} has price and amount {ours} here and {theirs} there")


def l1_balances(here: Mapping[str, Balance], there: Iterable[Wallet]) -> Iterator[Violation]:
    """At rest: every wallet holds here what it holds there."""
    ours = {name: (wallet.available, wallet.reserved) for name, wallet in here.items() if wallet.total}
    theirs = {w.currency: (w.available, w.reserved) for w in there if w.available + w.reserved}
    for currency in sorted(ours.keys() | theirs.keys()):
        if ours.get(currency) != theirs.get(currency):
            wallets = f"{ours.get(currency)} here and {theirs.get(currency)} there"
            yield Violation("L1", f"available and reserved {currency} are {wallets}")


def l3_no_dead_connection(dead: Iterable[str]) -> Iterator[Violation]:
    """At rest: no socket on which nothing arrives passes for open."""
    for name in dead:
        yield Violation("L3", f"the {name} socket is dead, and nobody has noticed")


def l4_no_accumulation(open_there: int, in_doubt_here: int, most: int = 2) -> Iterator[Violation]:
    """A maker has no more orders open than its quotes, and those that are on their way."""
    if open_there > most + in_doubt_here:
        yield Violation("L4", f"{open_there} orders are open at the venue, {in_doubt_here} here in doubt")


def s8_within_limits(refused: int) -> Iterator[Violation]:
    """VALR's windows never overflow: the venue, which counts, had nothing to refuse."""
    if refused:
        yield Violation("S8", f"the venue refused {refused} times for its limits")


def s9_others_untouched(others: Iterable[VenueOrder]) -> Iterator[Violation]:
    """Nobody cancels what was not placed here."""
    for order in others:
        if order.state is State.CANCELLED:
            yield Violation("S9", f"somebody else's order {order.order_id} was cancelled")


def _status_there(order: VenueOrder) -> OrderStatus:
    """A modified order that was executed in part is both; the library says the latter."""
    is_partly_filled = order.is_open and order.executed_quantity > ZERO
    return OrderStatus.PARTIALLY_FILLED if is_partly_filled else STATUS_OF[order.state]


def l1_strangers_told(others: Iterable[VenueOrder], told: Collection[str]) -> Iterator[Violation]:
    """At rest: whatever is open there and not known here was told."""
    for order in others:
        if order.is_open and order.order_id not in told:
            yield Violation("L1", f"order {order.order_id} is open at the venue, unknown here and untold")


def l5_closes_in_time(seconds: float, left_running: Sequence[str], most_s: float) -> Iterator[Violation]:
    """Closing takes no longer than the settings allow, and leaves nothing running."""
    if seconds > most_s:
        yield Violation("L5", f"closing took {seconds:.3f} s")
    for name in left_running:
        yield Violation("L5", f"closing left {name} running")


def _named(story: OrderStory) -> str:
    return f"order {story.order.client_order_id}"


OfOneOrder = Callable[[OrderStory, Truth], Iterator[Violation]]

EACH_ORDER: Sequence[OfOneOrder] = (
    s1_no_false_terminal,
    s1_no_false_life,
    s2_one_intent_one_order,
    lambda story, _: s3_executed_never_falls(story),
    s5_no_resurrection,
    lambda story, _: s6_one_story(story),
)
"""What holds of every order at any time."""

EACH_MISREPORTED: Sequence[OfOneOrder] = tuple(
    invariant for invariant in EACH_ORDER if invariant is not s1_no_false_terminal
)
"""The same where VALR itself told an ending that was none."""

AT_QUIESCENCE: Sequence[OfOneOrder] = (s3_fills_once, s4_fees)
"""What holds of every order once everything has arrived."""
