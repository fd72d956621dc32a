"""The command `valr top`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated

import typer

from valr_connector.cli.dashboard import TOKEN_VARIABLE
from valr_connector.cli.demo_trading import demo_trading
from valr_connector.cli.picture_source import own_pictures, served_pictures
from valr_connector.cli.stop_signals import stop_on_signals
from valr_connector.dashboard.picture import Picture
from valr_connector.dashboard.watch import Watch
from valr_connector.exchange import DASHBOARD_PORT

if TYPE_CHECKING:
    from valr_connector.cli.top import TopApp

OWN_MACHINE = f"http://127.0.0.1:{DASHBOARD_PORT}/"


def top(
    url: Annotated[str, typer.Argument(help="Where a program serves its dashboard.")] = OWN_MACHINE,
    *,
    demo: Annotated[bool, typer.Option("--demo", help="A market maker on an embedded exchange.")] = False,
    pair: Annotated[str, typer.Option(help="With --demo: the pair, BASE-QUOTE.")] = "BTC-ZAR",
) -> None:
    """Show in the terminal what a program serves with `serve_dashboard`. It cannot change anything."""
    asyncio.run(_demo(pair) if demo else _served(url))


async def _served(url: str) -> None:
    await _show(served_pictures(url, os.environ.get(TOKEN_VARIABLE)))


async def _demo(pair: str) -> None:
    async with demo_trading(pair) as (valr, _):
        await _show(own_pictures(Watch(valr, title="the embedded exchange")))


async def _show(pictures: AsyncIterator[Picture]) -> None:
    from valr_connector.cli.top import TopApp  # noqa: PLC0415  half a second that other commands need not wait

    app = TopApp(pictures)
    with stop_on_signals() as stop:
        async with asyncio.TaskGroup() as tasks:
            leaving = tasks.create_task(_leave(app, stop))
            await app.run_async()
            leaving.cancel()
    if app.failure is not None:
        raise app.failure


async def _leave(app: TopApp, stop: asyncio.Event) -> None:
    """An app that were interrupted twice would leave the terminal as it has it."""
    await stop.wait()
    app.exit()
