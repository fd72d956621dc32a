"""Write dist/sbom.cdx.json: all that the wheel and its extras bring along, as CycloneDX; judge the licences.

    python -m scripts.sbom

Fails where a package says no licence, or one that a trading programme may not simply be built on.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.check_package import DIST, ROOT, build, environment

MAKES_SBOM = "cyclonedx-bom==7.5.0"
NOT_SHIPPED = {"pip", "setuptools", "wheel"}
SAID_IN_THEIR_FILES = {"aiofastnet": "MIT", "picows": "MIT"}
"""Their metadata name a file and nothing else; these were read there."""
PERMISSIVE = re.compile(r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL)\b|0BSD|Unlicense")
"""MPL binds changes of its own files only."""


def make_sbom(python: Path, tool: Path) -> Sequence[Mapping[str, Any]]:
    """Describe what is installed beside `python`; returns its components."""
    target = DIST / "sbom.cdx.json"
    command = [str(tool), "-m", "cyclonedx_py", "environment", str(python), "--output-reproducible"]
    subprocess.run(
        [*command, "--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "library", "-o", str(target)],
        check=True,
    )
    components: Sequence[Mapping[str, Any]] = json.loads(target.read_text(encoding="utf-8"))["components"]
    return [each for each in components if each["name"] not in NOT_SHIPPED]


def licences_of(component: Mapping[str, Any]) -> Sequence[str]:
    """What a package says of itself: an expression, or names of licences."""
    if component["name"] in SAID_IN_THEIR_FILES:
        return [SAID_IN_THEIR_FILES[component["name"]]]
    said = component.get("licenses", ())
    named = (each.get("license", {}) for each in said)
    texts = [each["expression"] for each in said if "expression" in each]
    return [*texts, *(each.get("id") or each.get("name", "") for each in named if each)]


def main() -> int:
    _, wheel = build()
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    with tempfile.TemporaryDirectory() as scratch:
        shipped = environment(Path(scratch) / "shipped", f"{wheel}[{','.join(extras)}]")
        tool = environment(Path(scratch) / "tool", MAKES_SBOM)
        components = make_sbom(shipped, tool)
    bad = 0
    for component in sorted(components, key=lambda each: str(each["name"]).lower()):
        licences = licences_of(component)
        is_fine = any(map(PERMISSIVE.search, licences))
        bad += not is_fine
        mark = "" if is_fine else "   <- to be looked at"
        sys.stdout.write(
            f"{component['name']:<28}{component.get('version', ''):<12}{'; '.join(licences)}{mark}\n"
        )
    sys.stdout.write(f"{len(components)} packages, {bad} to be looked at; dist/sbom.cdx.json is written\n")
    return int(bad > 0)


if __name__ == "__main__":
    raise SystemExit(main())
