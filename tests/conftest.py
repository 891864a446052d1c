"""The notebook as data, and a way to run its cells in this process."""
import contextlib
import io
import os
import signal
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

import matplotlib.pyplot as plt  # its font cache is built now, not in nbval's kernel
import nbformat
import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "autoencoder_fashion_mnist.ipynb"
CELLS = nbformat.read(NOTEBOOK, 4).cells
CODE = [cell for cell in CELLS if cell.cell_type == "code"]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROSE = "\n\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")

# Kernels start in an empty folder: the figures they draw are not the project's.
SCRATCH = tempfile.TemporaryDirectory()
os.environ["IPYTHONDIR"] = SCRATCH.name
startup = Path(SCRATCH.name, "profile_default", "startup")
startup.mkdir(parents=True)
(startup / "folder.py").write_text(f"import os; os.chdir({SCRATCH.name!r})")


def shown(cell):
    """Return the text and the tables that a stored cell shows."""
    tables = [out.get("data", {}).get("text/markdown") for out in cell.outputs]
    return "".join(table + "\n" if table else out.get("text", "") for table, out in zip(tables, cell.outputs))


class Page:
    """The notebook's code cells, and what they name, show, draw and train in this process."""

    def __init__(self):
        self.cells = {cell.id: cell.source for cell in CODE}
        self.names, self.figures, self.shown, self.fitted = {}, {}, {}, {}

    def run(self, cell, source=None):
        """Run a cell, or `source` instead of it."""
        plt.switch_backend("Agg")
        plt.close("all")
        screen = io.StringIO()
        shows = {"display": lambda table: print(table.data),
                 "clear_output": lambda wait: (screen.seek(0), screen.truncate())}
        self.names.update(shows)
        with (patch.multiple("IPython.display", **shows), contextlib.redirect_stdout(screen), self.watched(cell),
              patch("matplotlib.figure.Figure.savefig", lambda drawn, name: self.figures.update({Path(name).stem: drawn}))):
            exec(compile(source or self.cells[cell], cell, "exec"), self.names)
        self.shown[cell] = screen.getvalue()

    def watched(self, cell):
        """Keep the models that a cell trains."""
        if ".fit(" not in self.cells[cell]:
            return contextlib.nullcontext()
        model, models = sys.modules["keras"].Model, []
        fit, self.fitted[cell] = model.fit, models
        return patch.object(model, "fit", lambda m, *args, **options: models.append(m) or fit(m, *args, **options))


@contextlib.contextmanager
def interrupted():
    """Press Ctrl-C after five batches of a training."""
    keras = sys.modules["keras"]
    stop = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: batch == 5 and signal.raise_signal(signal.SIGINT))
    fit = keras.Model.fit
    with patch.object(keras.Model, "fit", lambda *args, callbacks=(), **options:
                      fit(*args, callbacks=[*callbacks, stop], **options)):
        with pytest.raises(KeyboardInterrupt):
            yield


@pytest.fixture(scope="session")
def page(tmp_path_factory):
    """Return the page after each cell ran twice, a training interrupted first, where the settings are another project's."""
    home, page = tmp_path_factory.mktemp("Schrank für Wäsche"), Page()
    (home / "keras.json").write_text('{"backend": "torch", "floatx": "float32"}')
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(home)
        for name, value in [("KERAS_HOME", str(home)), ("KERAS_BACKEND", "jax"), ("TF_USE_LEGACY_KERAS", "1")]:
            patched.setenv(name, value)
        for cell, source in page.cells.items():
            with interrupted() if ".fit(" in source else contextlib.nullcontext():
                page.run(cell)
            page.run(cell)
    return page
