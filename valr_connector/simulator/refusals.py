"""Why the engine refuses an accepted order as a whole, against the book as it is (protocol 19.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from valr_connector.simulator import rules
from valr_connector.simulator.accounts import Account
from valr_connector.simulator.exact import ZERO
from valr_connector.simulator.matching import Book, Match
from valr_connector.simulator.settlement import commitment
from valr_connector.simulator.simple import is_whole
from valr_connector.simulator.stops import is_triggered
from valr_connector.simulator.vocabulary import VenueOrder


def _duplicates_a_live_id(order: VenueOrder, _book: Book, account: Account, _matches: list[Match]) -> bool:
    return not account.orders.claim(order)


def exceeds_balance(order: VenueOrder, book: Book, account: Account, matches: list[Match]) -> bool:
    """Whether the order needs more than its account has available."""
    currency, amount = _funding(order, book, matches)
    return amount > account.wallet(currency).available


def _is_triggered_at_once(order: VenueOrder, book: Book, _account: Account, _matches: list[Match]) -> bool:
    return is_triggered(order, book.last_price)


def _matches_itself(order: VenueOrder, _book: Book, _account: Account, matches: list[Match]) -> bool:
    return any(match.maker.account_id == order.account_id for match in matches)


def _takes_though_post_only(order: VenueOrder, _book: Book, _account: Account, matches: list[Match]) -> bool:
    return order.request.post_only and bool(matches)


def _finds_nothing(order: VenueOrder, _book: Book, _account: Account, matches: list[Match]) -> bool:
    return order.time_in_force == "IOC" and not matches


def _cannot_fill_whole(order: VenueOrder, _book: Book, _account: Account, matches: list[Match]) -> bool:
    return order.time_in_force == "FOK" and matched_base(matches) < order.remaining_quantity


def _cannot_pay_whole(order: VenueOrder, book: Book, _account: Account, _matches: list[Match]) -> bool:
    return not is_whole(order, book)


_Check = Callable[[VenueOrder, Book, Account, list[Match]], bool]

REFUSALS: tuple[tuple[_Check, str], ...] = (
    (_duplicates_a_live_id, rules.DUPLICATE_CUSTOMER_ORDER_ID),
    (exceeds_balance, rules.INSUFFICIENT_BALANCE),
    (_matches_itself, rules.SELF_MATCH),
    (_takes_though_post_only, rules.POST_ONLY_WOULD_MATCH),
    (_finds_nothing, rules.IOC_DID_NOT_MATCH),
    (_cannot_fill_whole, rules.FOK_DID_NOT_MATCH),
)


SIMPLE_REFUSALS: tuple[tuple[_Check, str], ...] = (
    (_matches_itself, rules.SELF_MATCH),
    (_cannot_pay_whole, rules.FOK_DID_NOT_MATCH),
)
"""For a simple order that has its money."""

STOP_REFUSALS: tuple[tuple[_Check, str], ...] = (
    (_duplicates_a_live_id, rules.DUPLICATE_CUSTOMER_ORDER_ID),
    (_is_triggered_at_once, rules.STOP_IS_TRIGGERED_AT_ONCE),
    (exceeds_balance, rules.INSUFFICIENT_BALANCE),
)
"""For a stop order that is to wait: what it would match is looked at when it is triggered."""


def refusal(
    checks: Iterable[tuple[_Check, str]],
    order: VenueOrder,
    book: Book,
    account: Account,
    matches: list[Match],
) -> str:
    """The failedReason of an order that the engine does not run; "" for one that it runs."""
    for refuses, reason in checks:
        if refuses(order, book, account, matches):
            return reason
    return ""


def _funding(order: VenueOrder, book: Book, matches: list[Match]) -> tuple[str, Decimal]:
    """Currency and amount that must be available for the order to run.

    A limit order needs its whole size at its own price. A market order needs the amount it names; where that
    is in the other currency, what it would match now.
    """
    request, pair = order.request, book.pair
    if request.quote_amount is not None:
        by_value = order.side == "buy"
        return (pair.quote, request.quote_amount) if by_value else (pair.base, matched_base(matches))
    if request.kind == "market" and order.side == "buy":
        return pair.quote, matched_quote(matches)
    return commitment(pair, order.side, order.price, order.remaining_quantity)


def matched_base(matches: list[Match]) -> Decimal:
    """What the matches come to in base."""
    return sum((match.quantity for match in matches), ZERO)


def matched_quote(matches: list[Match]) -> Decimal:
    """What the matches come to in quote."""
    return sum((match.maker.price * match.quantity for match in matches), ZERO)
