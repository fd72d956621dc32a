"""API keys, and signatures as VALR checks them (protocol 2)."""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from valr_connector.simulator.transport import HttpRequest
from valr_connector.simulator.vocabulary import PRIMARY_ACCOUNT, Rejection
from valr_connector.simulator.wire import whole_number

KEY_HEADER = "X-VALR-API-KEY"
SIGNATURE_HEADER = "X-VALR-SIGNATURE"
TIMESTAMP_HEADER = "X-VALR-TIMESTAMP"
SUBACCOUNT_HEADER = "X-VALR-SUB-ACCOUNT-ID"

VIEW = "View access"
TRADE = "Trade"
TRANSFER = "Internal Transfer"

_NS_PER_MS = 1_000_000
_MOST_TIMESTAMPS = 100_000
"""So many of a key are remembered where none may repeat."""


@dataclass(slots=True)
class ApiKey:
    """One key of one account. The texts are secrets and stay out of the repr."""

    key: str = field(repr=False)
    secret: str = field(repr=False)
    account_id: str
    permissions: tuple[str, ...]
    label: str
    added_at: int
    timestamps: OrderedDict[int, None] = field(default_factory=OrderedDict, repr=False, compare=False)
    """The latest of its accepted signatures, milliseconds, where none may repeat."""
    keyed: hmac.HMAC = field(init=False, repr=False, compare=False)
    """What all its signatures begin with."""

    def __post_init__(self) -> None:
        self.keyed = hmac.new(self.secret.encode(), digestmod="sha512")

    def signature(
        self, timestamp: str, verb: str, target: str, *, body: bytes = b"", subaccount_id: str = ""
    ) -> str:
        """HMAC-SHA512 over the exact target and body, as lower-case hex (protocol 2.2)."""
        code = self.keyed.copy()
        code.update(_wire_bytes(f"{timestamp}{verb}{target}") + body + _wire_bytes(subaccount_id))
        return code.hexdigest()

    def remember(self, timestamp: int) -> None:
        """Know that timestamp again, in place of the one that came first where there are too many."""
        self.timestamps[timestamp] = None
        if len(self.timestamps) > _MOST_TIMESTAMPS:
            self.timestamps.popitem(last=False)


class Caller(NamedTuple):
    """Who makes a request, and on which account it acts."""

    key: ApiKey
    account_id: str

    def may(self, permission: str) -> bool:
        return permission in self.key.permissions

    @property
    def is_primary(self) -> bool:
        """Whether this is the primary account's own key."""
        return self.key.account_id == PRIMARY_ACCOUNT


NOBODY = Caller(ApiKey("", "", "", (), "", 0), "")
"""The caller of a public route."""


class KeyRing:
    """All keys of the exchange.

    Args:
        tolerance_s: largest difference between a timestamp and the clock; None takes any.
        refuse_repeats: whether no two signatures of a key may have the same timestamp. Which of two requests
            under way arrives first is not up to the client.
    """

    def __init__(self, *, tolerance_s: float | None, refuse_repeats: bool) -> None:
        self._keys: dict[str, ApiKey] = {}
        self._tolerance_s = tolerance_s
        self._refuse_repeats = refuse_repeats

    def add(self, key: ApiKey) -> None:
        """Let `key` in from now on."""
        self._keys[key.key] = key

    def revoke(self, key: ApiKey) -> None:
        """Refuse `key` from now on."""
        self._keys.pop(key.key, None)

    def authenticate(self, request: HttpRequest, now_ns: int) -> Caller:
        """Who signed this.

        Raises:
            Rejection: 400/-11268 without a key, 401/-11252 for everything that does not fit.
        """
        key_text = request.headers.get(KEY_HEADER)
        if key_text is None:
            raise Rejection(-11268, f"API key header missing: {KEY_HEADER}")
        key = self._keys.get(key_text)
        timestamp_text = request.headers.get(TIMESTAMP_HEADER, "")
        timestamp = whole_number(timestamp_text)
        if (
            key is None
            or timestamp is None
            or not self._is_timely(key, timestamp, now_ns)
            or not _is_signed(key, timestamp_text, request)
        ):
            raise _bad_signature()
        account_id = _account_of(key, request.headers)
        if self._refuse_repeats:
            key.remember(timestamp)
        return Caller(key, account_id)

    def _is_timely(self, key: ApiKey, timestamp: int, now_ns: int) -> bool:
        if self._refuse_repeats and timestamp in key.timestamps:
            return False
        skew_ms = abs(timestamp - now_ns // _NS_PER_MS)
        return self._tolerance_s is None or skew_ms <= self._tolerance_s * 1000


def _is_signed(key: ApiKey, timestamp: str, request: HttpRequest) -> bool:
    subaccount_id = request.headers.get(SUBACCOUNT_HEADER, "")
    expected = key.signature(
        timestamp, request.method, request.target, body=request.body, subaccount_id=subaccount_id
    )
    return hmac.compare_digest(expected.encode(), _wire_bytes(request.headers.get(SIGNATURE_HEADER, "")))


def _wire_bytes(text: str) -> bytes:
    """A target or a header as it was sent; a byte that is no UTF-8 reaches us as half of a surrogate pair."""
    return text.encode(errors="surrogateescape")


def _account_of(key: ApiKey, headers: Mapping[str, str]) -> str:
    """The key's own account, or the subaccount that a primary key impersonates (protocol 2.2).

    The id of a subaccount is a number (protocol 5), as that of nobody in the crowd is.
    """
    subaccount_id = headers.get(SUBACCOUNT_HEADER)
    if subaccount_id is None:
        return key.account_id
    if not subaccount_id.isdecimal() or key.account_id != PRIMARY_ACCOUNT:
        raise _bad_signature()
    return subaccount_id


def _bad_signature() -> Rejection:
    return Rejection(-11252, "Request has an invalid signature", status=401)
