"""The notebook: its cells, its text, and a way to run it in this process."""

import contextlib
import io
import os
import re
from pathlib import Path
from unittest.mock import patch

import nbformat

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "autoencoder_fashion_mnist.ipynb"
CELLS = nbformat.read(NOTEBOOK, as_version=4).cells
CODE = {cell.id: cell for cell in CELLS if cell.cell_type == "code"}
TEXT = "\n\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
ALTS = {key: cell.metadata.alt for key, cell in CODE.items() if "alt" in cell.metadata}
README = (ROOT / "README.md").read_text(encoding="utf-8")


def stored_text(cell_id):
    """Return the text that a stored cell shows."""
    return "".join(out.get("text", "") for out in CODE[cell_id].outputs)


def numbers(text):
    """Return all numbers in a text, in order."""
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]


class Page:
    """The notebook's code cells, run in one namespace.

    `folder` is the working folder, where the cells save their figures. After
    `run(cell_id)`, `names` holds the cells' variables, `printed[cell_id]` the cell's
    text, and `figures[cell_id]` the Matplotlib figure that it drew.
    """

    def __init__(self, folder):
        self.folder = folder
        self.names = {}
        self.printed = {}
        self.figures = {}

    def run(self, *cell_ids, **settings):
        """Run cells; `settings`, such as SEED=1, replace those of the page.

        What the cells do to the environment and to Matplotlib's settings is undone.
        """
        import matplotlib.pyplot as plt

        with patch.dict(os.environ), plt.rc_context():
            for cell_id in cell_ids:
                stray = plt.get_fignums()
                code = compile(CODE[cell_id].source, f"cell {cell_id}", "exec")
                screen = io.StringIO()
                with contextlib.chdir(self.folder), contextlib.redirect_stdout(screen):
                    exec(code, self.names)  # noqa: S102, the project's own code
                # What clear_output() leaves on the screen.
                self.printed[cell_id] = screen.getvalue().rpartition("\r")[2]
                for number in set(plt.get_fignums()).difference(stray):
                    self.figures[cell_id] = plt.figure(number)
                    plt.close(number)
                if cell_id == "settings":
                    self.names.update(settings)
