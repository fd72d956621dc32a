"""All that is known of one account, without a network: the parts of the core, wired.

The connector feeds it from sockets and REST, a replay feeds it from a recording; both end in the same state.
"""

from __future__ import annotations

from collections.abc import Iterable

from valr_connector.core.balances import Balances
from valr_connector.core.commands import CommandLedger
from valr_connector.core.event_router import EventRouter
from valr_connector.core.guards import Guards
from valr_connector.core.order_tracker import OrderTracker
from valr_connector.core.readiness import Part, Readiness
from valr_connector.core.reconcile import Patience, Questions
from valr_connector.core.steps import Listener
from valr_connector.core.strangers import StrangerPolicy
from valr_connector.core.trading_rules import TradingRules


class AccountState:
    """Orders, balances, rules and what is still to be asked."""

    def __init__(
        self,
        *,
        guards: Guards | None = None,
        patience: Patience | None = None,
        parts: Iterable[Part] = tuple(Part),
        strangers: StrangerPolicy | None = None,
    ) -> None:
        self.patience = patience or Patience()
        self.questions = Questions(self.patience)
        self.tracker = OrderTracker(self.questions, guards)
        self.balances = Balances()
        self.ledger = CommandLedger()
        self.rules = TradingRules()
        self.readiness = Readiness(parts)
        self.router = EventRouter(
            self.tracker,
            self.balances,
            self.ledger,
            self.questions,
            rules=self.rules,
            strangers=strangers,
        )

    def tell_steps(self, listener: Listener) -> None:
        """Have `listener` told of everything that reaches orders and balances beside the frames."""
        self.router.on_step = self.tracker.on_step = listener
        self.ledger.on_step = self.balances.on_step = listener
