"""Settings: what people may choose, checked when it is given."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Annotated, Final, Literal, Self, TypedDict, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from valr_connector.core.backoff import BackoffSettings
from valr_connector.core.circuit_breaker import CircuitSettings
from valr_connector.core.guards import SECOND, Guards
from valr_connector.core.reconcile import Patience
from valr_connector.core.strangers import StrangerPolicy
from valr_connector.errors import ConfigurationError, InvalidArgumentError
from valr_connector.model.enums import RetryPolicy, UntrackedPolicy
from valr_connector.protocol.signing import Credentials

Seconds = Annotated[float, Field(gt=0, le=3600)]
SocketAddress = Annotated[str, StringConstraints(pattern=r"^wss?://[^/\s]+(/\S*)?$")]
ClosePolicy = Literal["cancel", "leave"]
JournalSync = Literal["os", "always"]
Transport = Literal["websockets", "picows"]

_TRANSPORTS: Final[tuple[Transport, ...]] = get_args(Transport)


def _transport_from_environment() -> Transport:
    named = os.environ.get("VALR_TRANSPORT") or _TRANSPORTS[0]
    for transport in _TRANSPORTS:
        if named == transport:
            return transport
    raise ConfigurationError(f"VALR_TRANSPORT={named!r}: must be {' or '.join(_TRANSPORTS)}")


class _Chosen(BaseModel):
    """What somebody chose: nothing unknown, never changed, and a mistake is told the library's way."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __init__(self, **chosen: object) -> None:
        try:
            super().__init__(**chosen)
        except ValidationError as error:
            raise ConfigurationError(_first_mistake(error, type(self).model_fields)) from None


class Hosts(_Chosen):
    """Where VALR is (protocol 1).

    Attributes:
        rest: base address of the REST service, without a slash at its end.
        account_socket, trade_socket: addresses of the two WebSockets.

    Raises:
        ConfigurationError: names the setting, what was given and the rule.
    """

    rest: Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+$")] = "https://api.valr.com"
    account_socket: SocketAddress = "wss://api.valr.com/ws/account"
    trade_socket: SocketAddress = "wss://api.valr.com/ws/trade"


