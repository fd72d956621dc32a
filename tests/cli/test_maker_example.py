"""The demo finds the market maker, in a checkout and in an installed package."""

from __future__ import annotations

from pathlib import Path

import pytest

from valr_connector.cli.maker_example import FOLDERS, load_market_maker
from valr_connector.errors import ConfigurationError


def test_a_checkout_holds_the_example() -> None:
    assert load_market_maker().__name__ == "MarketMaker"


def test_the_packaged_example_comes_first(tmp_path: Path) -> None:
    packaged, checkout = tmp_path / "packaged", tmp_path / "checkout"
    for folder in (packaged, checkout):
        folder.mkdir()
        (folder / "market_maker.py").write_text(f"class MarketMaker:\n    where = {folder.name!r}\n")

    found = load_market_maker([packaged, checkout])

    assert vars(found)["where"] == "packaged"


def test_the_package_is_looked_into_before_the_checkout() -> None:
    packaged, checkout = FOLDERS

    assert packaged.parent.name == "valr_connector"
    assert packaged.parent.parent == checkout.parent


def test_a_missing_example_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"market_maker\.py is not installed"):
        load_market_maker([tmp_path])
