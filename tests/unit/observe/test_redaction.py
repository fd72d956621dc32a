"""Secrets are struck out of logs, should they ever get there."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from valr_connector.observe.redaction import REDACTED, RedactionFilter

KEY = "0123456789abcdefABCDEF9876543210" * 2
SECRET = "s3cretS3cretS3cretS3cret"
SIGNATURE = "9d52c181" * 16


@pytest.fixture
def written() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(written: io.StringIO) -> logging.Logger:
    handler = logging.StreamHandler(written)
    handler.addFilter(RedactionFilter([KEY, SECRET]))
    logger = logging.getLogger("tests.redaction")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    return logger


def test_a_known_secret_is_struck_out_of_a_message(log: logging.Logger, written: io.StringIO) -> None:
    log.info("signing with %s and %s", SECRET, 7)
    assert written.getvalue() == f"signing with {REDACTED} and 7\n"


def test_a_known_secret_is_struck_out_of_an_exception(log: logging.Logger, written: io.StringIO) -> None:
    log.error("failed", exc_info=ValueError(f"bad key {KEY}"))
    assert KEY not in written.getvalue()
    assert f"ValueError: bad key {REDACTED}" in written.getvalue()


def test_a_known_secret_is_struck_out_of_a_stack(log: logging.Logger) -> None:
    record = log.makeRecord("x", logging.INFO, "f", 1, "text", (), None, sinfo=f"in f({SECRET})")
    RedactionFilter([SECRET]).filter(record)
    assert record.stack_info == f"in f({REDACTED})"


def test_an_exception_s_text_that_is_formatted_already_is_cleaned(log: logging.Logger) -> None:
    record = log.makeRecord("x", logging.INFO, "f", 1, "text", (), None)
    record.exc_text = f"Error: {SECRET}"
    RedactionFilter([SECRET]).filter(record)
    assert record.exc_text == f"Error: {REDACTED}"


def test_the_longer_of_two_secrets_is_struck_out_whole() -> None:
    assert RedactionFilter(["abcdefgh", "abcdefghij"]).redact("abcdefghij") == REDACTED


@pytest.mark.parametrize(
    "text",
    [
        "> X-VALR-API-KEY: {}",
        "X-VALR-SIGNATURE: {}",
        "{{'X-VALR-API-KEY': '{}'}}",
        '{{"apiKey":"{}"}}',
        '{{"signature": "{}"}}',
        "api_secret='{}'",
        "VALR_API_SECRET={}",
        "secret {}",
    ],
)
def test_a_value_behind_a_telling_name_is_struck_out_unknown_as_it_is(text: str) -> None:
    assert RedactionFilter().redact(text.format(KEY)) == text.format(REDACTED)


def test_a_bare_signature_is_struck_out() -> None:
    assert RedactionFilter().redact(f"sent {SIGNATURE} twice") == f"sent {REDACTED} twice"


@pytest.mark.parametrize(
    "text",
    [
        "order 019a3c1f-6f5e-7b0a-9d52-c181ed69460b is open",
        "signature refused",
        "api_key is empty",
        "sequenceId 1299137418512527360",
        '{"customerOrderId":"vc0123456789abcdef0123456789abcdef"}',
    ],
)
def test_what_is_no_secret_stays(log: logging.Logger, written: io.StringIO, text: str) -> None:
    log.info(text)
    assert written.getvalue() == f"{text}\n"


def test_arguments_stay_as_they_are_where_nothing_is_secret(log: logging.Logger) -> None:
    record = log.makeRecord("x", logging.INFO, "f", 1, "%d orders", (3,), None)
    assert RedactionFilter([SECRET]).filter(record) is True
    assert (record.msg, record.args) == ("%d orders", (3,))


def test_a_short_text_is_not_taken_for_a_secret() -> None:
    assert RedactionFilter(["", "order"]).redact("an order") == "an order"


def test_a_message_that_does_not_fit_its_arguments_still_shows_no_secret(
    log: logging.Logger, written: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    log.info("two %s %s, 100 %", SECRET)
    assert SECRET not in written.getvalue() + capsys.readouterr().err
    assert REDACTED in written.getvalue()


def test_the_filter_itself_shows_no_secret() -> None:
    assert SECRET not in repr(RedactionFilter([SECRET]))


def test_a_record_without_text_passes(log: logging.Logger) -> None:
    record = log.makeRecord("x", logging.INFO, "f", 1, 42, (), sys.exc_info())
    assert RedactionFilter().filter(record) is True
