"""Balances by currency code."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from valr_connector.core.steps import Held, Listener, unheard
from valr_connector.errors import InvalidArgumentError
from valr_connector.model.account import Balance
from valr_connector.model.events import BalanceChanged


class Balances:
    """The newest known state of each wallet.

    VALR sends absolute values; an update older than the stored one is left out (protocol 15.2).

    Attributes:
        on_step: told of each complete list.
    """

    def __init__(self) -> None:
        self._by_currency: dict[str, Balance] = {}
        self.on_step: Listener = unheard
        self.by_currency: Mapping[str, Balance] = MappingProxyType(self._by_currency)

    def __getitem__(self, currency: str) -> Balance:
        """A wallet that VALR did not list is empty (protocol 9.2)."""
        zero = Decimal(0)
        return self._by_currency.get(currency) or Balance(currency, zero, zero, zero)

    def update(self, balance: Balance) -> Sequence[BalanceChanged]:
        """Take over one wallet; nothing to tell if it was old news or changed nothing but the time."""
        known, at = self._by_currency.get(balance.currency), balance.updated_at
        if known is not None:
            known_at = known.updated_at
            if at is not None and known_at is not None and at < known_at:
                return ()
        self._by_currency[balance.currency] = balance
        if known is not None and _holds_as_much(balance, known):
            return ()
        return (BalanceChanged(balance),)

    def replace(self, balances: Iterable[Balance]) -> list[BalanceChanged]:
        """Take over a complete list; a wallet that it leaves out is empty, unless newer news says otherwise.

        VALR serves the list from a cache (protocol 3.4): its newest time tells how old it is.
        """
        listed = {balance.currency: balance for balance in balances}
        self.on_step(Held(tuple(listed.values())))
        changes = [change for balance in listed.values() for change in self.update(balance)]
        as_of = max((b.updated_at for b in listed.values() if b.updated_at is not None), default=None)
        for known in [b for c, b in self._by_currency.items() if c not in listed]:
            emptied = Balance(known.currency, Decimal(0), Decimal(0), Decimal(0), as_of)
            changes += self.update(emptied)
        return changes


def checked_currency(currency: object, listed: Collection[str]) -> str:
    """A code as somebody wrote it: another spelling would be a wallet that is empty for ever.

    Args:
        listed: codes that VALR itself named, whatever they look like.

    Raises:
        InvalidArgumentError: it is no text, or not written as codes are.
    """
    if not isinstance(currency, str) or (
        currency not in listed and (currency == "R" or not currency or currency != currency.upper())
    ):
        raise InvalidArgumentError("currency", currency, 'must be a code such as "ZAR"')
    return currency


def _holds_as_much(balance: Balance, known: Balance) -> bool:
    return (
        balance.reserved == known.reserved
        and balance.available == known.available
        and balance.total == known.total
    )
