"""A venue with a few accounts and short words for what tests do there."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Literal

from valr_connector.simulator.pairs import DEFAULT_PAIRS
from valr_connector.simulator.venue import Venue
from valr_connector.simulator.vocabulary import BuyOrSell, NewOrder, VenueEvent, VenueOrder, Wallet

START_NS = 1_790_000_000_000_000_000
PURSE: Mapping[str, Decimal] = {
    "BTC": Decimal(10),
    "ETH": Decimal(100),
    "SHIB": Decimal(1_000_000_000),
    "USDC": Decimal(1_000_000),
    "ZAR": Decimal(10_000_000),
}


class TradingFloor:
    """One venue with the accounts ann, bob and cat; the clock gains a millisecond with each reading.

    ann pays 0.1 % as a maker and 0.2 % as a taker, bob gets 0.01 % as a maker and pays 0.1 % as a taker, cat
    trades for free.
    """

    def __init__(
        self,
        seed: int = 1,
        *,
        duplicate_ids_fail_late: bool = False,
        purse: Mapping[str, Decimal] = PURSE,
    ) -> None:
        self.now = START_NS
        self.events: list[VenueEvent] = []
        self.venue = Venue(
            DEFAULT_PAIRS,
            clock=self.tick,
            rng=Random(seed),
            duplicate_ids_fail_late=duplicate_ids_fail_late,
        )
        for account_id, maker, taker in (("ann", "0.1", "0.2"), ("bob", "-0.01", "0.1"), ("cat", "0", "0")):
            self.venue.open_account(
                account_id, purse, maker_percent=Decimal(maker), taker_percent=Decimal(taker)
            )
        self.venue.listen(self.events.append)

    def tick(self) -> int:
        self.now += 1_000_000
        return self.now

    def limit(
        self,
        account_id: str,
        side: BuyOrSell,
        quantity: str,
        price: str,
        *,
        symbol: str = "BTCZAR",
        post_only: bool = False,
        time_in_force: Literal["GTC", "IOC", "FOK"] = "GTC",
        customer_order_id: str = "",
    ) -> VenueOrder:
        """Accept and process a limit order."""
        return self.place(
            account_id,
            NewOrder(
                symbol,
                side,
                "limit",
                quantity=Decimal(quantity),
                price=Decimal(price),
                post_only=post_only,
                time_in_force=time_in_force,
                customer_order_id=customer_order_id,
            ),
        )

    def market(self, account_id: str, side: BuyOrSell, *, base: str = "", quote: str = "") -> VenueOrder:
        """Accept and process a market order on BTCZAR."""
        return self.place(
            account_id,
            NewOrder(
                "BTCZAR",
                side,
                "market",
                quantity=Decimal(base) if base else None,
                quote_amount=Decimal(quote) if quote else None,
            ),
        )

    def place(self, account_id: str, request: NewOrder) -> VenueOrder:
        order = self.venue.accept(account_id, request)
        self.venue.process(order.order_id)
        return order

    def wallet(self, account_id: str, currency: str) -> Wallet:
        return next(wallet for wallet in self.venue.wallets(account_id) if wallet.currency == currency)

    def available(self, account_id: str, currency: str) -> Decimal:
        return self.wallet(account_id, currency).available

    def reserved(self, account_id: str, currency: str) -> Decimal:
        return self.wallet(account_id, currency).reserved

    def book(self, side: BuyOrSell) -> list[tuple[Decimal, Decimal, int]]:
        """The levels of BTCZAR."""
        return self.venue.levels("BTCZAR", side, 100)

    def event_names(self) -> list[str]:
        """The types of the events so far; forgets them."""
        names = [type(event).__name__ for event in self.events]
        self.events.clear()
        return names


def btc_zar(
    side: BuyOrSell = "buy", *, quantity: str = "1", price: str = "1000", customer_order_id: str = ""
) -> NewOrder:
    """A limit order on BTCZAR that breaks no rule."""
    return NewOrder(
        "BTCZAR",
        side,
        "limit",
        quantity=Decimal(quantity),
        price=Decimal(price),
        customer_order_id=customer_order_id,
    )
