"""Records the sessions of `scenarios` afresh: ``python -m tests.replay.record [--accept]``.

Without ``--accept`` nothing is overwritten: what differs from tests/frames is told, and the exit status is 1
if anything does. Recordings that were written by hand are left alone.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from tests.replay.differences import line_differences, outcome_differences
from tests.replay.scenarios import SCENARIOS, Scenario
from tests.replay.stage import ACCOUNT, Stage
from tests.replay.story import Expected
from tests.replay.truth import disagreements
from valr_connector.net.journal import read_note

FRAMES = Path(__file__).parents[1] / "frames"
BY_HAND = "written by hand"
"""What the note of a recording begins with that no exchange ever sent."""


async def record(scenario: Scenario, folder: Path) -> None:
    """Play a session, and write what went over its sockets and what came of it into `folder`.

    Raises:
        AssertionError: the library's orders are not what the venue has.
    """
    frames, expected = paths(folder, scenario.name)
    async with Stage(frames, scenario.settings, scenario.note).open() as stage:
        await scenario.play(stage)
        outcome = stage.outcome()
        wrong = list(disagreements(stage.records(), stage.exchange.venue, ACCOUNT))
    assert not wrong, f"{scenario.name}: {'; '.join(wrong)}"
    expected.write_text(outcome.text())


def paths(folder: Path, name: str) -> tuple[Path, Path]:
    """Where a session's frames are, and what is expected of them."""
    return folder / f"{name}.jsonl", folder / f"{name}.expected.json"


def recorded(folder: Path) -> list[str]:
    """Names of the sessions in a folder that were recorded, not written by hand."""
    return sorted(path.stem for path in folder.glob("*.jsonl") if not read_note(path).startswith(BY_HAND))


def differences(before: Path, after: Path, name: str) -> Iterator[str]:
    """In words, how a session in the folder `after` differs from the same one in `before`."""
    old_frames, old_expected = paths(before, name)
    new_frames, new_expected = paths(after, name)
    if not old_frames.exists() or not new_frames.exists():
        yield "new" if new_frames.exists() else "recorded no longer"
        return
    yield from line_differences(old_frames.read_text().splitlines(), new_frames.read_text().splitlines())
    yield from outcome_differences(Expected.read(old_expected), Expected.read(new_expected))


def accept(source: Path, target: Path, name: str) -> None:
    """Take over one session, or its disappearance."""
    for new, old in zip(paths(source, name), paths(target, name), strict=True):
        if new.exists():
            old.write_bytes(new.read_bytes())
        else:
            old.unlink(missing_ok=True)


def review(committed: Path, fresh: Path, out: TextIO, *, accepting: bool) -> int:
    """Tell what differs in each session, and take it over if asked to.

    Returns:
        Exit status: 1 if something differs and was not accepted.
    """
    found = 0
    for name in sorted({*recorded(committed), *recorded(fresh)}):
        told = list(differences(committed, fresh, name))
        if not told:
            continue
        found += 1
        out.writelines([f"{name}\n", *(f"  {line}\n" for line in told)])
        if accepting:
            accept(fresh, committed, name)
    if not found:
        out.write(f"{len(recorded(committed))} recordings: nothing differs\n")
    elif accepting:
        out.write(f"{found} recordings accepted\n")
    else:
        out.write(f"{found} recordings differ; --accept takes them over\n")
    return int(found > 0 and not accepting)


def main(arguments: Sequence[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.replay.record", description=__doc__)
    parser.add_argument("--accept", action="store_true", help="overwrite the recordings that differ")
    options = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)  # lost connections are part of the play
    with TemporaryDirectory() as folder:
        for scenario in SCENARIOS.values():
            asyncio.run(record(scenario, Path(folder)))
        return review(FRAMES, Path(folder), sys.stdout, accepting=options.accept)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