class Settings(_Chosen):
    """How `ValrExchange` behaves. Times in seconds.

    Attributes:
        hosts: where VALR is.
        client_order_id_prefix: begins every client order id, so that orders can be told apart by eye.
        start_timeout_s: how long starting may take until everything is ready. Where VALR's limits leave no
            room, it waits if there will be some within that time, else fails at once: it may take a minute.
        place_timeout_s: a placement not confirmed by then is unknown, and asked about.
        retry: when a placement is sent a second time; each order can have a policy of its own.
        place_attempts: how often one placement is sent at most, under "if_proved_absent".
        cancel_timeout_s: a cancel or modify not confirmed by then is asked about; a cancel is tried again.
        cancel_attempts: how often one call of `cancel_order` asks VALR to cancel.
        close_timeout_s: how long closing may take, cancelling included.
        on_close: whether closing cancels this instance's open orders or leaves them.
        cancel_all_timeout_s: how long `cancel_all` may take to find out what became of every order.
        cancel_on_disconnect: have VALR cancel all open orders of the account, those of other programs too,
            when the account socket is lost (protocol 16, experimental). Asked for anew on every connection;
            whether VALR confirmed it stands in `status`, and does not count for `ready`. Closing under
            "leave" takes it back first.
        untracked_orders: what is done about open orders of the account that are not known here: "report"
            tells an `UntrackedOrder`, "adopt" tracks them from then on, "cancel" cancels those whose client
            order id begins with `client_order_id_prefix` and a hyphen. They may be those of an instance that
            runs: give each a prefix of its own.
        cancel_foreign_orders: whether "cancel" cancels orders with any other id, or none, as well.
        journal_sync: "os" has an order journal survive the death of the process, "always" a power cut too.
        reconcile_interval_s: pause between two comparisons with VALR's own list of open orders.
        rules_interval_s: pause between two looks at the pairs' rules; VALR renews its answer once a minute.
        absent_min_age_s: an order younger than this may be missing from a list.
        absent_min_quiet_s: an order heard of within this time may be missing from a list.
        not_found_grace_s: for how long after a placement left as a REST request VALR may still execute it; an
            order that VALR does not find proves nothing before. A frame on the socket, which no proxy holds
            up, is allowed four fifths of it. Where what carried the placement ended later than that (the
            request was given up, the connection was lost) or VALR was later found to have read it (it answers
            a ping), it is three fifths from then on, for what VALR has read and not executed yet. A placement
            that VALR has accepted under an id is allowed five times of it.
        ping_interval_s, silence_timeout_s: keep-alive of both sockets (protocol 14.3). After a PING that
            nothing follows for 10 s another leaves at once; a connection on which nothing follows that one
            for 10 s either, or nothing comes for silence_timeout_s, is cut.
        stable_connection_s: after a connection that lasted so long, the next one is dialled almost at once.
        longest_redial_pause_s: the pauses between two dials grow up to this, and are random below it.
        clock_interval_s: pause between two measurements of VALR's clock; it is measured as well whenever this
            machine's clock was set and whenever VALR refuses a signature.
        clock_drift_s: an estimate of VALR's clock that moved by more is told as a `ClockDrifted`.
        warm_standby: whether a second account socket listens beside the first, so that what happens to orders
            is told while that one is away. Costs one more of VALR's connections.
        circuit_failures: so many transport failures in a row, and a way to VALR is left alone for a while.
        circuit_pause_s: for how long at first; each trial that fails doubles it.
        circuit_longest_pause_s: for how long at most.
        transport: what the sockets are made of, "websockets" or, with the extra `fast`, "picows"; by default
            what VALR_TRANSPORT says in the environment, else "websockets".
        limits_share: the part of VALR's limits that this process uses, more than 0 and at most 1; less than 1
            leaves room for other processes with the same key or address (protocol 4). Give all instances in
            a process the same.

    Raises:
        ConfigurationError: names the setting, what was given and the rule.
    """

    hosts: Hosts = Hosts()
    client_order_id_prefix: Annotated[str, StringConstraints(pattern=r"^[0-9a-zA-Z]{1,12}$")] = "vc"
    start_timeout_s: Seconds = 30.0
    place_timeout_s: Seconds = 2.0
    retry: RetryPolicy = RetryPolicy.IF_UNSENT
    place_attempts: Annotated[int, Field(ge=1, le=20)] = 3
    cancel_timeout_s: Seconds = 2.0
    cancel_attempts: Annotated[int, Field(ge=1, le=20)] = 3
    close_timeout_s: Seconds = 5.0
    on_close: ClosePolicy = "cancel"
    cancel_all_timeout_s: Seconds = 10.0
    cancel_on_disconnect: bool = False
    untracked_orders: UntrackedPolicy = UntrackedPolicy.REPORT
    cancel_foreign_orders: bool = False
    journal_sync: JournalSync = "os"
    reconcile_interval_s: Seconds = 30.0
    rules_interval_s: Seconds = 300.0
    absent_min_age_s: Seconds = 5.0
    absent_min_quiet_s: Seconds = 2.0
    not_found_grace_s: Seconds = 5.0
    ping_interval_s: Seconds = 15.0
    silence_timeout_s: Seconds = 45.0
    stable_connection_s: Seconds = 60.0
    longest_redial_pause_s: Seconds = 60.0
    clock_interval_s: Seconds = 300.0
    clock_drift_s: Seconds = 0.5
    warm_standby: bool = False
    circuit_failures: Annotated[int, Field(ge=1, le=1000)] = 5
    circuit_pause_s: Seconds = 1.0
    circuit_longest_pause_s: Seconds = 30.0
    limits_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    transport: Transport = Field(default_factory=_transport_from_environment)

    @model_validator(mode="after")
    def _a_ping_comes_before_silence_ends(self) -> Self:
        if self.silence_timeout_s <= self.ping_interval_s:
            rule = f"has to exceed ping_interval_s ({self.ping_interval_s})"
            raise ValueError(f"silence_timeout_s={self.silence_timeout_s}: {rule}")
        return self

    @model_validator(mode="after")
    def _a_pause_is_no_longer_than_the_longest(self) -> Self:
        if self.circuit_longest_pause_s < self.circuit_pause_s:
            rule = f"has to be at least circuit_pause_s ({self.circuit_pause_s})"
            raise ValueError(f"circuit_longest_pause_s={self.circuit_longest_pause_s}: {rule}")
        return self

    @property
    def circuits(self) -> CircuitSettings:
        """When a way to VALR is left alone."""
        return CircuitSettings(
            failures=self.circuit_failures,
            pause_s=self.circuit_pause_s,
            longest_pause_s=self.circuit_longest_pause_s,
        )

    @property
    def guards(self) -> Guards:
        """The guards that stand before a question about an absent order."""
        return Guards(
            min_age=round(self.absent_min_age_s * SECOND), min_quiet=round(self.absent_min_quiet_s * SECOND)
        )

    @property
    def backoff(self) -> BackoffSettings:
        """The waits between dials."""
        first_ceilings = BackoffSettings()
        return BackoffSettings(
            fast_s=min(first_ceilings.fast_s, self.longest_redial_pause_s),
            base_s=min(first_ceilings.base_s, self.longest_redial_pause_s),
            cap_s=self.longest_redial_pause_s,
            stable_s=self.stable_connection_s,
        )

    @property
    def patience(self) -> Patience:
        """When questions are asked, and when "not found" proves something."""
        return Patience(grace=round(self.not_found_grace_s * SECOND))

    @property
    def stranger_policy(self) -> StrangerPolicy:
        """What is done about orders that are not known here."""
        return StrangerPolicy(
            wanted=self.untracked_orders,
            prefix=self.client_order_id_prefix,
            cancels_foreign=self.cancel_foreign_orders,
        )


