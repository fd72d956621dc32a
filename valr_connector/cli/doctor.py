"""`valr doctor`: what the examination found, as lines or as JSON."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Final, TextIO

import msgspec
import typer

from valr_connector.doctor.examination import SETTINGS, examine, examine_account, surroundings
from valr_connector.doctor.finding import Finding, Grade, exit_status
from valr_connector.exchange import ValrExchange
from valr_connector.observe.redaction import RedactionFilter

_MARKS: Final = {Grade.OK: "ok     ", Grade.WARNING: "warning", Grade.ERROR: "ERROR  "}
_VERDICTS: Final = (
    "Everything is in order.",
    "It works; see the warnings.",
    "Not in order: mend the errors, then run it again.",
)


def doctor(
    pairs: Annotated[list[str] | None, typer.Argument(help="Pairs to try, BASE-QUOTE.")] = None,
    simulated: Annotated[bool, typer.Option("--simulated", help="Examine an embedded exchange.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check packages, key, permissions, clock, REST, sockets, rules, limits and latency; place nothing.

    Exit status 0: all in order; 1: warnings; 2: something has to be mended.
    """
    findings = [*surroundings(), *asyncio.run(_examine(pairs or ["BTC-ZAR"], simulated))]
    report(findings, sys.stdout, as_json=as_json)
    raise typer.Exit(exit_status(findings))


async def _examine(pairs: Sequence[str], simulated: bool) -> list[Finding]:
    if simulated:
        return await examine(ValrExchange.simulated(pairs=pairs, settings=SETTINGS))
    return await examine_account(pairs)


def report(findings: Sequence[Finding], out: TextIO, *, as_json: bool) -> None:
    """Print the findings; what looks like a secret is struck out, wherever it may have come from."""
    status = exit_status(findings)
    if as_json:
        found = {"exit_status": status, "findings": findings}
        text = msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n"
    else:
        text = "".join(f"{line}\n" for line in (*_lines(findings), "", _VERDICTS[status]))
    out.write(RedactionFilter().redact(text))


def _lines(findings: Iterable[Finding]) -> Iterable[str]:
    for finding in findings:
        yield f"{_MARKS[finding.grade]}  {finding.about:<13}  {finding.says}"
        if finding.advice:
            yield f"{'':24}-> {finding.advice}"
