"""`valr explain` tells cause and remedy of the code that ends an error's text."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import Valr
from valr_connector.cli.explain import PAGES, explain
from valr_connector.errors import ConfigurationError


@pytest.mark.parametrize("asked", ["VC53", "[VC53]", "vc53", "JournalWriteError"])
def test_a_code_or_a_name_is_explained(valr: Valr, asked: str) -> None:
    ended = valr("explain", asked)

    assert (ended.status, ended.error) == (0, "")
    title, _, cause, _, remedy = ended.out.strip().splitlines()
    assert title == "VC53 JournalWriteError"
    assert cause.startswith("Cause. ")
    assert remedy.startswith("Remedy. ")


def test_links_are_shown_as_their_words() -> None:
    assert "see VC13 for how to know before" in explain("VC48")


def test_a_code_that_there_is_not_is_a_wrong_argument(valr: Valr) -> None:
    ended = valr("explain", "VC99")

    assert (ended.status, ended.error) == (2, "valr: code='VC99': no error has this code or name [VC12]\n")


def test_the_package_is_looked_into_before_the_checkout() -> None:
    packaged, checkout = PAGES

    assert (packaged.parent.name, packaged.parent.parent) == ("valr_connector", checkout.parents[1])


def test_a_missing_page_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is not installed beside the library"):
        explain("VC13", [tmp_path / "errors.md"])
