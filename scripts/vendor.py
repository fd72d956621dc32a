"""Fetch the charting library anew, and hold the packaged copy against it.

python scripts/vendor.py            # compare; the package comes through npm, its hash is checked first
python scripts/vendor.py --write    # take the files over, after VERSION and SHA512 were changed here
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "1.6.32"
SHA512 = (
    "2883159c6ebccefbb95d751b0b82d010f9e1c0ec41b8bc96d401eda66e882935"
    "c89a46cb824332fa369b8cb8122cc6ac36e186cd09bf7a9ded3a4c93c6989023"
)
FILES = ("dist/uPlot.iife.min.js", "dist/uPlot.min.css", "LICENSE")
FOLDER = Path(__file__).resolve().parent.parent / "valr_connector/dashboard/page/vendor/uplot"


def fetched() -> dict[str, bytes]:
    """The files by name, from a package with the right hash."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", f"uplot@{VERSION}"]
        subprocess.run(command, cwd=folder, check=True)
        package = Path(folder) / f"uplot-{VERSION}.tgz"
        if hashlib.sha512(package.read_bytes()).hexdigest() != SHA512:
            sys.exit(f"uplot {VERSION} is not the package that was looked at: its hash differs")
        with tarfile.open(package) as archive:
            return {Path(name).name: _read(archive, f"package/{name}") for name in FILES}


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        sys.exit(f"{name} is not in the package")
    return file.read()


def main() -> None:
    differing = []
    for name, content in fetched().items():
        file = FOLDER / name
        if "--write" in sys.argv:
            file.write_bytes(content)
        elif not file.is_file() or file.read_bytes() != content:
            differing.append(name)
    if differing:
        sys.exit(f"not as in uplot {VERSION}: {', '.join(differing)}")
    sys.stdout.write(f"uplot {VERSION} is as it was published\n")


if __name__ == "__main__":
    main()
