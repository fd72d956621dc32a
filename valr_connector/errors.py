"""Every exception this library raises, in one tree.

::

    ValrError
    ├── CallerError (ValueError)           the call was wrong; nothing was sent
    │   ├── ConfigurationError             settings or credentials are missing or malformed
    │   ├── InvalidArgumentError           an argument breaks a rule; names field, value and rule
    │   │   └── OrderRuleError             the order breaks a rule of its pair
    │   ├── UnknownPairError               no such trading pair
    │   └── UnknownOrderError              this instance does not track that order
    ├── NotReadyError                      not connected, or a part is not ready yet
    │   ├── InvalidBookError               the book may not be used now
    │   └── ClosedError                    closing began, or is over
    ├── TransportError                     the network failed
    │   ├── NotSentError                   ... before anything left: nothing happened at VALR
    │   │   ├── ThrottledError             ... because VALR's limits leave no room in time
    │   │   └── CircuitOpenError           ... because every way there has failed too often of late
    │   └── OutcomeUnknownError            ... after it may have left: VALR may have acted on it
    ├── ExchangeError                      VALR answered with an error
    │   ├── AuthenticationError            key, secret, signature or address refused
    │   ├── PermissionDeniedError          the key may not do this
    │   ├── RateLimitedError               VALR's limit was hit; the request was not executed
    │   ├── ReadOnlyError                  VALR is in read-only mode
    │   ├── OrderNotFoundError             VALR does not know the order
    │   ├── DuplicateOrderIdError          the customerOrderId belongs to an open order
    │   ├── InsufficientFundsError         not enough balance
    │   └── OrderRefusedError              the order breaks one of VALR's rules
    ├── OrderJournalError                  the order journal cannot be used
    │   ├── JournalInUseError              ... because another process uses it
    │   ├── JournalCorruptError            ... because a record in it is damaged; names file and byte offset
    │   └── JournalWriteError              ... because it could not be written; nothing was sent
    ├── RecordingError                     a recording of frames cannot be read or continued
    ├── DecodeError                        bytes from VALR that do not fit the protocol
    └── StreamOverflowError                a subscriber did not read its events fast enough

A message ends with the code of its kind, which docs/errors.md explains. It never contains a key, a
secret, a signature or a header.
"""

from __future__ import annotations

from typing import ClassVar, Final, Self

DOCS_PAGE: Final = "docs/errors.md"
"""Where each code is explained."""


class ValrError(Exception):
    """Root of every error of this library.

    Its text ends with `docs_code` in brackets: docs/errors.md tells its cause and remedy. Codes never change.

    Attributes:
        docs_code: of the kind of error.
    """

    docs_code: ClassVar[str] = "VC00"

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        """The exception as usual, with a line below it in tracebacks that says where to read on."""
        error = super().__new__(cls, *args, **kwargs)
        error.add_note(f"{cls.docs_code}: cause and remedy are in {DOCS_PAGE}")
        return error

    @property
    def message(self) -> str:
        """What happened, without the code."""
        return super().__str__()

    def __str__(self) -> str:
        return f"{self.message} [{self.docs_code}]"


class CallerError(ValrError, ValueError):
    """The call was wrong. Raised before anything is sent."""

    docs_code: ClassVar[str] = "VC10"


class ConfigurationError(CallerError):
    """Settings or credentials are missing or malformed."""

    docs_code: ClassVar[str] = "VC11"


