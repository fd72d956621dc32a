"""What a fill does to money: payment, fees, rewards (protocol 6).

* The taker's fee is taken from what it receives: base for a buy, quote for a sell. So is a positive maker's.
* A negative maker percentage is a reward, in the currency the maker pays: quote for a buy, base for a sell.
* Fees and rewards are cut to 8 decimal places, towards zero, whatever the currency.
* The house keeps the fees and pays the rewards, so that money is conserved to the last digit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from valr_connector.simulator.accounts import Account
from valr_connector.simulator.effects import Effects
from valr_connector.simulator.exact import ZERO, step_of, truncate
from valr_connector.simulator.vocabulary import BuyOrSell, PairSpec, VenueOrder

FEE_STEP = step_of(8)
_OTHER: Mapping[BuyOrSell, BuyOrSell] = {"buy": "sell", "sell": "buy"}
_PERCENT = Decimal("0.01")


class Fee(NamedTuple):
    """`amount` is negative for a maker's reward."""

    amount: Decimal
    currency: str


class House:
    """The exchange's own pocket, by currency; negative where it paid more rewards than it took fees."""

    def __init__(self) -> None:
        self.collected: defaultdict[str, Decimal] = defaultdict(Decimal)


def fee_amount(value: Decimal, percent: Decimal) -> Decimal:
    """`percent` percent points of `value`, cut towards zero to 8 places; negative for a reward."""
    return truncate(value * percent * _PERCENT, FEE_STEP) + ZERO  # a sum with zero is never minus zero


def commitment(pair: PairSpec, side: BuyOrSell, price: Decimal, quantity: Decimal) -> tuple[str, Decimal]:
    """Currency and amount that `quantity` costs its owner at `price`."""
    if side == "buy":
        return pair.quote, price * quantity
    return pair.base, quantity


class Settlement:
    """Moves the money of the fills of one command."""

    def __init__(self, pair: PairSpec, house: House, effects: Effects) -> None:
        self._pair = pair
        self._house = house
        self._effects = effects

    def reserve(self, account: Account, order: VenueOrder, quantity: Decimal) -> None:
        """Hold back what `quantity` of the order needs while it rests."""
        self._shift(account, order, quantity, into_reserve=1)

    def release(self, account: Account, order: VenueOrder, quantity: Decimal) -> None:
        """Give back what `quantity` of the order held."""
        self._shift(account, order, quantity, into_reserve=-1)

    def settle_taker(self, account: Account, order: VenueOrder, price: Decimal, quantity: Decimal) -> Fee:
        paid_currency, paid = commitment(self._pair, order.side, price, quantity)
        self._effects.wallet_of(account, paid_currency).available -= paid
        is_simple = order.request.kind == "simple"
        percent = account.simple_percent if is_simple else account.taker_percent
        return self._receive(account, order, price, quantity, percent)

    def settle_maker(self, account: Account, order: VenueOrder, price: Decimal, quantity: Decimal) -> Fee:
        paid_currency, paid = commitment(self._pair, order.side, price, quantity)
        wallet = self._effects.wallet_of(account, paid_currency)
        wallet.reserved -= paid
        if account.maker_percent >= ZERO:
            return self._receive(account, order, price, quantity, account.maker_percent)
        self._receive(account, order, price, quantity, ZERO)
        reward = fee_amount(paid, account.maker_percent)
        wallet.available -= reward
        self._house.collected[paid_currency] += reward
        return Fee(reward, paid_currency)

    def _receive(
        self, account: Account, order: VenueOrder, price: Decimal, quantity: Decimal, percent: Decimal
    ) -> Fee:
        currency, received = commitment(self._pair, _OTHER[order.side], price, quantity)
        fee = fee_amount(received, percent)
        self._effects.wallet_of(account, currency).available += received - fee
        self._house.collected[currency] += fee
        return Fee(fee, currency)

    def _shift(self, account: Account, order: VenueOrder, quantity: Decimal, *, into_reserve: int) -> None:
        currency, amount = commitment(self._pair, order.side, order.price, quantity)
        wallet = self._effects.wallet_of(account, currency)
        wallet.available -= into_reserve * amount
        wallet.reserved += into_reserve * amount
