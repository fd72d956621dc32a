"""What one command did, gathered while it runs and told when it is done.

Listeners therefore only ever see the venue between two commands. Order and trade events keep the order in
which things happened; wallets, open orders and books follow once each, as they are at the end
(protocol 19.2).
"""

from __future__ import annotations

from decimal import Decimal

from valr_connector.simulator.accounts import Account
from valr_connector.simulator.exact import ZERO
from valr_connector.simulator.matching import Book
from valr_connector.simulator.vocabulary import (
    OpenOrdersChanged,
    OrderChange,
    Processed,
    State,
    VenueEvent,
    VenueOrder,
    Wallet,
    WalletChanged,
)


class Effects:
    """The effects of one command, all at the time `now` (nanoseconds since 1970)."""

    def __init__(self, now: int) -> None:
        self.now = now
        self._told: list[VenueEvent] = []
        self._wallets: dict[tuple[str, str], Wallet] = {}
        self._accounts: dict[str, None] = {}
        self._books: dict[str, Book] = {}

    def tell(self, event: VenueEvent) -> None:
        self._told.append(event)

    def processed(self, order: VenueOrder, failure_reason: str = "") -> None:
        success = not failure_reason
        cid = order.request.customer_order_id
        self.tell(Processed(order.account_id, order.order_id, cid, success, failure_reason))

    def order_changed(
        self,
        order: VenueOrder,
        state: State,
        *,
        price: Decimal = ZERO,
        quantity: Decimal = ZERO,
        fee: Decimal = ZERO,
    ) -> None:
        """Put the order into `state` and write that into its history, with the amounts of this change."""
        order.state = state
        order.updated_at = self.now
        change = OrderChange(
            account_id=order.account_id,
            order_id=order.order_id,
            customer_order_id=order.request.customer_order_id,
            symbol=order.symbol,
            side=order.side,
            type_text=order.type_text,
            time_in_force=order.time_in_force,
            state=state,
            price=order.price,
            original_quantity=order.original_quantity,
            remaining_quantity=order.remaining_quantity,
            failed_reason=order.failed_reason,
            created_at=order.created_at,
            updated_at=self.now,
            executed_price=price,
            executed_quantity=quantity,
            executed_fee=fee,
            stop_price=order.request.stop.price if order.request.stop else None,
        )
        order.history.append(change)
        self.tell(change)

    def wallet_of(self, account: Account, currency: str) -> Wallet:
        """The wallet, for a change that will be told."""
        wallet = account.wallet(currency)
        wallet.updated_at = self.now
        self._wallets[account.account_id, currency] = wallet
        return wallet

    def open_orders_changed(self, account_id: str) -> None:
        self._accounts[account_id] = None

    def book_changed(self, book: Book) -> None:
        self._books[book.pair.symbol] = book

    def events(self) -> list[VenueEvent]:
        """Everything that happened. Closes the command: changed books get their new sequence."""
        return [*self._told, *self._wallet_events(), *self._open_order_events(), *self._book_events()]

    def _wallet_events(self) -> list[VenueEvent]:
        return [
            WalletChanged(account_id, currency, wallet.available, wallet.reserved, wallet.updated_at)
            for (account_id, currency), wallet in self._wallets.items()
        ]

    def _open_order_events(self) -> list[VenueEvent]:
        return [OpenOrdersChanged(account_id) for account_id in self._accounts]

    def _book_events(self) -> list[VenueEvent]:
        return [book.close_change(self.now) for book in self._books.values()]
