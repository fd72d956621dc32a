"""Print requirements: the lowest version that the package allows of all it depends on, and what tests need.

python scripts/lowest.py > requirements.txt
"""

from __future__ import annotations

import sys
import tomllib
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def requirements() -> list[str]:
    """Everything that users get at its lower bound; the tests' own tools as they come."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = declared["project"]
    extras = chain.from_iterable(project["optional-dependencies"].values())
    shipped = [*project["dependencies"], *extras]
    tools = [each for each in declared["dependency-groups"]["dev"] if not each.startswith("valr-connector")]
    bounds = [each.replace(">=", "==") for each in shipped]
    named = {each.partition("==")[0] for each in bounds}
    return [*bounds, *(tool for tool in tools if tool.partition(">=")[0] not in named)]


if __name__ == "__main__":
    sys.stdout.write("\n".join([*requirements(), "hatchling", "editables"]) + "\n")
