"""The commands of `valr`. Results go to standard output, logs to standard error."""

from __future__ import annotations

import asyncio
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import typer

from valr_connector.cli.dashboard import dashboard
from valr_connector.cli.demo import DemoOptions, run_demo
from valr_connector.cli.demo_summary import DemoSummary
from valr_connector.cli.demo_view import open_view
from valr_connector.cli.doctor import doctor
from valr_connector.cli.explain import explain
from valr_connector.cli.frames_check import check_files
from valr_connector.cli.hummingbot_commands import hummingbot
from valr_connector.cli.log_output import log_to_standard_error
from valr_connector.cli.market_commands import add_market_commands
from valr_connector.cli.replay import ReplayOptions, record_session, replay_session
from valr_connector.cli.simulate import run_one, run_refreshes, run_seeds
from valr_connector.cli.simulator import run_simulator
from valr_connector.cli.stop_signals import stop_on_signals
from valr_connector.cli.top_command import top
from valr_connector.errors import InvalidArgumentError
from valr_connector.verification.campaign import Plan
from valr_connector.verification.generate import Profile

app: Final = typer.Typer(
    name="valr",
    help="Connector to the VALR exchange, and the embedded exchange to prove it against.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
frames: Final = typer.Typer(help="Recorded frames.", no_args_is_help=True)
app.add_typer(frames, name="frames")
app.add_typer(hummingbot, name="hummingbot")
add_market_commands(app)
app.command()(doctor)
app.command()(dashboard)
app.command()(top)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"valr-connector {version('valr-connector')}")
        raise typer.Exit


@app.callback()
def common_options(
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Log more: -v INFO, -vv DEBUG.")
    ] = 0,
    show_version: Annotated[  # noqa: ARG001 - its callback acts before any command
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Set up what all commands share."""
    log_to_standard_error(verbose)


@app.command()
def demo(
    seconds: Annotated[float, typer.Option(min=1, help="How long to quote.")] = 30,
    pair: Annotated[str, typer.Option(help="Trading pair, BASE-QUOTE.")] = "BTC-ZAR",
    refresh: Annotated[float, typer.Option(min=0.01, help="Seconds between two looks at the market.")] = 0.5,
) -> None:
    """Run the market maker on the embedded exchange and compare both sides.

    Exit status 1 if the library and the venue disagreed about an order, or anything was left open.
    """
    summary = asyncio.run(_demo(DemoOptions(seconds, pair, refresh)))
    for line in summary.lines():
        typer.echo(line)
    raise typer.Exit(0 if summary.is_good else 1)


async def _demo(options: DemoOptions) -> DemoSummary:
    with stop_on_signals() as stop, open_view() as view:
        return await run_demo(options, view, stop)


@app.command(name="explain")
def explain_error(
    code: Annotated[str, typer.Argument(help="What an error's text ends with, such as VC13; or its name.")],
) -> None:
    """Say what causes an error, and what helps."""
    typer.echo(explain(code))


@app.command()
def simulator(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="TCP port on loopback; 0 takes a free one.")
    ] = 0,
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop by itself after so long.")] = None,
) -> None:
    """Run the embedded exchange by itself, with a living market, until Ctrl-C.

    Where it listens and a key to use it with are printed as one line of JSON.
    """
    asyncio.run(run_simulator(port, seconds, sys.stdout))


@app.command()
def simulate(
    *,
    seeds: Annotated[int, typer.Option(min=1, help="How many schedules to run.")] = 1000,
    first: Annotated[int, typer.Option("--from", min=0, help="The first seed.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="In how many processes.")] = 1,
    faults: Annotated[Profile, typer.Option(help="Which faults there are, and how many.")] = Profile.HEAVY,
    seed: Annotated[int | None, typer.Option(min=0, help="Run this seed alone, and say how it went.")] = None,
    trace: Annotated[bool, typer.Option(help="With --seed: print everything that happens.")] = False,
    refresh_loop: Annotated[
        bool, typer.Option("--refresh-loop", help="One maker that refreshes every second, for --hours.")
    ] = False,
    hours: Annotated[float, typer.Option(min=0.01, help="With --refresh-loop: virtual hours.")] = 24.0,
) -> None:
    """Run the whole connector against the embedded exchange, in virtual time, with faults drawn from seeds.

    Exit status 1 if any invariant was violated; the seed and the shortest schedule found are printed then.
    """
    if refresh_loop:
        is_good = run_refreshes(hours, seed or 0, sys.stdout, sys.stderr)
    elif seed is not None:
        is_good = run_one(seed, faults, sys.stdout, with_trace=trace)
    else:
        is_good = run_seeds(Plan(seeds, first, workers, faults), sys.stdout, sys.stderr)
    raise typer.Exit(0 if is_good else 1)


@app.command()
def record(
    *,
    pairs: Annotated[
        str, typer.Option(help="Pairs whose books are followed, with commas between: BTC-ZAR,ETH-ZAR.")
    ],
    out: Annotated[Path, typer.Option(help="Directory to write into; must hold no recording yet.")],
    simulated: Annotated[
        bool, typer.Option("--simulated", help="Use an embedded exchange, not VALR.")
    ] = False,
    seconds: Annotated[float | None, typer.Option(min=0, help="Stop by itself after so long.")] = None,
    anonymise: Annotated[
        bool, typer.Option("--anonymise", help="At the end, replace account ids, addresses and amounts.")
    ] = False,
) -> None:
    """Record an account and its market until Ctrl-C: every frame and REST call, without secrets.

    The key comes from VALR_API_KEY and VALR_API_SECRET. Nothing is placed and nothing cancelled.
    """
    wanted = [pair.strip() for pair in pairs.split(",") if pair.strip()]
    if not wanted:
        raise InvalidArgumentError("pairs", pairs, "has to name at least one: BTC-ZAR,ETH-ZAR")
    asyncio.run(record_session(wanted, out, is_simulated=simulated, seconds=seconds, is_anonymous=anonymise))


@app.command()
def replay(
    directory: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A recording.")],
    until: Annotated[
        float | None, typer.Option(min=0, help="Stop so many seconds after its beginning.")
    ] = None,
    order: Annotated[str | None, typer.Option(help="Only this order, by VALR's id or ours.")] = None,
    speed: Annotated[float | None, typer.Option(min=0.001, help="So many times as fast as it was.")] = None,
) -> None:
    """Run a recorded session again, without a network, and print the story of each order.

    Exit status 1 if the replay ended in another state than the session did.
    """
    is_same = replay_session(directory, ReplayOptions(until, order, speed), sys.stdout)
    raise typer.Exit(0 if is_same else 1)


@frames.command()
def check(
    files: Annotated[
        list[Path],
        typer.Argument(
            exists=True,
            dir_okay=False,
            readable=True,
            help="Files of a recording, or JSON lines with channel and frame.",
        ),
    ],
) -> None:
    """Decode recorded frames and say which the library does not understand."""
    raise typer.Exit(check_files(files, sys.stdout))