def _first_mistake(error: ValidationError, known: Collection[str]) -> str:
    first = error.errors(include_url=False)[0]
    within = first.get("ctx", {}).get("error")
    text = within.message if isinstance(within, ConfigurationError) else first["msg"]
    problem = text.removeprefix("Value error, ")
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        near = get_close_matches(name, known, n=1)
        problem = "there is no such setting" + (f"; write it {near[0]}" if near else "")
    return f"{name}={first['input']!r}: {problem}" if name else problem


class KeyFromEnvironment(TypedDict):
    """What `ValrExchange` is made with, as the environment has it."""

    api_key: str
    api_secret: str
    subaccount_id: str


def key_from_environment(environment: Mapping[str, str] = os.environ) -> KeyFromEnvironment:
    """The key from VALR_API_KEY, VALR_API_SECRET and, for a subaccount, VALR_SUBACCOUNT_ID.

    Raises:
        ConfigurationError: a variable is missing, empty or malformed; names it.
    """
    missing = [name for name in ("VALR_API_KEY", "VALR_API_SECRET") if not environment.get(name)]
    if missing:
        raise ConfigurationError(f"{' and '.join(missing)} must be set in the environment")
    key = KeyFromEnvironment(
        api_key=environment["VALR_API_KEY"],
        api_secret=environment["VALR_API_SECRET"],
        subaccount_id=environment.get("VALR_SUBACCOUNT_ID", ""),
    )
    try:
        Credentials(key["api_key"], key["api_secret"], key["subaccount_id"])
    except InvalidArgumentError as malformed:
        raise ConfigurationError(f"VALR_{malformed.field.upper()} {malformed.rule}") from None
    return key
