"""Which route a request takes: by method and path, a literal path before one with names in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from valr_connector.simulator.rest_call import Route
from valr_connector.simulator.transport import HttpRequest


class Found(NamedTuple):
    """A route and what the path says for the names in it."""

    route: Route
    names: Mapping[str, str]


class RouteTable:
    """Routes by method and path. A part of a route's path in braces takes any one part but the empty one."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = tuple(routes)
        self._map = _map(tuple((route.method, route.path) for route in self._routes))

    def find(self, request: HttpRequest) -> Found | None:
        """The route of a request; None where no route is for it."""
        path = request.encoded_path
        number = self._map.literal.get((request.method, unquote(path)))
        if number is not None:
            return Found(self._routes[number], {})
        given = path.split("/")
        for parts, number in self._map.named.get((request.method, len(given)), ()):
            names = _match(parts, given)
            if names is not None:
                return Found(self._routes[number], names)
        return None


class _Map(NamedTuple):
    """Where in a table a path leads: to the number of its route.

    Attributes:
        literal: by method and path.
        named: routes with names in their paths, by method and number of parts.
    """

    literal: dict[tuple[str, str], int]
    named: dict[tuple[str, int], list[tuple[tuple[_Part, ...], int]]]


@lru_cache(maxsize=4)
def _map(paths: tuple[tuple[str, str], ...]) -> _Map:
    """The map of some methods and paths. Every exchange has the same ones, so it is drawn once."""
    drawn = _Map({}, {})
    for number, (method, path) in enumerate(paths):
        if "{" in path:
            parts = tuple(_part(text) for text in path.split("/"))
            drawn.named.setdefault((method, len(parts)), []).append((parts, number))
        else:
            drawn.literal[method, path] = number
    return drawn


class _Part(NamedTuple):
    """A part of a route's path: a literal, or the name of what stands there."""

    text: str
    is_name: bool


def _part(text: str) -> _Part:
    return _Part(text[1:-1], is_name=True) if text.startswith("{") else _Part(text, is_name=False)


def _match(parts: tuple[_Part, ...], given: list[str]) -> Mapping[str, str] | None:
    names: dict[str, str] = {}
    for (expected, is_name), text in zip(parts, given, strict=True):
        if not is_name:
            if expected != text and expected != unquote(text):
                return None
        elif not text:
            return None
        else:
            names[expected] = unquote(text)
    return names
