"""Every block of code on every page runs, or names only what there is; `make lint` checks their types."""

from __future__ import annotations

import ast
import configparser
import io
import re
import shlex
import tomllib
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from typer.main import get_command

from tests.docs.blocks import PAGES, ROOT, Block, blocks, named_in_sentences
from valr_connector.cli.commands import app

QUICKSTART: Final = (ROOT / "examples" / "quickstart.py").read_text(encoding="utf-8")
VALR: Final = get_command(app)
TARGETS: Final = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
EXTRAS: Final = set(
    tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
)
NOT_OURS: Final = {"docker", "export", "hbot", "head", "hummingbot"}
OPEN: Final = re.compile(r"\.\.\.|[A-Z]{2,}|[*<{]|\bN\b")
"""What stands for something that the reader knows."""
COMMAND: Final = re.compile(r"(make|valr|python) [^=]")
FILE: Final = re.compile(r"(tests|examples|benchmarks|scripts)/")


@pytest.mark.parametrize(
    "block", [b for b in blocks("python") if b.runs_offline and b.text != QUICKSTART], ids=str
)
def test_a_program_on_the_embedded_exchange_runs(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(block.as_module(), str(block), "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize("block", [b for b in blocks("python") if not b.runs_offline], ids=str)
def test_a_block_that_cannot_run_here_is_whole_python(block: Block) -> None:
    ast.parse(block.as_module())


def test_every_block_says_what_it_is() -> None:
    known = {"python", "sh", "ini", "dockerfile", "text"}

    assert [str(block) for block in blocks() if block.language not in known] == []


def commands(text: str) -> Iterator[list[str]]:
    """The commands of a shell block, without what is set for them."""
    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            del words[0]
        if words:
            yield words


def wrong_with(words: list[str]) -> str:
    """What is wrong with a command that a page shows; "" where it could be given."""
    program, *arguments = words
    match Path(program).name:
        case "make":
            unknown = [target for target in arguments if "=" not in target and target not in TARGETS]
            return f"no target {unknown}" if unknown else ""
        case "valr":
            return wrong_with_valr(*arguments)
        case "python" if arguments[0] == "-m":
            return no_module(arguments[1])
        case "python" | "pytest":
            return missing(arguments)
        case "pip":
            asked = re.findall(r"\[([\w,]+)\]", " ".join(arguments))
            return "" if EXTRAS.issuperset(",".join(asked).split(",") if asked else []) else f"extras {asked}"
        case other:
            return "" if other in NOT_OURS else f"nobody knows {other}"


def no_module(name: str) -> str:
    """What is wrong with a module that is to be run; it is not imported, as it may need other packages."""
    module = ROOT / name.replace(".", "/")
    is_there = module.is_dir() or module.with_suffix(".py").is_file() or name.partition(".")[0] in NOT_OURS
    return "" if is_there else f"no module {name}"


@cache  # pages name the same commands again and again
def wrong_with_valr(*arguments: str) -> str:
    """What the command line has against these arguments, without running anything."""
    told = io.StringIO()
    with redirect_stdout(told), redirect_stderr(told), pytest.raises(SystemExit) as ended:
        VALR([*(each for each in arguments if each != "..."), "--help"])
    return "" if ended.value.code == 0 else told.getvalue()


def missing(arguments: list[str]) -> str:
    """Those of the files that are not there."""
    files = [a for a in arguments if not a.startswith("-") and not OPEN.search(a)]
    return ", ".join(file for file in files if not (ROOT / file.partition("::")[0]).exists())


@pytest.mark.parametrize("block", blocks("sh"), ids=str)
def test_a_command_in_a_block_can_be_given(block: Block) -> None:
    assert {" ".join(words): wrong for words in commands(block.text) if (wrong := wrong_with(words))} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_command_or_file_in_a_sentence_is_there(page: Path) -> None:
    named = named_in_sentences(page)
    given = {code: wrong_with(shlex.split(code)) for code in named if COMMAND.match(code)}
    files = {code: missing([code]) for code in named if FILE.match(code)}

    assert {code: wrong for code, wrong in (given | files).items() if wrong} == {}


def test_the_unit_file_is_one_that_systemd_can_read() -> None:
    (unit,) = blocks("ini")
    parsed = configparser.ConfigParser(interpolation=None, strict=False)
    parsed.read_string(unit.text)

    assert set(parsed) == {"DEFAULT", "Unit", "Service", "Install"}
    assert "ExecStart" in parsed["Service"]


def test_the_dockerfile_is_made_of_instructions() -> None:
    (dockerfile,) = blocks("dockerfile")
    known = {"FROM", "RUN", "COPY", "USER", "VOLUME", "WORKDIR", "STOPSIGNAL", "CMD"}

    assert {line.split()[0] for line in dockerfile.text.splitlines()} <= known
    assert all(extra in EXTRAS for extra in re.findall(r"\[(\w+)\]", dockerfile.text))
