"""The notebook: its cells, its text, and a way to run it in this process."""

import contextlib
import io
import linecache
import os
from pathlib import Path
from unittest.mock import patch

import nbformat

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "autoencoder_fashion_mnist.ipynb"
CELLS = nbformat.read(NOTEBOOK, as_version=4).cells
CODE = {cell.id: cell for cell in CELLS if cell.cell_type == "code"}
TEXT = "\n\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
ALTS = [cell.metadata.alt for cell in CODE.values() if "alt" in cell.metadata]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ALL_TEXT = "\n\n".join([TEXT, *ALTS, README])  # for a reader


def stored_text(cell_id):
    """Return the text that a stored cell shows."""
    return "".join(out.get("text", "") for out in CODE[cell_id].outputs)


class Page:
    """The notebook's code cells, run in one namespace.

    `folder` is the working folder, where the cells save their figures. After
    `run(cell_id)`, `names` holds the cells' variables, `printed[cell_id]` the cell's
    text, and `figures[cell_id]` the Matplotlib figure that it drew.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        self.names = {}
        self.printed = {}
        self.figures = {}
        self.style = {}

    def run(self, *cell_ids, **settings):
        """Run cells; `settings`, such as SEED=1, replace those of the page.

        What the cells do to the environment and to Matplotlib's settings is undone.
        """
        import matplotlib.pyplot as plt

        with patch.dict(os.environ), plt.rc_context(self.style):
            for cell_id in cell_ids:
                self._run(cell_id, plt)
                if cell_id == "settings":
                    self.names.update(settings)
            self.style = dict(plt.rcParams)
            del self.style["backend"]

    def _run(self, cell_id, plt):
        open_before = plt.get_fignums()
        name, source = f"cell {cell_id}", CODE[cell_id].source
        lines = source.splitlines(keepends=True)
        linecache.cache[name] = (len(source), None, lines, name)  # for tracebacks
        screen = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(screen):
            # The cells are the project's own code.
            exec(compile(source, name, "exec"), self.names)  # noqa: S102
        # What clear_output() leaves on the screen.
        self.printed[cell_id] = screen.getvalue().rpartition("\r")[2]
        for number in plt.get_fignums():
            if number not in open_before:
                self.figures[cell_id] = plt.figure(number)
                plt.close(number)
