"""A checkout of Hummingbot as its user has it, for the time of a test, with the connector installed.

What the release leaves out of its package stands in here: the directories of settings, and the launchers in
``bin/``, which do nothing but call what the package has.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import hummingbot

from valr_connector.integrations.hummingbot.hosts import VARIABLES
from valr_connector.integrations.hummingbot.installation import install

ROOT = Path(__file__).parents[2]
PASSWORD = "rehearsal"
ALONE = "anonymized_metrics_mode: {}\npaper_trade:\n  paper_trade_exchanges: []\n"
"""Settings with which the client tells nobody what it does, and fetches no pairs of other exchanges."""
DIRECTORIES = ("conf/connectors", "conf/strategies", "conf/scripts", "conf/controllers", "logs", "data")
HBOT = ("-m", "hummingbot.cli.main")
"""What the ``hbot`` of a checkout runs. The package has the program, and no command for it."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where it is, and the environment of everything that is run in it."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str, stdin: str = "") -> str:
        """What Python prints for these arguments; the test fails if it fails."""
        done = subprocess.run(
            [sys.executable, *arguments], input=stdin, capture_output=True, text=True, check=False,
            timeout=60, cwd=self.folder, env=self.environment,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def hbot(self, *arguments: str, stdin: str = "") -> str:
        """What ``hbot`` prints."""
        return self.run(*HBOT, *arguments, stdin=stdin)

    @property
    def stored(self) -> str:
        """What is stored of the key; "" where nothing is."""
        file = self.folder / "conf" / "connectors" / "valr.yml"
        return file.read_text() if file.exists() else ""


class Ready(NamedTuple):
    """A checkout with the connector installed, and a key for the embedded exchange that it takes for VALR."""

    checkout: Checkout
    key: str
    secret: str


@contextmanager
def checkout(hosts: Mapping[str, str]) -> Iterator[Checkout]:
    """A checkout beside the environment, where files can be linked instead of copied.

    Args:
        hosts: where the exchange is, by the names of `VARIABLES`.
    """
    with TemporaryDirectory(dir=sys.prefix, prefix="checkout-") as made:
        folder = Path(made)
        shutil.copytree(Path(hummingbot.__file__).parent, folder / "hummingbot", copy_function=os.link)
        for name in DIRECTORIES:
            (folder / name).mkdir(parents=True)
        (folder / "conf" / "conf_client.yml").write_text(ALONE)
        install(folder)
        named = {VARIABLES[part]: address for part, address in hosts.items()}
        path = os.pathsep.join([str(folder), str(ROOT)])
        yield Checkout(folder, {**os.environ, **named, "PYTHONPATH": path, "HBOT_PASSWORD": PASSWORD})


@contextmanager
def rehearsal() -> Iterator[Ready]:
    """``valr simulator`` in a process of its own, and a checkout that knows it as VALR."""
    command = [sys.executable, "-c", "from valr_connector.cli.main import main; main()", "simulator"]
    with subprocess.Popen([*command, "--seconds", "120"], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        said = json.loads(running.stdout.readline())
        hosts = {"rest": said["rest"], "account_socket": said["ws_account"], "trade_socket": said["ws_trade"]}
        try:
            with checkout(hosts) as made:
                yield Ready(made, said["api_key"], said["api_secret"])
        finally:
            running.terminate()
