"""Signatures: who asks, proved with HMAC-SHA512 (protocol 2.2)."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import NoReturn

from valr_connector.errors import InvalidArgumentError

_PRINTABLE = re.compile(r"[!-~]+")
_DIGITS = re.compile(r"[0-9]+")
_HIDDEN = "<hidden>"


def sign(
    secret: str, timestamp_ms: int, verb: str, target: str, body: bytes = b"", *, subaccount_id: str = ""
) -> str:
    """The signature of one request, in lower-case hexadecimal.

    Args:
        secret: the key's secret.
        timestamp_ms: Unix time in milliseconds; the same goes into the header.
        verb: HTTP method in upper case; GET for a socket's handshake.
        target: path and query exactly as sent, from the first slash.
        body: exactly as sent.
        subaccount_id: only where a primary key acts for a subaccount.
    """
    return _signed(_keyed(secret), _payload(timestamp_ms, verb, target, body, subaccount_id))


def _keyed(secret: str) -> hmac.HMAC:
    """What every signature of a key begins with; made once, it is half of the work."""
    return hmac.new(secret.encode(), digestmod="sha512")


def _payload(timestamp_ms: int, verb: str, target: str, body: bytes, subaccount_id: str) -> bytes:
    return f"{timestamp_ms}{verb}{target}".encode() + body + subaccount_id.encode()


def _signed(keyed: hmac.HMAC, payload: bytes) -> str:
    code = keyed.copy()
    code.update(payload)
    return code.hexdigest()


class Credentials:
    """An API key and its secret. Neither shows in a repr or an error, and they are not pickled (S11)."""

    __slots__ = ("_key", "_keyed", "_subaccount_id")

    def __init__(self, key: str, secret: str, subaccount_id: str = "") -> None:
        """Hold the key.

        Args:
            key: 64 characters at VALR (protocol 2.1).
            secret: the same.
            subaccount_id: only where a primary key acts for a subaccount; a subaccount's own key has none.

        Raises:
            InvalidArgumentError: one of them could not go into a header.
        """
        for field, value in (("api_key", key), ("api_secret", secret)):
            if not _is_text_of(_PRINTABLE, value):
                raise InvalidArgumentError(field, _HIDDEN, "must be text of printable ASCII without spaces")
        if subaccount_id != "" and not _is_text_of(_DIGITS, subaccount_id):
            raise InvalidArgumentError("subaccount_id", subaccount_id, "must be a decimal number")
        self._key = key
        self._keyed = _keyed(secret)
        self._subaccount_id = subaccount_id

    @property
    def fingerprint(self) -> str:
        """Tells keys apart without showing them: the beginning of the key's SHA-256, in hexadecimal."""
        return hashlib.sha256(self._key.encode()).hexdigest()[:16]

    @property
    def subaccount_id(self) -> str:
        """The subaccount that the key acts for, "" for the key's own account."""
        return self._subaccount_id

    def auth_headers(self, timestamp_ms: int, verb: str, target: str, body: bytes = b"") -> dict[str, str]:
        """The headers of one authenticated request or handshake; a fresh timestamp for each (protocol 2.4).

        Without a subaccount its header is left out: an empty one breaks calls (protocol 2.2).
        """
        payload = _payload(timestamp_ms, verb, target, body, self._subaccount_id)
        headers = {
            "X-VALR-API-KEY": self._key,
            "X-VALR-SIGNATURE": _signed(self._keyed, payload),
            "X-VALR-TIMESTAMP": str(timestamp_ms),
        }
        if self._subaccount_id:
            headers["X-VALR-SUB-ACCOUNT-ID"] = self._subaccount_id
        return headers

    def __repr__(self) -> str:
        return f"Credentials(key={_HIDDEN}, secret={_HIDDEN}, subaccount_id={self._subaccount_id!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials are not pickled or copied")


def _is_text_of(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
