"""Run examples/session.ipynb as Jupyter would, in a folder of its own, and see that every plot is there."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
TIMEOUT_S = 60


def main() -> None:
    """Exit status 1 and the traceback of the cell where one raises, or lacks the plot that it shows."""
    notebook = nbformat.read(EXAMPLES / "session.ipynb", as_version=4)
    with TemporaryDirectory() as folder:
        shutil.copy(EXAMPLES / "market_maker.py", folder)
        NotebookClient(notebook, timeout=TIMEOUT_S, resources={"metadata": {"path": folder}}).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    without = [cell.id for cell in cells if "plt.show()" in cell.source and not has_picture(cell)]
    if without:
        sys.exit(f"no picture came of {', '.join(without)}")
    sys.stdout.write(f"{len(cells)} cells ran\n")


def has_picture(cell: nbformat.NotebookNode) -> bool:
    return any("image/png" in output.get("data", {}) for output in cell.outputs)


if __name__ == "__main__":
    main()
