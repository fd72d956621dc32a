"""One connector from its making to its end, as its user knows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from valr_connector.exchange import ValrExchange
from valr_connector.model.order import CloseReport
from valr_connector.verification.books import BookCheck
from valr_connector.verification.heard import Heard
from valr_connector.verification.process import Process
from valr_connector.verification.resync import ResyncCheck
from valr_connector.verification.story import OrderStory, Recorder


@dataclass(slots=True)
class Life:
    """One `ValrExchange`.

    Attributes:
        process: what it runs in.
        recorder: everything it told.
        heard: what VALR told it on the account socket.
        resync: what it has to know when it is in step again.
        books: what it shows of a book, if it follows one.
        before: the life whose order journal it took over.
        closed: what it said when it was closed, if it was.
        closed_at: when that was, or when it was killed; VALR's clock, nanoseconds.
    """

    number: int
    valr: ValrExchange
    process: Process
    recorder: Recorder
    heard: Heard
    resync: ResyncCheck
    books: BookCheck | None = None
    before: Life | None = None
    closed: CloseReport | None = None
    closed_at: int = 0

    @property
    def is_closed(self) -> bool:
        """Whether it was closed, or killed."""
        return self.closed is not None or self.process.is_dead

    def die(self, at: int) -> None:
        """Its process is killed; what it says from now on, nobody hears."""
        self.closed_at = at
        self.process.die()
        self.recorder.stop()
        self.heard.forget()

    def stories(self) -> Sequence[OrderStory]:
        """The story of every order that was placed, those included of which nothing was told yet."""
        self.recorder.orders()
        return tuple(self.recorder.stories.values())
