"""docs/architecture.md and docs/orders.md name what is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "valr_connector"
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ORDERS = (ROOT / "docs" / "orders.md").read_text(encoding="utf-8")
DIAGRAMS = re.findall(r"^```text\n(.*?)^```$", ARCHITECTURE, re.MULTILINE | re.DOTALL)
STEPS = [re.findall(r"[\w.]+(?:/[\w.]+)*", line)[:2] for d in DIAGRAMS[1:] for line in d.splitlines()]


def test_the_floors_are_those_that_the_import_contract_holds() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    floors = next(contract["layers"] for contract in contracts if contract["type"] == "layers")

    held = [set(re.findall(r"\w+", floor)) for floor in floors]
    assert [set(line.split()) for line in DIAGRAMS[0].splitlines()] == held


def test_every_part_of_the_package_stands_on_a_floor() -> None:
    there = {
        path.stem
        for path in PACKAGE.iterdir()
        if path.stem != "__init__" and (path.suffix == ".py" or (path / "__init__.py").exists())
    }

    assert there - set(DIAGRAMS[0].split()) == set()


def test_every_step_of_the_walk_is_in_the_file_that_is_named() -> None:
    assert STEPS
    assert [(step, file) for step, file in STEPS if not is_in(step, file)] == []


def is_in(step: str, file: str) -> bool:
    name = step.rpartition(".")[2]
    return re.search(rf"(def|class) {name}\b", (PACKAGE / file).read_text(encoding="utf-8")) is not None


def test_the_parts_that_run_beside_are_those_of_the_connector() -> None:
    source = (PACKAGE / "net" / "connector.py").read_text(encoding="utf-8")
    run = set(re.findall(r'^\s+(?:parts\[)?"([a-z ]+)"\]?(?::| =) ', source, re.MULTILINE))
    table = ARCHITECTURE.split("## Who runs beside")[1].split("##")[0]

    assert set(re.findall(r"^\| ([a-z ]+) \|", table, re.MULTILINE)) - {"part"} == run


def test_the_settings_that_the_page_about_orders_names_exist() -> None:
    config = (PACKAGE / "config.py").read_text(encoding="utf-8")
    named = re.findall(r"`(?:Settings\.)?([a-z_]+_(?:s|attempts|orders))`", ORDERS)

    assert named
    assert [name for name in named if f"    {name}:" not in config] == []
