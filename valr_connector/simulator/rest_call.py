"""One REST call as its handler sees it, and the table entry that leads to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import orjson

from valr_connector.simulator.answers import Answer
from valr_connector.simulator.authentication import Caller
from valr_connector.simulator.order_requests import Body, invalid_field
from valr_connector.simulator.vocabulary import Rejection
from valr_connector.simulator.wire import nanoseconds_of, whole_number

_MOST_PER_PAGE = 100
_NS_PER_MS = 1_000_000
_Entry = TypeVar("_Entry")


class Call(NamedTuple):
    """A request that has passed limits, authentication and permission; NOBODY calls public routes."""

    caller: Caller
    path: Mapping[str, str]
    query: Mapping[str, str]
    data: bytes

    @property
    def account_id(self) -> str:
        """The account it acts on; "" on public routes."""
        return self.caller.account_id

    def body(self) -> Body:
        """The JSON object in the body.

        Raises:
            Rejection: -113 where there is none.
        """
        try:
            body = orjson.loads(self.data)
        except orjson.JSONDecodeError:
            body = None
        if not isinstance(body, dict):
            raise Rejection(-113, "Invalid JSON payload")
        return body

    def flag(self, name: str) -> bool:
        """A boolean of the query; false where absent."""
        text = self.query.get(name, "false").lower()
        if text not in ("true", "false"):
            raise invalid_field(name, "must be true or false")
        return text == "true"

    def names(self, name: str) -> frozenset[str]:
        """A comma list of the query, in upper case; empty where absent."""
        return frozenset(part.strip().upper() for part in self.query.get(name, "").split(",") if part.strip())

    def page(self, most: int = _MOST_PER_PAGE, *, takes_id: bool = True, takes_times: bool = True) -> Page:
        """skip, limit, beforeId, startTime and endTime of the query; without a limit it is 100.

        What a route is not documented to take is ignored, as VALR was seen to do (protocol 9.4).

        Raises:
            Rejection: -11 where one of them is malformed or the limit is above `most`.
        """
        return Page(
            skip=self.number("skip", 0),
            limit=self.number("limit", _MOST_PER_PAGE, most),
            before_id=self.query.get("beforeId", "") if takes_id else "",
            start=self.moment("startTime") if takes_times else None,
            end=self.moment("endTime") if takes_times else None,
        )

    def number(self, name: str, default: int, most: int | None = None) -> int:
        """A whole number of the query.

        Raises:
            Rejection: -11 where it is none, or above `most`.
        """
        text = self.query.get(name)
        if text is None:
            return default
        number = whole_number(text)
        if number is None or (most is not None and number > most):
            raise invalid_field(
                name, "must be a number" if most is None else f"must be a number up to {most}"
            )
        return number

    def moment(self, name: str) -> int | None:
        """An ISO-8601 time of the query as nanoseconds since 1970; None where it is absent.

        Raises:
            Rejection: -11 where it is no time.
        """
        text = self.query.get(name)
        if text is None:
            return None
        try:
            return nanoseconds_of(text)
        except ValueError:
            raise invalid_field(name, "must be an ISO-8601 time") from None


class Page(NamedTuple):
    """A part of a list that is newest first. Times are nanoseconds since 1970, both ends included.

    An entry lies where it is told to lie, at its whole millisecond: whoever goes on from the time of the last
    entry loses none of the same millisecond.
    """

    skip: int
    limit: int
    before_id: str
    start: int | None
    end: int | None

    def cut(
        self,
        entries: Sequence[_Entry],
        *,
        time: Callable[[_Entry], int],
        entry_id: Callable[[_Entry], str],
    ) -> list[_Entry]:
        """The entries of this page."""
        if self.before_id:
            ids = [entry_id(entry) for entry in entries]
            entries = entries[ids.index(self.before_id) + 1 :] if self.before_id in ids else []
        chosen = [entry for entry in entries if self._covers(time(entry))]
        return chosen[self.skip : self.skip + self.limit]

    def _covers(self, moment: int) -> bool:
        told = moment - moment % _NS_PER_MS
        return (self.start is None or told >= self.start) and (self.end is None or told <= self.end)


Handler = Callable[[Any, Call], Awaitable[Answer]]
"""A method of a section, not bound yet: all exchanges share one table of routes."""


class Route(NamedTuple):
    """One line of the route table.

    `answer` is a method of `section`. `permission` None means public; `max_age_s` above 0 means that answers
    are cached that long; `is_primary_only` means that only the primary account's own key may ask, for itself.
    """

    method: str
    path: str
    section: type
    answer: Handler
    permission: str | None = None
    max_age_s: int = 0
    is_primary_only: bool = False

    @property
    def name(self) -> str:
        """As it is counted: "GET /v1/orders/open"."""
        return f"{self.method} {self.path}"

    @property
    def needs_content_type(self) -> bool:
        return self.method in ("POST", "PUT", "PATCH")

    @property
    def is_write(self) -> bool:
        return self.method != "GET"
