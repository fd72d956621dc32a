"""Finds the market maker among the examples: packaged with the library, or at the root of a checkout."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final, cast

from valr_connector.errors import ConfigurationError

if TYPE_CHECKING:
    from examples.market_maker import MarketMaker

_PACKAGE: Final = Path(__file__).resolve().parent.parent
FOLDERS: Final = (_PACKAGE / "examples", _PACKAGE.parent / "examples")
_FILE: Final = "market_maker.py"


def load_market_maker(folders: Iterable[Path] = FOLDERS) -> type[MarketMaker]:
    """The class `MarketMaker` of the first folder that holds the example.

    Raises:
        ConfigurationError: none of the folders holds it.
    """
    for folder in folders:
        file = folder / _FILE
        if file.is_file():
            module = ModuleType(file.stem)
            SourceFileLoader(file.stem, str(file)).exec_module(module)
            return cast("type[MarketMaker]", module.MarketMaker)
    raise ConfigurationError(f"the example {_FILE} is not installed beside the library")
