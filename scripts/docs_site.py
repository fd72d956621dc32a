"""What `make docs` does beyond MkDocs.

The changelog is a page, external links are listed, and no page may load anything from elsewhere.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
TO_THE_REPOSITORY = re.compile(r"\[([^\]]+)\]\((?:\.\./)+[\w/.]+\.py\)")
EXTERNAL_LINK = re.compile(r'<a\s[^>]*href="(https?://[^"#]+)')
LOADED_FROM_ELSEWHERE = re.compile(
    r'<(?:script|img|iframe)\s[^>]*src="(?:https?:)?//[^"]+'
    r'|<link\s[^>]*rel="(?:stylesheet|preload|preconnect)[^>]*href="(?:https?:)?//[^"]+'
)

external: defaultdict[str, set[str]] = defaultdict(set)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add CHANGELOG.md as a page; its links start at the root, the page's in docs/."""
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").replace("](docs/", "](")
    files.append(File.generated(config, "changelog.md", content=text))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Code has no page here: show its name alone. The changelog has one, beside the others."""
    return TO_THE_REPOSITORY.sub(r"\1", markdown).replace("](../CHANGELOG.md)", "](changelog.md)")


def on_page_content(html: str, page: Page, **_: object) -> None:
    """Note where a page's own text leads outside."""
    for address in EXTERNAL_LINK.findall(html):
        external[address].add(page.file.src_uri)


def on_post_page(output: str, page: Page, **_: object) -> None:
    """A reader's browser asks nobody else.

    Raises:
        PluginError: the page would load something from another host.
    """
    if found := LOADED_FROM_ELSEWHERE.search(output):
        raise PluginError(f"{page.file.src_uri} loads from elsewhere: {found[0]}")


def on_post_build(**_: object) -> None:
    """List what could not be checked without a network."""
    print("External links, not followed:")
    for address, pages in sorted(external.items()):
        print(f"  {address}  ({', '.join(sorted(pages))})")
