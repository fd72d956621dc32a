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
        place = self._map.find(request.method, request.encoded_path)
        return None if place is None else Found(self._routes[place.number], place.names)


class _Place(NamedTuple):
    """The number of a route, and what a path says for the names in it."""

    number: int
    names: Mapping[str, str]


class _Map:
    """Where in a table a path leads: to the number of its route."""

    def __init__(self, paths: tuple[tuple[str, str], ...]) -> None:
        self._literal: dict[tuple[str, str], int] = {}
        self._named: dict[tuple[str, int], list[tuple[tuple[_Part, ...], int]]] = {}
        for number, (method, path) in enumerate(paths):
            if "{" in path:
                parts = tuple(_part(text) for text in path.split("/"))
                self._named.setdefault((method, len(parts)), []).append((parts, number))
            else:
                self._literal[method, path] = number
        self.find = lru_cache(maxsize=1024)(self._find)
        """The place of an encoded path; most are asked for again and again."""

    def _find(self, method: str, path: str) -> _Place | None:
        number = self._literal.get((method, unquote(path)))
        if number is not None:
            return _Place(number, {})
        given = path.split("/")
        for parts, named in self._named.get((method, len(given)), ()):
            names = _match(parts, given)
            if names is not None:
                return _Place(named, names)
        return None


@lru_cache(maxsize=4)
def _map(paths: tuple[tuple[str, str], ...]) -> _Map:
    """The map of some methods and paths. Every exchange has the same ones, so it is drawn once."""
    return _Map(paths)


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
