"""`valr hummingbot`: put the connector where Hummingbot looks for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from valr_connector.integrations.hummingbot.__main__ import run

hummingbot = typer.Typer(help="The connector for Hummingbot.", no_args_is_help=True)

Where = Annotated[
    Path | None,
    typer.Option("--path", help="A checkout of Hummingbot, or its package; looked for by default."),
]


@hummingbot.command()
def install(
    path: Where = None,
    docker: Annotated[bool, typer.Option("--docker", help="Print a Dockerfile instead.")] = False,
) -> None:
    """Write the connector's folder into Hummingbot, or bring it up to date."""
    _say("install", path, is_docker=docker)


@hummingbot.command()
def uninstall(path: Where = None) -> None:
    """Remove what `install` wrote, and nothing else."""
    _say("uninstall", path)


@hummingbot.command()
def status(path: Where = None) -> None:
    """Say versions, places and what is wrong; exit status 1 if something is."""
    _say("status", path)


def _say(command: str, path: Path | None, *, is_docker: bool = False) -> None:
    text, code = run(command, path, is_docker=is_docker)
    typer.echo(text)
    if code:
        raise typer.Exit(code)
