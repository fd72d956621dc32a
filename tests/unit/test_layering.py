"""What the import contracts cannot say: nobody below the command line imports the root package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import valr_connector

pytestmark = pytest.mark.untraced  # the code is read here, not run

PACKAGE = Path(valr_connector.__file__).parent
INSIDE = (
    "config.py", "core", "dashboard", "doctor", "errors.py", "exchange.py", "model", "net", "observe",
    "protocol", "simulator",
)  # fmt: skip


def modules_of(part: str) -> Iterator[Path]:
    path = PACKAGE / part
    return path.rglob("*.py") if path.is_dir() else iter([path])


@cache
def imports_of(module: Path) -> tuple[ast.Import | ast.ImportFrom, ...]:
    nodes = ast.walk(ast.parse(module.read_text()))
    return tuple(node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))


def imported_names(module: Path) -> Iterator[str]:
    for node in imports_of(module):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif node.level == 0:
            yield node.module or ""


@pytest.mark.parametrize("part", INSIDE)
def test_what_the_root_package_offers_is_not_used_below_it(part: str) -> None:
    importing = [
        str(module) for module in modules_of(part) if valr_connector.__name__ in imported_names(module)
    ]
    assert importing == []


@pytest.mark.parametrize("part", INSIDE)
def test_imports_are_absolute_so_that_the_contracts_see_them(part: str) -> None:
    relative = [
        str(module)
        for module in modules_of(part)
        for node in imports_of(module)
        if isinstance(node, ast.ImportFrom) and node.level > 0
    ]
    assert relative == []
