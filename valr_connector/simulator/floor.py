"""The exchange floor: what the doors (REST and both sockets) share."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from valr_connector.simulator.authentication import Caller, KeyRing
from valr_connector.simulator.faults import Faults
from valr_connector.simulator.ids import uuid7_text
from valr_connector.simulator.limits import RateLimiter
from valr_connector.simulator.market import Market
from valr_connector.simulator.order_entry import OrderEntry
from valr_connector.simulator.settings import SimulatorSettings
from valr_connector.simulator.statement import Transaction
from valr_connector.simulator.stats import Statistics
from valr_connector.simulator.timeline import Timeline
from valr_connector.simulator.transport import HttpRequest
from valr_connector.simulator.venue import Venue
from valr_connector.simulator.vocabulary import BookChanged, OrderChange, PublicTrade, Rejection


class Floor:
    """One venue with everything around it that is not a door."""

    def __init__(
        self, settings: SimulatorSettings, venue: Venue, clock: Callable[[], int], rng: Random
    ) -> None:
        self.settings = settings
        self.venue = venue
        self.clock = clock
        self.rng = rng
        self.work = Timeline()
        """Commands and the engine; what waits here is done even if the exchange stops."""
        self.frames = Timeline()
        """Frames on their way out, and snapshots to come."""
        self.keys = KeyRing(
            tolerance_s=settings.timestamp_tolerance_s, refuse_repeats=settings.refuse_repeated_timestamps
        )
        self.limits = RateLimiter(settings.rate_limits)
        self.faults = Faults()
        self.stats = Statistics()
        self.market = Market(venue, clock)
        self.desk = OrderEntry(venue, self.work, settings.processing_latency, rng, self.stats)
        self.read_only = False
        venue.listen(self.market.note_trade, PublicTrade)
        venue.listen(self.market.note_book, BookChanged)
        venue.listen(self.stats.order_changed, OrderChange)

    def labels(self) -> dict[str, str]:
        """The primary account and its subaccounts, by id. The id of one of the crowd is no number."""
        return {each: label for each, label in self.venue.labels().items() if each.isdecimal()}

    def record_id(self, transaction: Transaction) -> str:
        """The id of a transaction: the same on the sockets and by REST, whichever tells it first."""
        if not transaction.record_id:
            transaction.record_id = uuid7_text(transaction.at, self.rng)
        return transaction.record_id

    def authenticate(self, request: HttpRequest) -> Caller:
        """Who makes this request, or opens this socket.

        Raises:
            Rejection: 400/-11268 without a key; 401/-11252 for a key, signature or account that does not fit.
        """
        caller = self.keys.authenticate(request, self.clock())
        if not self.venue.has_account(caller.account_id):
            raise Rejection(-11252, "Request has an invalid signature", status=401)
        return caller

    def check_writable(self) -> None:
        """Raises:
        Rejection: 503 while the exchange is read-only (protocol 3.5).
        """
        if self.read_only:
            raise Rejection(-11, "The exchange is in read-only mode", status=503)
