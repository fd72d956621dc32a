"""No secret in anything that leaves the connector as words (S11): logs, errors, the order journal."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from valr_connector.verification.invariants import Violation

SIGNATURE: Final = re.compile(r"[0-9a-fA-F]{128}")
"""What HMAC-SHA512 looks like; nothing else that is written down does."""
LIBRARY: Final = "valr_connector"


class Secrecy:
    """Reads words, and looks for secrets in them.

    Args:
        secrets: values that may stand nowhere.

    Attributes:
        violations: where one stood.
    """

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        self.violations: list[Violation] = []
        self._secrets = tuple(secrets)

    def know(self, *secrets: str) -> None:
        """Look for these as well."""
        self._secrets += secrets

    def read(self, place: str, words: str) -> None:
        """Look through some words; `place` says where they stand."""
        if any(secret in words for secret in self._secrets) or SIGNATURE.search(words):
            self.violations.append(Violation("S11", f"a secret stands in {place}"))


class _Reader(logging.Handler):
    def __init__(self, secrecy: Secrecy, level: int) -> None:
        super().__init__(level)
        self._secrecy = secrecy
        self.setFormatter(logging.Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        has_more = record.exc_info or record.stack_info
        words = self.format(record) if has_more else record.getMessage()
        self._secrecy.read(f"the log of {record.name}", words)


@contextmanager
def log_read_by(secrecy: Secrecy, level: int) -> Iterator[None]:
    """Have the library's log from `level` on read by `secrecy`, and by nobody else."""
    logger = logging.getLogger(LIBRARY)
    before = (logging.root.manager.disable, logger.level, logger.propagate)
    reader = _Reader(secrecy, level)
    logger.addHandler(reader)
    _set_log(logger, (logging.NOTSET, level, False))
    try:
        yield
    finally:
        logger.removeHandler(reader)
        _set_log(logger, before)


@contextmanager
def log_kept_within() -> Iterator[None]:
    """Without a log that anybody sees: faults are meant to happen, and the trace tells all of it.

    It stands as `log_read_by` most often wants it, since each change costs a look at every logger there is.
    What a record tells of threads and processes stays out, for it is found anew for each.
    """
    logger = logging.getLogger(LIBRARY)
    told = (logging.logThreads, logging.logProcesses, logging.logMultiprocessing)
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    before = (logging.root.manager.disable, logger.level, logger.propagate)
    nobody = logging.NullHandler()
    logger.addHandler(nobody)
    _set_log(logger, (logging.NOTSET, logging.WARNING, False))
    try:
        yield
    finally:
        logger.removeHandler(nobody)
        _set_log(logger, before)
        logging.logThreads, logging.logProcesses, logging.logMultiprocessing = told


def _set_log(logger: logging.Logger, state: tuple[int, int, bool]) -> None:
    disabled, level, logger.propagate = state
    if logging.root.manager.disable != disabled:
        logging.disable(disabled)
    if logger.level != level:
        logger.setLevel(level)
