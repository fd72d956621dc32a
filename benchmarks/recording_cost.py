"""What recording costs the reader of a socket, a frame; the writing itself happens later.

python -m benchmarks.recording_cost [--frames 50000]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from pathlib import Path
from time import perf_counter_ns

from benchmarks.order_frames import life
from valr_connector.model.enums import Socket
from valr_connector.net.recording import Recording

MOST_US = 2.0


async def measure(frames: int, directory: Path) -> tuple[float, float]:
    """Microseconds a frame in the reader, and afterwards."""
    recording = Recording(directory, secrets=["0123456789abcdef" * 4, "fedcba9876543210" * 4])
    recording.start()
    tap = recording.tap(Socket.ACCOUNT)
    reader: list[float] = []
    writer: list[float] = []
    for number in range(frames // 22):
        raws = life(number)
        began = perf_counter_ns()
        for raw in raws:
            tap.frame_in(raw)
        noted = perf_counter_ns()
        recording.write_all()
        reader.append((noted - began) / len(raws) / 1000)
        writer.append((perf_counter_ns() - noted) / len(raws) / 1000)
    await recording.close()
    return statistics.median(reader), statistics.median(writer)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--frames", type=int, default=50_000)
    frames = parser.parse_args().frames
    with tempfile.TemporaryDirectory() as directory:
        reader, writer = asyncio.run(measure(frames, Path(directory)))
    print(f"{reader:.2f} us a frame in the reader; {writer:.1f} us to write it, later")
    return int(reader > MOST_US)


if __name__ == "__main__":
    raise SystemExit(main())
