"""Files compressed with zstandard, where that package is installed (``valr-connector[record]``)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final

from valr_connector.errors import ConfigurationError

SUFFIX: Final = ".zst"


def is_available() -> bool:
    """Whether the package is installed."""
    return find_spec("zstandard") is not None


def compress(path: Path) -> Path:
    """Replace a file by its compressed form; returns that."""
    import zstandard  # noqa: PLC0415  an extra

    packed = path.with_name(path.name + SUFFIX)
    unfinished = path.with_name(path.name + ".part")
    with path.open("rb") as source, unfinished.open("wb") as target:
        zstandard.ZstdCompressor(level=6).copy_stream(source, target)
    unfinished.replace(packed)
    path.unlink()
    return packed


@contextmanager
def open_for_reading(path: Path) -> Iterator[BinaryIO]:
    """A file's content, whether compressed or not.

    Raises:
        ConfigurationError: it is compressed, and the package is not installed.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        if path.suffix != SUFFIX:
            yield file
            return
        if not is_available():
            raise ConfigurationError(
                f"{path} is compressed; install zstandard with: pip install 'valr-connector[record]'"
            )
        import zstandard  # noqa: PLC0415  an extra

        with zstandard.ZstdDecompressor().stream_reader(file) as unpacked:
            yield BufferedReader(unpacked)
