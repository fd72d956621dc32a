"""Which route a request takes: by method and path, a literal path before one with names in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from valr_connector.simulator.rest_call import Route


class Found(NamedTuple):
    """A route, the path that led to it, decoded, and what that says for the names in the route's."""

    route: Route
    path: str
    names: Mapping[str, str]


class RouteTable:
    """Routes by method and path. A part of a route's path in braces takes any one part but the empty one."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._literal: dict[tuple[str, str], Route] = {}
        self._named: dict[tuple[str, int], list[tuple[tuple[_Part, ...], Route]]] = {}
        for route in routes:
            if "{" in route.path:
                parts = tuple(_part(text) for text in route.path.split("/"))
                self._named.setdefault((route.method, len(parts)), []).append((parts, route))
            else:
                self._literal[route.method, route.path] = route
        self.find = lru_cache(maxsize=1024)(self._find)
        """The route of a method and an encoded path, if there is one; most are asked for again and again."""

    def _find(self, method: str, encoded_path: str) -> Found | None:
        path = unquote(encoded_path)
        route = self._literal.get((method, path))
        if route is not None:
            return Found(route, path, {})
        given = encoded_path.split("/")
        for parts, named in self._named.get((method, len(given)), ()):
            names = _match(parts, given)
            if names is not None:
                return Found(named, path, names)
        return None


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
