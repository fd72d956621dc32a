"""What `import valr_connector` offers, and nothing else: a change of it is a decision."""

from __future__ import annotations

import importlib.resources
import inspect
import re
import subprocess
import sys
from pathlib import Path

import valr_connector
from valr_connector import errors
from valr_connector.model import events

ROOT = Path(valr_connector.__file__).parent.parent


def test_the_names_are_sorted_and_each_is_there() -> None:
    names = valr_connector.__all__
    assert names == sorted(names)
    assert len(names) == len(set(names))
    for name in names:
        assert hasattr(valr_connector, name), name


def test_a_star_import_brings_the_public_names_only() -> None:
    brought: dict[str, object] = {}
    exec("from valr_connector import *", brought)  # the statement itself is what is tested
    assert set(brought) - {"__builtins__"} == set(valr_connector.__all__)


def test_every_event_is_public() -> None:
    kinds = {
        name
        for name, kind in vars(events).items()
        if inspect.isclass(kind) and issubclass(kind, events.Event)
    }
    assert kinds <= set(valr_connector.__all__)


def test_every_error_of_the_tree_is_public() -> None:
    kinds = {
        name
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, errors.ValrError)
    }
    assert kinds <= set(valr_connector.__all__)


def test_every_public_class_says_what_it_is() -> None:
    things = {name: getattr(valr_connector, name) for name in valr_connector.__all__ if name[0].isupper()}
    for name, thing in things.items():
        if inspect.isclass(thing):
            assert thing.__doc__, name
            assert not thing.__doc__.startswith(f"{name}("), "a generated docstring"


def test_every_public_method_says_what_it_does() -> None:
    methods = {
        name: member
        for name, member in inspect.getmembers(valr_connector.ValrExchange)
        if not name.startswith("_")
    }
    assert len(methods) > 15
    assert [name for name, member in methods.items() if not inspect.getdoc(member)] == []


def test_the_version_is_the_packages() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert valr_connector.__version__ == version[1]


def test_importing_it_does_not_import_the_embedded_exchange_or_http() -> None:
    code = (
        "import sys, valr_connector\n"
        "heavy = [m for m in sys.modules if m == 'aiohttp' or m.startswith('valr_connector.simulator')]\n"
        "print(*heavy)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")


def test_the_package_is_typed() -> None:
    assert importlib.resources.files("valr_connector").joinpath("py.typed").is_file()