class InvalidArgumentError(CallerError):
    """An argument breaks a rule.

    Attributes:
        field: name of the argument.
        value: what was given.
        rule: what it has to be.
    """

    docs_code: ClassVar[str] = "VC12"

    def __init__(self, field: str, value: object, rule: str) -> None:
        super().__init__(f"{field}={value!r}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


class OrderRuleError(InvalidArgumentError):
    """The order breaks a rule of its pair (protocol 6)."""

    docs_code: ClassVar[str] = "VC13"


class UnknownPairError(CallerError):
    """VALR lists no such trading pair.

    Attributes:
        pair: what was given.
    """

    docs_code: ClassVar[str] = "VC14"

    def __init__(self, pair: object, hint: str = "") -> None:
        super().__init__(f"pair={pair!r}: VALR lists no such pair{'; ' + hint if hint else ''}")
        self.pair = pair


class UnknownOrderError(CallerError):
    """This instance does not track that order.

    Attributes:
        order_id: what was given.
    """

    docs_code: ClassVar[str] = "VC15"

    def __init__(self, order_id: str) -> None:
        super().__init__(f"order {order_id!r} is not tracked here")
        self.order_id = order_id


class NotReadyError(ValrError):
    """Not connected, or a part that the call needs is not ready yet."""

    docs_code: ClassVar[str] = "VC20"


class InvalidBookError(NotReadyError):
    """The book of a pair may not be used now: it would be stale, or wrong.

    Attributes:
        pair: whose book.
        cause: why.
    """

    docs_code: ClassVar[str] = "VC21"

    def __init__(self, pair: str, cause: str) -> None:
        super().__init__(f"the book of {pair} may not be used: {cause}")
        self.pair = pair
        self.cause = cause


class ClosedError(NotReadyError):
    """Closing began, or is over; no order is accepted any more."""

    docs_code: ClassVar[str] = "VC22"


class TransportError(ValrError):
    """The network failed."""

    docs_code: ClassVar[str] = "VC30"


class NotSentError(TransportError):
    """The request provably never left this process: nothing happened at VALR."""

    docs_code: ClassVar[str] = "VC31"


class ThrottledError(NotSentError):
    """VALR's limits leave no room for the request in the time it has; it was not sent (protocol 4).

    Attributes:
        operation: method and path, or the command's type.
        limit: the limit that is used up, in words.
        wait_s: seconds until there can be room again.
    """

    docs_code: ClassVar[str] = "VC32"

    def __init__(self, operation: str, limit: str, wait_s: float) -> None:
        super().__init__(f"{operation}: VALR's limit of {limit} leaves no room for another {wait_s:.2f} s")
        self.operation = operation
        self.limit = limit
        self.wait_s = wait_s


class CircuitOpenError(NotSentError):
    """Every way that the request could have taken has failed too often in a row; it was not sent.

    The network is at fault, not the request. Each way is tried again after a pause.
    """

    docs_code: ClassVar[str] = "VC33"


class OutcomeUnknownError(TransportError):
    """The request may have reached VALR and may have been executed."""

    docs_code: ClassVar[str] = "VC34"


class ExchangeError(ValrError):
    """VALR answered with an error (protocol 3).

    Attributes:
        code: VALR's negative code, or None where it gave none.
        reason: VALR's own text.
        status: HTTP status, or None for an answer on a socket.
        request: method and path, or the command's type.
        order_id: id of the order that failed, where VALR gave it one (protocol 3.2).
    """

    docs_code: ClassVar[str] = "VC40"

    def __init__(
        self,
        reason: str,
        *,
        code: int | None = None,
        status: int | None = None,
        request: str = "",
        order_id: str | None = None,
    ) -> None:
        http = f"HTTP {status}" if status is not None else ""
        number = f"code {code}" if code is not None else ""
        where = ", ".join(part for part in (request, http, number) if part)
        super().__init__(f"{reason} ({where})" if where else reason)
        self.code = code
        self.reason = reason
        self.status = status
        self.request = request
        self.order_id = order_id


class AuthenticationError(ExchangeError):
    """VALR refused the key, the secret, the signature or this address."""

    docs_code: ClassVar[str] = "VC41"


class PermissionDeniedError(ExchangeError):
    """The key lacks the permission that this needs."""

    docs_code: ClassVar[str] = "VC42"


class RateLimitedError(ExchangeError):
    """VALR's limit was hit; the request was not executed (protocol 4).

    Attributes:
        retry_after_s: seconds VALR asked to wait, or None where it did not say.
    """

    docs_code: ClassVar[str] = "VC43"

    retry_after_s: float | None = None


class ReadOnlyError(ExchangeError):
    """VALR is in read-only mode; only reads work (protocol 3.5)."""

    docs_code: ClassVar[str] = "VC44"


class OrderNotFoundError(ExchangeError):
    """VALR does not know the order. Right after a placement this is no evidence (protocol 19.3)."""

    docs_code: ClassVar[str] = "VC45"


class DuplicateOrderIdError(ExchangeError):
    """The customerOrderId belongs to an open order: an earlier attempt lives (protocol 19.4)."""

    docs_code: ClassVar[str] = "VC46"


class InsufficientFundsError(ExchangeError):
    """Not enough balance for the order."""

    docs_code: ClassVar[str] = "VC47"


class OrderRefusedError(ExchangeError):
    """The order breaks one of VALR's rules: size, type, pair halted, self-trade."""

    docs_code: ClassVar[str] = "VC48"


class OrderJournalError(ValrError):
    """The order journal cannot be used."""

    docs_code: ClassVar[str] = "VC50"


class JournalInUseError(OrderJournalError):
    """Another process, or another `ValrExchange` of this one, uses the order journal."""

    docs_code: ClassVar[str] = "VC51"


class JournalCorruptError(OrderJournalError):
    """A record of the order journal is damaged, and not merely torn off at its end.

    Attributes:
        path: the file.
        offset: where the record begins, in bytes from the start of the file.
    """

    docs_code: ClassVar[str] = "VC52"

    def __init__(self, path: object, offset: int, problem: str) -> None:
        super().__init__(f"{path}: the record at byte {offset} is damaged: {problem}")
        self.path = path
        self.offset = offset


class JournalWriteError(OrderJournalError):
    """The order journal could not be written: the disk is full, or fails. The order was not sent."""

    docs_code: ClassVar[str] = "VC53"


class RecordingError(ValrError):
    """A recording of frames cannot be read or continued; the message names file and line."""

    docs_code: ClassVar[str] = "VC60"


class DecodeError(ValrError):
    """Bytes from VALR that do not fit the protocol.

    Attributes:
        kind: the frame's type or the endpoint's name; "?" where it could not be read.
        field: path of the field that is wrong, as in ``data.price``; "" for the whole.
        value: the offending value as text, cut to 80 characters.
        problem: what is wrong with it.
    """

    docs_code: ClassVar[str] = "VC70"

    def __init__(self, kind: str, field: str, value: str, problem: str) -> None:
        shown = value if len(value) <= 80 else value[:77] + "..."
        super().__init__(f"{kind}: {field or 'frame'}: {problem}: {shown}")
        self.kind = kind
        self.field = field
        self.value = shown
        self.problem = problem


class StreamOverflowError(ValrError):
    """A stream that must not lose events was not read fast enough."""

    docs_code: ClassVar[str] = "VC71"
