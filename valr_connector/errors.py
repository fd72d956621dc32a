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
    ├── RecordingError                     a recording of frames cannot be begun, read or continued
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

    def __init_subclass__(cls, docs_code: str | None = None, **kwargs: object) -> None:
        """A kind without a code of its own has its parent's."""
        super().__init_subclass__(**kwargs)
        cls.docs_code = docs_code or cls.docs_code

    def __new__(cls, *args: object, **kwargs: object) -> Self:
        """The exception as usual, with a line below it in tracebacks that says where to read on."""
        error = super().__new__(cls, *args, **kwargs)
        error.add_note(
            f"{cls.docs_code}: cause and remedy are in {DOCS_PAGE}, or: valr explain {cls.docs_code}"
        )
        return error

    @property
    def message(self) -> str:
        """What happened, without the code."""
        return super().__str__()

    def __str__(self) -> str:
        return f"{self.message} [{self.docs_code}]"


class CallerError(ValrError, ValueError, docs_code="VC10"):
    """The call was wrong. Raised before anything is sent."""


class ConfigurationError(CallerError, docs_code="VC11"):
    """Settings or credentials are missing or malformed."""


class InvalidArgumentError(CallerError, docs_code="VC12"):
    """An argument breaks a rule.

    Attributes:
        field: name of the argument.
        value: what was given.
        rule: what it has to be.
    """

    def __init__(self, field: str, value: object, rule: str) -> None:
        super().__init__(f"{field}={_shown(value)}: {rule}")
        self.field = field
        self.value = value
        self.rule = rule


class OrderRuleError(InvalidArgumentError, docs_code="VC13"):
    """The order breaks a rule of its pair (protocol 6)."""


class UnknownPairError(CallerError, docs_code="VC14"):
    """VALR lists no such trading pair.

    Attributes:
        pair: what was given.
    """

    def __init__(self, pair: object, hint: str = "") -> None:
        super().__init__(f"pair={_shown(pair)}: VALR lists no such pair{'; ' + hint if hint else ''}")
        self.pair = pair


class UnknownOrderError(CallerError, docs_code="VC15"):
    """This instance does not track that order.

    Attributes:
        order_id: what was given.
    """

    def __init__(self, order_id: str) -> None:
        super().__init__(f"order {order_id!r} is not tracked here")
        self.order_id = order_id


class NotReadyError(ValrError, docs_code="VC20"):
    """Not connected, or a part that the call needs is not ready yet."""


class InvalidBookError(NotReadyError, docs_code="VC21"):
    """The book of a pair may not be used now: it would be stale, or wrong.

    Attributes:
        pair: whose book.
        cause: why.
    """

    def __init__(self, pair: str, cause: str) -> None:
        super().__init__(f"the book of {pair} may not be used: {cause}")
        self.pair = pair
        self.cause = cause


class ClosedError(NotReadyError, docs_code="VC22"):
    """Closing began, or is over; no order is accepted any more."""


class TransportError(ValrError, docs_code="VC30"):
    """The network failed."""


class NotSentError(TransportError, docs_code="VC31"):
    """The request provably never left this process: nothing happened at VALR."""


class ThrottledError(NotSentError, docs_code="VC32"):
    """VALR's limits leave no room for the request in the time it has; it was not sent (protocol 4).

    Attributes:
        operation: method and path, or the command's type.
        limit: the limit that is used up, in words.
        wait_s: seconds until there can be room again.
    """

    def __init__(self, operation: str, limit: str, wait_s: float) -> None:
        super().__init__(f"{operation}: VALR's limit of {limit} leaves no room for another {wait_s:.2f} s")
        self.operation = operation
        self.limit = limit
        self.wait_s = wait_s


class CircuitOpenError(NotSentError, docs_code="VC33"):
    """Every way that the request could have taken has failed too often in a row; it was not sent.

    The network is at fault, not the request. Each way is tried again after a pause.
    """


class OutcomeUnknownError(TransportError, docs_code="VC34"):
    """The request may have reached VALR and may have been executed."""


class ExchangeError(ValrError, docs_code="VC40"):
    """VALR answered with an error (protocol 3).

    Attributes:
        code: VALR's negative code, or None where it gave none.
        reason: VALR's own text.
        status: HTTP status, or None for an answer on a socket.
        request: method and path, or the command's type.
        order_id: id of the order that failed, where VALR gave it one (protocol 3.2).
    """

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


class AuthenticationError(ExchangeError, docs_code="VC41"):
    """VALR refused the key, the secret, the signature or this address."""


class PermissionDeniedError(ExchangeError, docs_code="VC42"):
    """The key lacks the permission that this needs."""


class RateLimitedError(ExchangeError, docs_code="VC43"):
    """VALR's limit was hit; the request was not executed (protocol 4).

    Attributes:
        retry_after_s: seconds VALR asked to wait, or None where it did not say.
    """

    retry_after_s: float | None = None


class ReadOnlyError(ExchangeError, docs_code="VC44"):
    """VALR is in read-only mode; only reads work (protocol 3.5)."""


class OrderNotFoundError(ExchangeError, docs_code="VC45"):
    """VALR does not know the order. Right after a placement this is no evidence (protocol 19.3)."""


class DuplicateOrderIdError(ExchangeError, docs_code="VC46"):
    """The customerOrderId belongs to an open order: an earlier attempt lives (protocol 19.4)."""


class InsufficientFundsError(ExchangeError, docs_code="VC47"):
    """Not enough balance for the order."""


class OrderRefusedError(ExchangeError, docs_code="VC48"):
    """The order breaks one of VALR's rules: size, type, pair halted, self-trade."""


class OrderJournalError(ValrError, docs_code="VC50"):
    """The order journal cannot be used."""


class JournalInUseError(OrderJournalError, docs_code="VC51"):
    """Another process, or another `ValrExchange` of this one, uses the order journal."""


class JournalCorruptError(OrderJournalError, docs_code="VC52"):
    """A record of the order journal is damaged, and not merely torn off at its end.

    Attributes:
        path: the file.
        offset: where the record begins, in bytes from the start of the file.
    """

    def __init__(self, path: object, offset: int, problem: str) -> None:
        super().__init__(f"{path}: the record at byte {offset} is damaged: {problem}")
        self.path = path
        self.offset = offset


class JournalWriteError(OrderJournalError, docs_code="VC53"):
    """The order journal could not be written: the disk is full, or fails. The order was not sent."""


class RecordingError(ValrError, docs_code="VC60"):
    """A recording of frames cannot be read or continued; the message names file and line."""


class DecodeError(ValrError, docs_code="VC70"):
    """Bytes from VALR that do not fit the protocol.

    Attributes:
        kind: the frame's type or the endpoint's name; "?" where it could not be read.
        field: path of the field that is wrong, as in ``data.price``; "" for the whole.
        value: the offending value as text, cut to 80 characters.
        problem: what is wrong with it.
    """

    def __init__(self, kind: str, field: str, value: str, problem: str) -> None:
        shown = value if len(value) <= 80 else value[:77] + "..."
        super().__init__(f"{kind}: {field or 'frame'}: {problem}: {shown}")
        self.kind = kind
        self.field = field
        self.value = shown
        self.problem = problem


class StreamOverflowError(ValrError, docs_code="VC71"):
    """A stream that must not lose events was not read fast enough."""


def _shown(value: object) -> str:
    """What a caller gave, in a message."""
    try:
        return repr(value)
    except ValueError:  # CPython writes out no whole number of more than 4300 digits
        return f"an {type(value).__name__} too long to be shown"
