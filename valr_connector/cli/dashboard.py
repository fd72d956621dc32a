"""`valr dashboard`: the page, served until somebody stops it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Final

import typer

from valr_connector.cli.demo_trading import demo_trading
from valr_connector.cli.stop_signals import stop_on_signals, stopped_within
from valr_connector.config import Settings
from valr_connector.exchange import DASHBOARD_PORT, ValrExchange

TOKEN_VARIABLE: Final = "VALR_DASHBOARD_TOKEN"  # noqa: S105  the name of it


def dashboard(
    pairs: Annotated[list[str] | None, typer.Argument(help="Pairs to follow, BASE-QUOTE.")] = None,
    *,
    demo: Annotated[bool, typer.Option("--demo", help="A market maker on an embedded exchange.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = DASHBOARD_PORT,
    host: Annotated[str, typer.Option(help=f"Others than 127.0.0.1 need {TOKEN_VARIABLE}.")] = "127.0.0.1",
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop by itself after so long.")] = None,
) -> None:
    """Serve a page that shows an account live, until Ctrl-C. It cannot change anything.

    Without --demo it connects with the key in the environment and places nothing; orders of other programs
    are named in its log. A program that trades serves its own page with `serve_dashboard`.
    """
    asyncio.run(_dashboard(pairs or ["BTC-ZAR"], demo, port, host, seconds))


async def _dashboard(pairs: Sequence[str], demo: bool, port: int, host: str, seconds: float | None) -> None:
    async with _watched(pairs, demo=demo) as valr:
        with stop_on_signals() as stop:
            url = await valr.serve_dashboard(port, host=host, token=os.environ.get(TOKEN_VARIABLE))
            print(f"the dashboard is at {url} (Ctrl-C stops it)", file=sys.stdout, flush=True)
            await stopped_within(stop, seconds)


@asynccontextmanager
async def _watched(pairs: Sequence[str], *, demo: bool) -> AsyncIterator[ValrExchange]:
    if demo:
        async with demo_trading(pairs[0]) as (valr, _):
            yield valr
    else:
        async with ValrExchange.from_env(pairs=pairs, settings=Settings(on_close="leave")) as valr:
            yield valr
