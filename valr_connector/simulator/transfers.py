"""Money that moves between accounts (protocol 12)."""

from __future__ import annotations

from valr_connector.simulator.accounts import Account
from valr_connector.simulator.effects import Effects
from valr_connector.simulator.statement import Money, Transaction, Transferred
from valr_connector.simulator.vocabulary import MoneyMoved


def can_pay(sender: Account, money: Money) -> bool:
    """Whether the account has so much available."""
    return sender.wallet(money.currency).available >= money.amount


def move(transfer_id: str, sender: Account, receiver: Account, money: Money, effects: Effects) -> None:
    """Move it, and write it into both statements."""
    effects.wallet_of(sender, money.currency).available -= money.amount
    effects.wallet_of(receiver, money.currency).available += money.amount
    info = Transferred(transfer_id, sender.label, receiver.label)
    for account, debit, credit in ((sender, money, None), (receiver, None, money)):
        transaction = Transaction("INTERNAL_TRANSFER", effects.now, info, debit, credit)
        account.transactions.append(transaction)
        effects.tell(MoneyMoved(account.account_id, transaction))
