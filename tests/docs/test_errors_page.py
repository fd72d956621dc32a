"""docs/errors.md explains every kind of error, under the code that its text ends with."""

from __future__ import annotations

import re
import traceback
from collections import Counter
from pathlib import Path

from valr_connector import errors

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / errors.DOCS_PAGE).read_text(encoding="utf-8")
ENTRIES = dict(re.findall(r"^### (VC\d\d \w+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))


def with_heirs(kind: type[errors.ValrError]) -> list[type[errors.ValrError]]:
    return [kind] + [each for heir in kind.__subclasses__() for each in with_heirs(heir)]


KINDS = [kind for kind in with_heirs(errors.ValrError) if kind.__module__.startswith("valr_connector")]


def test_every_kind_of_error_has_a_code_of_its_own() -> None:
    codes = Counter(vars(kind).get("docs_code") for kind in KINDS)

    assert {code: times for code, times in codes.items() if code is None or times > 1} == {}


def test_every_code_has_an_entry_and_every_entry_a_code() -> None:
    assert sorted(ENTRIES) == sorted(f"{kind.docs_code} {kind.__name__}" for kind in KINDS)


def test_every_entry_tells_cause_and_remedy() -> None:
    incomplete = [
        name
        for name, text in ENTRIES.items()
        if re.findall(r"^\*\*(\w+)\.\*\* \S", text, re.MULTILINE) != ["Cause", "Remedy"]
    ]

    assert incomplete == []


def test_the_text_of_an_error_ends_with_its_code_and_a_traceback_names_the_page() -> None:
    error = errors.OrderRuleError("price", "0", "BTC-ZAR has tick size 1")

    shown = "".join(traceback.format_exception(error))
    assert shown == re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[0]
    assert error.message == "price='0': BTC-ZAR has tick size 1"
