"""Files that keep what they were given: unbuffered, replaced as a whole, locked while a process lives."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

OpenFile = Callable[[Path, str], BinaryIO]
"""Opens a file without a buffer of its own; takes a path and a mode."""


def open_unbuffered(path: Path, mode: str) -> BinaryIO:
    """A file for its owner's eyes only, each write handed to the operating system at once."""
    return cast("BinaryIO", open(path, mode, buffering=0, opener=_for_the_owner))


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def write(file: BinaryIO, contents: bytes, *, is_synced: bool) -> int:
    """Write all of it, and wait until the disk has it if so wanted; returns how many bytes that is.

    Raises:
        OSError: some of it may be written, and some not.
    """
    written = file.write(contents)
    if written != len(contents):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if is_synced:
        os.fsync(file.fileno())
    return written


def replace(path: Path, contents: bytes, open_file: OpenFile = open_unbuffered) -> BinaryIO:
    """Give a file new contents at one stroke; returns it, open at its end.

    The contents are on the disk, in a file beside it, before that takes its name.

    Raises:
        OSError: the file is as it was.
    """
    new = path.with_name(path.name + ".new")
    file = open_file(new, "wb")
    try:
        write(file, contents, is_synced=True)
        new.replace(path)
    except BaseException:  # whatever it was, nobody else can close the file
        file.close()
        raise
    return file


def sync_directory(path: Path) -> None:
    """Have the disk take the names that files in a directory have been given."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock(path: Path) -> BinaryIO:
    """Hold a lock until the file returned is closed, or the process ends, however it ends.

    Raises:
        BlockingIOError: somebody else holds it.
        OSError: the file cannot be opened, or this system knows no such locks.
    """
    try:
        import fcntl  # noqa: PLC0415  not everywhere, and not needed without a journal
    except ModuleNotFoundError:
        raise OSError(errno.ENOTSUP, "locks of files need a POSIX system") from None
    file = open_unbuffered(path, "ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise
    return file
