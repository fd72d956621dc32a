"""`valr explain`: cause and remedy of an error, from the page of errors that comes with the library."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from valr_connector.errors import DOCS_PAGE, ConfigurationError, InvalidArgumentError

_PACKAGE: Final = Path(__file__).resolve().parent.parent
PAGES: Final = (_PACKAGE / Path(DOCS_PAGE).name, _PACKAGE.parent / DOCS_PAGE)
"""Where the page is in an installed package, and in a checkout."""
_ENTRY: Final = re.compile(r"^### (VC\d\d) (\w+)\n\n(.*?)\n(?=^##|\Z)", re.MULTILINE | re.DOTALL)


def explain(code: str, pages: Iterable[Path] = PAGES) -> str:
    """The entry of a code, or of the error's name.

    Args:
        code: ``VC13``, or ``OrderRuleError``, in any case.

    Raises:
        InvalidArgumentError: no error has that code or name.
        ConfigurationError: the page is not there.
    """
    wanted = code.strip("[]").casefold()
    for number, name, text in _ENTRY.findall(_page(pages)):
        if wanted in (number.casefold(), name.casefold()):
            return f"{number} {name}\n\n{_plain(text)}"
    raise InvalidArgumentError("code", code, "no error has this code or name")


def _page(pages: Iterable[Path]) -> str:
    for page in pages:
        if page.is_file():
            return page.read_text(encoding="utf-8")
    raise ConfigurationError(f"{DOCS_PAGE} is not installed beside the library")


def _plain(markdown: str) -> str:
    """Without marks of emphasis and addresses of links, which a terminal does not show."""
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", markdown.replace("**", "")).strip()
