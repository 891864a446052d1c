"""The notebook: its cells, and a way to run them in this process."""

import contextlib
import io
import os
import re
from pathlib import Path
from unittest.mock import patch

import matplotlib
import matplotlib.pyplot as plt
import nbformat
import numpy as np
from IPython.core.inputtransformer2 import TransformerManager

import reference

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "autoencoder_fashion_mnist.ipynb"
CELLS = nbformat.read(NOTEBOOK, as_version=4).cells
CODE = {cell.id: cell for cell in CELLS if cell.cell_type == "code"}
TRAINING = ["train", "control", "small"]  # the cells that train a network


def saved_figure(cell):
    """Return "name" if a cell saves figures/name.png, else None."""
    found = re.search(r'fig\.savefig\("figures/(\w+)\.png"\)', cell.source)
    return found and found[1]


class Shell:
    """Stands in for IPython: the figures need no window here."""

    def run_line_magic(self, name, line):
        assert (name, line) == ("matplotlib", "inline")


class Page:
    """The notebook's code cells, run one after the other in one namespace.

    `folder` is the working folder, where the cells save their figures. After
    `run(cell_id)`, `names` holds the cell's variables, `printed[cell_id]` its
    text, and `figures[name]` the Matplotlib figure that it saved as name.png.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        self.names = {"get_ipython": Shell}
        self.printed = {}
        self.figures = {}
        self.style = {}

    def run(self, cell_id):
        """Run one cell; an error's traceback shows the cell's line."""
        file = self.folder / "cells" / f"{cell_id}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        source = TransformerManager().transform_cell(CODE[cell_id].source)
        file.write_text(source, encoding="utf-8")
        screen = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(screen):
            # The cells are the project's own code.
            exec(compile(source, file, "exec"), self.names)  # noqa: S102
        self.printed[cell_id] = screen.getvalue().rpartition("\r")[2]
        name = saved_figure(CODE[cell_id])
        if name:
            self.figures[name] = self.names["fig"]
        plt.close("all")

    def run_all(self, cell_ids, **settings):
        """Run cells; `settings`, such as SEED=1, replace those of the page."""
        with unchanged():
            matplotlib.rcParams.update(self.style)
            for cell_id in cell_ids:
                self.run(cell_id)
                if cell_id == "settings":
                    self.names.update(settings)
            self.style = dict(matplotlib.rcParams)
            del self.style["backend"]


@contextlib.contextmanager
def unchanged():
    """Undo what happens to the environment and to Matplotlib's settings."""
    with patch.dict(os.environ), matplotlib.rc_context():
        plt.switch_backend("agg")
        yield


class Networks:
    """What the page's trained networks make of the images, computed anew.

    They are called "plain", "control", "better", 32, 8 and 2.
    """

    def __init__(self, page):
        self.known = {}
        self.models = {
            "plain": page.names["autoencoder"],
            "control": page.names["control"],
            "better": page.names["better"],
            **page.names["small"],
        }

    def outputs(self, name, part="test"):
        """Return the network's reconstructions of a part of the images, (n, 784)."""
        return self.predict(self.models[name], name, part)

    def codes(self, name, part="test"):
        """Return the network's codes of a part of the images, (n, code size)."""
        encoder = self.models[name].get_layer("encoder")
        return self.predict(encoder, name, part)

    def predict(self, model, name, part):
        """Return what a model makes of a part of the images, and remember it."""
        key = (model.name, name, part)
        if key not in self.known:
            images = reference.images(part)
            self.known[key] = model.predict(images, batch_size=1000, verbose=0)
        return self.known[key]

    def decode(self, name, codes):
        """Return the images that the network's decoder draws from codes, (n, 784)."""
        decoder = self.models[name].get_layer("decoder")
        return decoder.predict(codes, batch_size=1000, verbose=0)

    def history(self, name, key):
        """Return a loss or score after each epoch of the network's training."""
        return np.array(self.models[name].history.history[key])


def numbers(text):
    """Return all numbers in a text, in order."""
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]
