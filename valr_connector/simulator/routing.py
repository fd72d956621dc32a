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
        self._literal: dict[tuple[str, str], Found] = {}
        self._named: dict[tuple[str, int], list[tuple[tuple[_Part, ...], Route]]] = {}
        for route in routes:
            if "{" in route.path:
                parts = _parts(route.path)
                self._named.setdefault((route.method, len(parts)), []).append((parts, route))
            else:
                self._literal[route.method, route.path] = Found(route, {})

    def find(self, request: HttpRequest) -> Found | None:
        """The route of a request; None where no route is for it."""
        path = request.encoded_path
        literal = self._literal.get((request.method, unquote(path)))
        if literal is not None:
            return literal
        given = path.split("/")
        for parts, route in self._named.get((request.method, len(given)), ()):
            names = _match(parts, given)
            if names is not None:
                return Found(route, names)
        return None


class _Part(NamedTuple):
    """A part of a route's path: a literal, or the name of what stands there."""

    text: str
    is_name: bool


@lru_cache(maxsize=256)
def _parts(path: str) -> tuple[_Part, ...]:
    return tuple(_part(text) for text in path.split("/"))


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
