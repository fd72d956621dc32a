"""`valr top`: the dashboard in a terminal."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import ClassVar, Final, TypeVar

from rich.table import Table
from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, Sparkline, Static

from valr_connector.cli import top_view
from valr_connector.dashboard.picture import PairView, Picture
from valr_connector.errors import ValrError

Found = TypeVar("Found")

SILENCE_S: Final = 3.0
"""Several times the time between two pictures; after that, nothing shown passes for present."""
_LOOK_S: Final = 0.5
_MOST_PRICES: Final = 600
_HELP: Final = """[b]What is shown[/b]

The account and its orders as the connector knows them, live. Nothing can be changed here.

[b]state[/b]    VALR's word on an order; [b]unknown[/b]: its outcome is being asked for
[b]request[/b]  what we asked of VALR and have no answer to yet

[b]Keys[/b]

[b]p[/b]  the next pair              [b]e[/b]  orders in flight, or those that ended lately
[b]t[/b]  only troubles in the log   [b]space[/b]  hold the picture, and go on
[b]?[/b]  this help                  [b]q[/b]  leave

Any key closes this."""


class Help(ModalScreen[None]):
    """What the keys do."""

    def compose(self) -> ComposeResult:
        yield Static(_HELP, id="help")

    def on_key(self) -> None:
        self.dismiss()


class TopApp(App[None]):
    """Shows pictures until somebody leaves.

    Args:
        pictures: what is shown, one after the other.
        clock: seconds that never step.

    Attributes:
        failure: what ended it, if anything did.
    """

    CSS_PATH = "top.tcss"
    ENABLE_COMMAND_PALETTE = False
    TITLE = "valr top"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "next_pair", "Next pair"),
        Binding("e", "ended", "In flight/ended"),
        Binding("t", "troubles", "Only troubles"),
        Binding("space", "hold", "Hold"),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q", "quit", "Quit"),
    ]

    def __init__(
        self, pictures: AsyncIterator[Picture], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._pictures = pictures
        self._clock = clock
        self._picture: Picture | None = None
        self._heard_at = clock()
        self._prices: dict[str, deque[float]] = {}
        self._drawn: dict[str, object] = {}
        self._pair = 0
        self._shows_ended = False
        self._only_troubles = False
        self._is_held = False
        self.failure: ValrError | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="head")
        with Horizontal(id="upper"):
            with Vertical(id="market"):
                yield Static(id="prices")
                yield Sparkline([], id="sparkline")
                yield VerticalScroll(Static(id="orders"), id="orders-panel", classes="panel")
            with VerticalScroll(id="status-panel", classes="panel"):
                yield Static(id="status")
                yield Static(id="balances")
                yield Static(id="limits")
        with Horizontal(id="lower"):
            yield VerticalScroll(Static(id="log"), id="log-panel", classes="panel")
            with Vertical(id="figures"):
                yield VerticalScroll(Static(id="latencies"), id="latencies-panel", classes="panel")
                yield VerticalScroll(Static(id="fills"), id="fills-panel", classes="panel")
        yield Footer()

    def on_mount(self) -> None:
        titles = {"status": "connection", "log": "events"}
        for name in ("orders", "status", "log", "latencies", "fills"):
            self.query_one(f"#{name}-panel").border_title = titles.get(name, name)
        self._show_head()
        self.set_interval(_LOOK_S, self._show_head)
        self.run_worker(self._follow())

    async def _follow(self) -> None:
        try:
            async for picture in self._pictures:
                self._take(picture)
        except ValrError as failure:
            self.failure = failure
            self.exit()

    def _take(self, picture: Picture) -> None:
        self._heard_at = self._clock()
        for view in picture.pairs:
            if view.quote.mid is not None:
                prices = self._prices.setdefault(view.pair, deque(maxlen=_MOST_PRICES))
                prices.append(float(view.quote.mid))
        if not self._is_held:
            self._picture = picture
            self._show()

    @property
    def _view(self) -> PairView | None:
        pairs = () if self._picture is None else self._picture.pairs
        return pairs[self._pair % len(pairs)] if pairs else None

    def _show_head(self) -> None:
        if not self.is_running:
            return  # it quits: what this would be shown on is gone, and the timer may still tick
        line = top_view.head(self._picture, self._clock() - self._heard_at, SILENCE_S)
        if self._is_held:
            line.append("  HELD, space goes on", style="reverse")
        self.query_one("#head", Static).update(line)

    def _show(self) -> None:
        picture, view = self._picture, self._view
        if picture is None or not self.is_running:
            return
        self._show_head()
        orders = picture.ended if self._shows_ended else picture.orders
        lines = top_view.chosen_lines(picture, only_troubles=self._only_troubles)
        self._draw("prices", view, top_view.prices)
        self._draw("orders", orders, top_view.orders)
        self._draw("status", (picture.parts, picture.circuits), lambda found: top_view.status(*found))
        self._draw("balances", picture.balances, top_view.balances)
        self._draw("limits", picture.limits, top_view.limits)
        self._draw("log", lines, top_view.log)
        self._draw("latencies", picture.latencies, top_view.latencies)
        self._draw("fills", picture.fills, top_view.fills)
        title = "orders that ended lately" if self._shows_ended else f"orders in flight: {len(orders)}"
        self.query_one("#orders-panel").border_title = title
        prices = self._prices.get(view.pair, ()) if view is not None else ()
        self.query_one(Sparkline).data = _above_lowest(list(prices))

    def _draw(self, panel: str, found: Found, render: Callable[[Found], Table | Text]) -> None:
        """Drawing a panel takes some 10 ms: what did not change is left as it is."""
        if panel not in self._drawn or self._drawn[panel] != found:
            self._drawn[panel] = found
            self.query_one(f"#{panel}", Static).update(render(found))

    # --- keys --------------------------------------------------------------------------------------

    def action_next_pair(self) -> None:
        self._pair += 1
        self._show()

    def action_ended(self) -> None:
        self._shows_ended = not self._shows_ended
        self._show()

    def action_troubles(self) -> None:
        self._only_troubles = not self._only_troubles
        self._show()

    def action_hold(self) -> None:
        self._is_held = not self._is_held
        self._show_head()

    def action_help(self) -> None:
        self.push_screen(Help())


def _above_lowest(prices: list[float]) -> list[float]:
    """A sparkline begins at the lowest value: only what is above it can be seen."""
    lowest = min(prices, default=0.0)
    return [price - lowest for price in prices]
