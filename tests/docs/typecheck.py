"""Check the types of every block of Python on every page, as `make lint` does."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from mypy import api

from tests.docs.blocks import ROOT, blocks


def main() -> int:
    """The exit status of mypy; what it says names page and line."""
    with TemporaryDirectory() as folder:
        pages: dict[str, str] = {}
        for number, block in enumerate(blocks("python")):
            module = Path(folder) / f"block_{number}.py"
            module.write_text(block.as_module(), encoding="utf-8")
            pages[module.name] = str(block.page.relative_to(ROOT))
        settings = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(ROOT / ".mypy_cache")]
        said, failed, status = api.run([*settings, *(f"{folder}/{name}" for name in pages)])
    sys.stdout.write(re.sub(r"\S*(block_\d+\.py)", lambda found: pages[found[1]], said) + failed)
    return status


if __name__ == "__main__":
    sys.exit(main())
