"""Where the order journals of a simulated world are: in memory, where the machine has a place for that."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_MEMORY: Final = Path("/dev/shm")  # noqa: S108  a directory of its own is made there


@contextmanager
def directory(*, is_wanted: bool) -> Iterator[Path | None]:
    """A directory that is gone afterwards; None where none is wanted."""
    if not is_wanted:
        yield None
        return
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as name:
        yield Path(name)
