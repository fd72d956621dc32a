"""S11 finds a secret wherever it is written down."""

from __future__ import annotations

import logging

import pytest

from valr_connector.verification.secrecy import LIBRARY, Secrecy, log_read_by


@pytest.mark.parametrize("words", ["key=k3y!", "s3cret", "sig " + "0a" * 64])
def test_a_secret_or_a_signature_is_found(words: str) -> None:
    secrecy = Secrecy(["k3y!"])
    secrecy.know("s3cret")
    secrecy.read("a letter", words)
    assert [str(violation) for violation in secrecy.violations] == ["S11: a secret stands in a letter"]


def test_other_words_pass() -> None:
    secrecy = Secrecy(["k3y!"])
    secrecy.read("a letter", "an order of 0.01 at " + "0a" * 30)
    assert not secrecy.violations


def test_the_librarys_log_is_read_with_its_arguments_and_tracebacks_and_by_nobody_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    secrecy = Secrecy(["k3y!"])
    log = logging.getLogger(f"{LIBRARY}.net.rest")
    before = (log.getEffectiveLevel(), logging.root.manager.disable)
    with log_read_by(secrecy, logging.WARNING):
        log.info("not read: %s", "k3y!")
        log.warning("sent with %s", "k3y!")
        log.warning("failed", exc_info=ValueError("k3y!"))
    assert len(secrecy.violations) == 2
    assert not caplog.records
    assert (log.getEffectiveLevel(), logging.root.manager.disable) == before
