"""Files compressed with zstandard, where that package is installed (``valr-connector[record]``)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from io import BufferedReader, BytesIO, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from valr_connector.errors import ConfigurationError, RecordingError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SUFFIX: Final = ".zst"
_BLOCK_BYTES: Final = 64 * 1024


def is_available() -> bool:
    """Whether the package is installed."""
    return find_spec("zstandard") is not None


def compress(path: Path) -> Path:
    """Replace a file by its compressed form; returns that.

    Raises:
        OSError: it cannot be read or written; the file stays, and nothing beside it.
    """
    import zstandard  # noqa: PLC0415  an extra

    packed = path.with_name(path.name + SUFFIX)
    unfinished = path.with_name(path.name + ".part")
    try:
        with path.open("rb") as source, unfinished.open("wb") as target:
            zstandard.ZstdCompressor(level=6).copy_stream(source, target)
        unfinished.replace(packed)
    finally:
        unfinished.unlink(missing_ok=True)
    path.unlink()
    return packed


@contextmanager
def open_for_reading(path: Path) -> Iterator[BinaryIO]:
    """A file's content, whether compressed or not.

    Raises:
        ConfigurationError: it is compressed, and the package is not installed.
        RecordingError: while reading, it is compressed, and damaged or cut off.
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
        with BufferedReader(_Unpacked(path, file)) as unpacked:
            yield unpacked


class _Unpacked(RawIOBase):
    """The content of a compressed file to its very end; zstandard's own reader takes a part of it for all."""

    def __init__(self, path: Path, packed: BinaryIO) -> None:
        import zstandard  # noqa: PLC0415  an extra

        self._path = path
        self._packed = packed
        self._unpacking = zstandard.ZstdDecompressor().decompressobj()
        self._failure = zstandard.ZstdError
        self._content = BytesIO()

    def readable(self) -> bool:
        return True

    def readinto(self, into: WriteableBuffer, /) -> int:
        """Fill in what comes next; 0 bytes at the end."""
        while not (count := self._content.readinto(into)) and not self._unpacking.eof:
            self._content = BytesIO(self._unpack(self._packed.read(_BLOCK_BYTES)))
        return count

    def _unpack(self, packed: bytes) -> bytes:
        if not packed:
            raise RecordingError(f"{self._path} is cut off")
        try:
            return self._unpacking.decompress(packed)
        except self._failure as error:
            raise RecordingError(f"{self._path} is damaged: {error}") from None
