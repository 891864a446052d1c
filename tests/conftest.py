"""The notebook as data, and a way to run its cells in this process."""
import contextlib
import io
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

import matplotlib.pyplot as plt  # its font cache is built now, not in nbval's kernel
import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "autoencoder_fashion_mnist.ipynb"

# Kernels start in an empty folder: the figures they draw are not the project's.
SCRATCH = tempfile.TemporaryDirectory()
os.environ["IPYTHONDIR"] = SCRATCH.name
startup = Path(SCRATCH.name, "profile_default", "startup")
startup.mkdir(parents=True)
(startup / "folder.py").write_text(f"import os; os.chdir({SCRATCH.name!r})")


def text(value):
    """Return a notebook's text field, stored as string or list, as string."""
    return value if isinstance(value, str) else "".join(value)


def shown(cell):
    """Return the text and the tables that a stored cell shows."""
    outputs = [(o["text"], "") if "text" in o else (o["data"].get("text/markdown"), "\n") for o in cell["outputs"]]
    return "".join(text(value) + end for value, end in outputs if value)


def prose():
    """Return the notebook's Markdown."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join(text(c["source"]) for c in cells if c["cell_type"] == "markdown")


class Page:
    """The notebook's code cells, and what they name, show, draw and train in this process."""

    def __init__(self):
        cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
        cells = [c for c in cells if c["cell_type"] == "code"]
        self.cells = {c["id"]: text(c["source"]) for c in cells}
        self.stored = {c["id"]: shown(c) for c in cells}
        self.names, self.figures, self.shown, self.fitted = {}, {}, {}, {}

    def run(self, cell, source=None):
        """Run a cell, or `source` instead of it."""
        plt.switch_backend("Agg")
        screen = io.StringIO()

        def clear_output(wait=False):
            screen.seek(0)
            screen.truncate()

        def display(markdown):
            screen.write(markdown.data + "\n")

        def savefig(figure, name, **options):
            self.figures[Path(name).stem] = figure

        self.names.update(display=display, clear_output=clear_output)
        with (patch("IPython.display.display", display), patch("IPython.display.clear_output", clear_output),
              patch("matplotlib.figure.Figure.savefig", savefig), self.watched(cell),
              contextlib.redirect_stdout(screen)):
            try:
                exec(compile(source or self.cells[cell], cell, "exec"), self.names)
            finally:
                plt.close("all")
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
    """Return the page after each cell has run twice, in an environment set for other projects.

    The first run of a cell that trains is interrupted.
    """
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
