"""What `import valr_connector` takes, against importing the packages that it stands on.

    python -m benchmarks.import_time [--rounds 15]

Processor time of fresh interpreters, less that of one that imports nothing; both take turns, and the middle
of all ratios counts. aiohttp is among the four: the library loads it at its first REST call. websockets and
pydantic load what they are needed for only when it is asked for, so it is asked for here. Compiled files are
there, as with any package that is installed.
"""

from __future__ import annotations

import argparse
import compileall
import statistics
import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import valr_connector
from benchmarks.goals import Result, tell

NOTHING = "pass"
PACKAGES = (
    "import aiohttp, orjson; from websockets.asyncio.client import connect; from pydantic import BaseModel"
)
LIBRARY = "from valr_connector import ValrExchange"
MUST_RATIO = 1.1
AIM_RATIO = 0.65


def processor_s(statement: str) -> float:
    """User and system time of an interpreter that runs this and nothing else."""
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", statement], check=True)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    compileall.compile_dir(Path(valr_connector.__file__).parent, quiet=2)
    taken: list[tuple[float, float]] = []
    for _ in range(rounds):
        nothing = processor_s(NOTHING)
        taken.append((processor_s(LIBRARY) - nothing, processor_s(PACKAGES) - nothing))
    ours, theirs = (statistics.median(times) for times in zip(*taken, strict=True))
    ratio = statistics.median(mine / yours for mine, yours in taken)
    print(f"the library {ours * 1e3:.0f} ms of processor time, the four packages {theirs * 1e3:.0f} ms")
    return tell(
        [Result("P11", "importing it over importing the four packages", ratio, MUST_RATIO, AIM_RATIO)]
    )


if __name__ == "__main__":
    raise SystemExit(main())
