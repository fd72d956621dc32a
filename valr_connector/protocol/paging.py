"""Which part of a long answer is asked for: a page of it, and the time that it is about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from valr_connector.errors import InvalidArgumentError
from valr_connector.protocol.codec import format_time

Query = dict[str, str | int]

LARGEST_PAGE: Final = 100


def page(skip: object, limit: object, most: int = LARGEST_PAGE) -> Query:
    """So many rows from there on, newest first.

    Raises:
        InvalidArgumentError: either is no whole number, `skip` is negative or `limit` not 1 to `most`.
    """
    if not isinstance(skip, int) or skip < 0:
        raise InvalidArgumentError("skip", skip, "must be a whole number, and not negative")
    if not isinstance(limit, int) or not 1 <= limit <= most:
        raise InvalidArgumentError("limit", limit, f"must be a whole number, 1 to {most}")
    return {"skip": skip, "limit": limit}


def between(start: object, end: object, written: Callable[[datetime], str | int] = format_time) -> Query:
    """What is asked of the time from `start` to `end`; None leaves that side open.

    Raises:
        InvalidArgumentError: either is no time, or has no zone.
    """
    query: Query = {}
    for field, name, time in (("start", "startTime", start), ("end", "endTime", end)):
        if time is None:
            continue
        if not isinstance(time, datetime) or time.tzinfo is None:
            raise InvalidArgumentError(field, time, "must be a datetime with a time zone")
        query[name] = written(time)
    return query


def before(row_id: object) -> Query:
    """Only what is older than the row of this id; None for all.

    Raises:
        InvalidArgumentError: it is no text, or empty.
    """
    if row_id is None:
        return {}
    if not isinstance(row_id, str) or not row_id:
        raise InvalidArgumentError("before_id", row_id, "must be the id of a row")
    return {"beforeId": row_id}
