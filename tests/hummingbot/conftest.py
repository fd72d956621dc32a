"""Makes Hummingbot's conformance suite importable and Hummingbot's data go to a directory of the test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from types import ModuleType

import pytest

from tests.hummingbot import isolated_test_case
from tests.hummingbot.checkout import Ready, rehearsal

# The suite's own name for it; where the standard library's `test` is installed, that is its parent.
if find_spec("test") is None:
    sys.modules["test"] = ModuleType("test")
sys.modules["test.isolated_asyncio_wrapper_test_case"] = isolated_test_case


@pytest.fixture
def ready() -> Iterator[Ready]:
    """Everything that a user has before the first ``connect valr``."""
    with rehearsal() as prepared:
        yield prepared
