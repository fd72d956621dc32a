"""What ``valr hummingbot install --docker`` prints, built with Docker.

``python -m tests.hummingbot.image`` (``make test-hummingbot-docker``) needs a Docker daemon, and no network:
an image made of this environment stands in for Hummingbot's own, with the paths, the shell and the working
directory of that one. Only the name behind FROM is changed. In the image that comes out of it, the connector
is installed, and Hummingbot finds it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import hummingbot

from valr_connector.integrations.hummingbot.installation import DOCKERFILE

REPOSITORY = Path(__file__).parents[2]
ENVIRONMENT, HOME, WHEELS = Path("opt/conda/envs/hummingbot"), Path("home/hummingbot"), Path("wheels")
SHELLS = ("/bin/bash", "/bin/sh")
OURS = ("valr_connector", "_editable", "hummingbot")

BARE, STAND_IN, BUILT = (
    "valr-connector-test:bare",
    "valr-connector-test:stand-in",
    "valr-connector-test:built",
)
LIKE_HUMMINGBOTS = f"""\
FROM {BARE}
ENV PIP_NO_INDEX=1 PIP_FIND_LINKS=/{WHEELS}
WORKDIR /{HOME}
SHELL ["/bin/bash", "-lc"]
"""
FINDS_IT = (
    "from hummingbot.client.config.config_helpers import get_connector_class\n"
    "print(get_connector_class('valr').__module__)"
)


@contextmanager
def stand_in() -> Iterator[Path]:
    """The parts of Hummingbot's image that matter, beside the environment, where files can be linked.

    Python in its place, with everything but this project; a checkout of Hummingbot; a wheel of this project.
    """
    with TemporaryDirectory(dir=sys.prefix, prefix="image-") as made:
        root = Path(made)
        venv.create(root / ENVIRONMENT, symlinks=True)
        ours = Path(sysconfig.get_path("purelib"))
        theirs = root / ENVIRONMENT / ours.relative_to(sys.prefix)
        package = Path(hummingbot.__file__).parent
        shutil.copytree(
            ours,
            theirs,
            copy_function=os.link,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns(*_names(ours)),
        )
        shutil.copytree(package, root / HOME / "hummingbot", copy_function=os.link)
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
        subprocess.run(
            [*command, "--wheel-dir", str(root / WHEELS), str(REPOSITORY)], check=True, capture_output=True
        )
        yield root


def _names(site_packages: Path) -> list[str]:
    return [each.name for each in site_packages.iterdir() if each.name.startswith(OURS)]


def add_what_python_needs(root: Path) -> None:
    """The interpreter, a shell, and the libraries of both, as an image has them that begins with nothing."""
    interpreter = Path(sys.base_prefix)
    shutil.copytree(
        interpreter, root / interpreter.relative_to("/"), symlinks=True,
        ignore=shutil.ignore_patterns("test", "__pycache__", "site-packages", "share"),
    )  # fmt: skip
    binaries = [*SHELLS, str(Path(sys.executable).resolve()), *map(str, root.rglob("*.so*"))]
    listed = subprocess.run(["ldd", *binaries], capture_output=True, text=True, check=False).stdout
    libraries = {word for line in listed.splitlines() for word in line.split() if word.startswith("/")}
    for file in {*SHELLS, *(word for word in libraries if not word.endswith(":"))}:
        if not file.startswith(str(root)):
            target = root / file.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    (root / "tmp").mkdir(mode=0o1777, exist_ok=True)


def docker(*arguments: str, stdin: str = "") -> str:
    """What a command of Docker says."""
    done = subprocess.run(
        ["docker", *arguments], input=stdin, text=True, check=False, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, env={**os.environ, "DOCKER_BUILDKIT": "0"},
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"docker {' '.join(arguments)}:\n{done.stdout}")
    return done.stdout


def main() -> None:
    docker("info")
    with stand_in() as root:
        add_what_python_needs(root)
        with subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE) as packed:
            subprocess.run(["docker", "import", "-", BARE], stdin=packed.stdout, check=True)
    try:
        docker("build", "--network", "none", "-t", STAND_IN, "-", stdin=LIKE_HUMMINGBOTS)
        changed = DOCKERFILE.replace("FROM hummingbot/hummingbot:latest", f"FROM {STAND_IN}")
        sys.stdout.write(docker("build", "--network", "none", "-t", BUILT, "-", stdin=changed))
        run = ("run", "--rm", "--network", "none", BUILT, f"/{ENVIRONMENT}/bin/python")
        sys.stdout.write(docker(*run, "-m", "valr_connector.integrations.hummingbot", "status"))
        sys.stdout.write(docker(*run, "-c", FINDS_IT))
    finally:
        docker("rmi", "--force", BUILT, STAND_IN, BARE)


if __name__ == "__main__":
    main()
