"""What the trade socket is to send: the wanted pairs of each event, and the command that asks for them.

For each event VALR takes a whole list of pairs, which replaces the one before (protocol 14.2). So a change is
told by the full list of the event that it is about; events whose list stays are never named. What VALR was
told is remembered for as long as the connection lasts, and a command is the difference to what is wanted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from valr_connector.errors import InvalidArgumentError
from valr_connector.model.enums import MarketFeed
from valr_connector.model.ids import Symbol
from valr_connector.protocol.commands import MarketEvent, subscribe_market_command
from valr_connector.protocol.control_frames import ErrorFrame


class MarketSubscriptions:
    """Wanted subscriptions of one trade socket. It sends nothing; whoever takes a command has to send it."""

    def __init__(self) -> None:
        self._wanted: dict[MarketEvent, dict[Symbol, None]] = {}
        self._held_back: set[tuple[MarketEvent, Symbol]] = set()
        self._told: dict[MarketEvent, Sequence[Symbol]] = {}

    def wanted(self, event: MarketEvent) -> Sequence[Symbol]:
        """The pairs of an event, in the order in which they were added."""
        return tuple(self._wanted.get(event, ()))

    def add(self, event: MarketEvent, symbols: Iterable[Symbol]) -> None:
        """Want an event of these pairs, beside those that are wanted already."""
        self._wanted.setdefault(event, {}).update(dict.fromkeys(symbols))

    def remove(self, event: MarketEvent, symbols: Iterable[Symbol]) -> None:
        """Want an event of these pairs no more."""
        pairs = self._wanted.get(event, {})
        for symbol in symbols:
            pairs.pop(symbol, None)
            self._held_back.discard((event, symbol))

    def hold_back(self, event: MarketEvent, symbol: Symbol) -> None:
        """Leave a wanted pair out until `release`: named anew it surely gets a snapshot (protocol 18.6)."""
        self._held_back.add((event, symbol))

    def release(self, event: MarketEvent, symbol: Symbol) -> None:
        """Name a pair again that was held back; does nothing where it was not."""
        self._held_back.discard((event, symbol))

    def refused(self, frame: ErrorFrame) -> tuple[MarketEvent, Symbol] | None:
        """Forget the subscription that VALR refuses; None where the error is about none that is wanted."""
        refusal = frame.refused_subscription
        if refusal is None:
            return None
        event, symbol = MarketEvent.__members__.get(refusal[0]), refusal[1]
        if event is None or symbol not in self._wanted.get(event, {}):
            return None
        self.remove(event, [symbol])
        self._told[event] = tuple(told for told in self._told.get(event, ()) if told != symbol)
        return event, symbol

    def connected(self) -> None:
        """A new connection: VALR knows nothing of what was told before."""
        self._told.clear()
        self._held_back.clear()

    def take_command(self) -> bytes | None:
        """The command that makes VALR's lists the wanted ones, which counts as told; None where they are."""
        changed = {
            event: pairs for event in self._wanted if (pairs := self._due(event)) != self._told.get(event, ())
        }
        if not changed:
            return None
        self._told |= changed
        return subscribe_market_command(changed)

    def _due(self, event: MarketEvent) -> Sequence[Symbol]:
        return tuple(symbol for symbol in self._wanted[event] if (event, symbol) not in self._held_back)


def checked_market_feed(feed: object) -> MarketFeed:
    """A feed as somebody named it.

    Raises:
        InvalidArgumentError: there is no such feed.
    """
    try:
        return MarketFeed(str(feed))
    except ValueError:
        raise InvalidArgumentError("feed", feed, f"must be one of {', '.join(MarketFeed)}") from None


def checked_pairs(pairs: object) -> tuple[str, ...]:
    """Names of pairs as somebody listed them, each once. Whether VALR has them is not looked at.

    Raises:
        InvalidArgumentError: it is no list of texts.
    """
    names: list[object] = list(pairs) if isinstance(pairs, Iterable) else [None]
    texts = [name for name in names if isinstance(name, str)]
    if isinstance(pairs, str) or len(texts) != len(names):
        raise InvalidArgumentError("pairs", pairs, 'must be a list of pairs, ["BTC-ZAR"]')
    return tuple(dict.fromkeys(texts))
