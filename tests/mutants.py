"""Change one thing at a time and demand that something notices.

    .venv/bin/python tests/mutants.py            # all of them
    .venv/bin/python tests/mutants.py --static   # those that run no cell

A mutant is a change that an author or an editor could make by mistake. The
check that its row names must notice it: a test, which then fails on a changed
copy of the project, or a cell of the notebook, by an assert with the given
text, by an "output" that differs from the stored one, or by a "figure" that
does. Cells run in one kernel in which the whole notebook has run; after each
mutant, the cells it touched run again unchanged.
"""
import copy
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from conftest import NOTEBOOK, ROOT
from test_after_run import differs
from test_form import shown

FORM, DATA, FUNCTIONS = "test_form.py", "test_data.py", "test_functions.py"
# where ("code", "prose", "output", "alt", or a file), what, what instead,
# and the test that must fail
STATIC = [
    ("code", '"relu", name="narrowing"', 'None, name="narrowing"',
     FUNCTIONS, "test_network_is_the_assignments"),
    ("code", '784, "sigmoid"', '784, "relu"',
     FUNCTIONS, "test_network_is_the_assignments"),
    ("code", 'bias="ones"', 'bias="zeros"',
     FUNCTIONS, "test_network_is_the_assignments"),
    ("code", "(1 - images) * np.log1p(-y)", "images * np.log1p(-y)",
     FUNCTIONS, "test_bce_is_the_sum_written_out"),
    ("code", "np.clip(outputs, 1e-7, 1 - 1e-7)", "outputs",
     FUNCTIONS, "test_bce_of_a_sure_mistake"),
    ("code", "np.square(images - outputs).mean", "np.abs(images - outputs).mean",
     FUNCTIONS, "test_mse_is_the_sum_written_out"),
    ("code", "@ components, 0.001", "@ components * 2, 0.001",
     FUNCTIONS, "test_pca_projects"),
    ("code", "0.001, 0.999", "0.001, None",
     FUNCTIONS, "test_pca_output_can_be_scored"),
    ("code", 'vmin=0, vmax=1)\n        if', ')\n        if',
     FUNCTIONS, "test_rows_of_images"),
    ("code", "vmin=-0.5, vmax=0.5", "vmin=-1, vmax=0.5",
     FUNCTIONS, "test_rows_of_images"),
    ("code", '"Pullover", "Dress", "Coat"', '"Coat", "Dress", "Pullover"',
     FUNCTIONS, "test_class_names"),
    ("code", "batch, (batch,) * copies", "batch, (1 - batch,) * copies",
     FUNCTIONS, "test_training_returns_the_input"),
    ("code", "if not np.isfinite", "if np.isinf",
     FUNCTIONS, "test_training_stops"),
    ("code", "np.argmin(squares", "np.argmax(squares",
     FUNCTIONS, "test_nearest"),
    ("code", "/ np.bincount(labels)", "/ len(labels)",
     FUNCTIONS, "test_class_means"),
    ("code", "if hashlib.sha256(data).hexdigest() != sha256:", "if not data:",
     DATA, "test_damaged_file"),
    ("code", "setdefaulttimeout(seconds)", "setdefaulttimeout(8)",
     DATA, "test_server_that_never_answers"),
    ("code", "part = Path(stage, name)", "part = Path(folder, name)",
     DATA, "test_broken_download"),
    ("code", "SEED = 0\n", "SEED = 0" + 80 * " " + "# the seed\n",
     FORM, "test_cells_are_short"),
    ("output", "All four files", "/root/.keras: all four files",
     FORM, "test_outputs_hold_nothing_volatile"),
    ("output", "0.793", "0.893", FORM, "test_readme_shows_the_score_table"),
    ("prose", "about a third below", "0.0032 below",
     FORM, "test_prose_has_no_typed_decimals"),
    ("prose", "*Figure 4. ", "*Figure 5. ", FORM, "test_every_figure"),
    ("alt", "Line chart", "", FORM, "test_every_figure"),
    ("README.md", "a code of 64 numbers", "a code of 63 numbers",
     FORM, "test_readme_numbers"),
    ("README.md", "0.0066", "0.0065", FORM, "test_readme_shows_the_score_table"),
    ("figures/errors.png", None, "figures/classes.png",
     FORM, "test_saved_figures"),
    ("figures/old.png", None, "figures/classes.png", FORM, "test_saved_figures"),
]
# what, what instead, the cell that must notice, and how
CELLS = [
    ("np.divide(pixels, 255,", "np.divide(pixels, 1,",
     "def scale", "look at the scaling"),
    ("np.divide(pixels, 255,", "np.divide(pixels, 255 * 255,",
     "def scale", "look at the scaling"),
    ("for x in x_train, x_valid,", "x_train[0, 0] = np.nan\nfor x in x_train,"
     " x_valid,", "def scale", "look at the scaling"),
    ("[55_000])\ny_train", "[50_000])\ny_train", "def scale", "output"),
    ("x_test, y_test = scale(raw[2][16:]), raw[3][8:]\n",
     "x_test, y_test = scale(raw[2][16:]), raw[3][8:]\n"
     "x_valid = x_test[:5000]\n", "gzipped =", "output"),
    ("raw[3][8:]\n", "raw[3][:7:-1]\n", "def nearest(", "from best to worst"),
    ("CODE_SIZE = 64", "CODE_SIZE = 63", "def build_autoencoder", "output"),
    ("np.log(y)", "np.log2(y)", "def bce", "mid-grey has most entropy"),
    ("centered = x_train - mean_image", "centered = x_test - mean_image",
     "def pca(", "output"),
    ("[1].T[::-1]", "[1].T", "def pca(", "output"),
    ("mean_image = x_train.mean(axis=0)",
     "mean_image = 0 * x_train.mean(axis=0)", "methods =", "output"),
    ("pca_test = pca(x_test, mean_image, components[:CODE_SIZE])",
     "pca_test = pca(x_test, mean_image, components[:CODE_SIZE - 1])",
     "methods =", "output"),
    ("{label: images[examples]", "{label: images[np.roll(examples, 1)]",
     "drawn[0]", "originals"),
    ('rows = {"original": x_test', 'rows = {"original": x_train',
     "drawn[0]", "originals"),
    ('"autoencoder": reconstructions,\n        "error"',
     '"autoencoder": np.roll(reconstructions, 1, 0),\n        "error"',
     "drawn[0]", "the autoencoder's outputs"),
    ('"error": reconstructions - x_test}', '"error": x_test - reconstructions}',
     "drawn[0]", "output minus original"),
    ("decoder.predict(codes,", "decoder.predict(codes[::-1],",
     "methods =", "output"),
    ("max_val=1.0", "max_val=255.0", "methods =", "output"),
    ("[class_means(error, y_test) for", "[class_means(error, y_test[::-1]) for",
     "def nearest(", "from best to worst"),
    ("rank = np.argsort(ae_mse)", "rank = np.argsort(-ae_mse)",
     "def nearest(", "twice as strong"),
    ("nearest(x_test[:1000], x_train)", "nearest(x_test[:1000], x_test)",
     "def nearest(", "output"),
    ("-ae_mse.mean(), key", "-pca_mse.mean(), key", "def pca_error", "output"),
    ("codes.max(axis=0)", "codes.min(axis=0)", "def pca_error", "output"),
    ("nearest_class(points) != y_test", "nearest_class(points) == y_test",
     "def nearest_class(", "more than half of the tops"),
    ("rng.permuted(codes, axis=0)[:100]", "codes[:100]", "away =", "blotches"),
    ("x_test.reshape(-1, 28, 28), 1, axis=2)",
     "x_test.reshape(-1, 28, 28), 0, axis=2)", "away =", "MSE misleads"),
    ('xlabel="epoch"', 'xlabel="step"', 'xlabel="epoch"', "figure"),
    ('xlabel="numbers in the code"', 'xlabel="MSE on the test images"',
     'xlabel="numbers in the code"', "figure"),
    # the network must be trained again to notice these
    ("SEED = 0", "SEED = 1", "train(autoencoder", "output"),
    ("EPOCHS = 15", "EPOCHS = 1", "train(autoencoder", "output"),
    ('["binary_crossentropy"] * copies', '["mean_squared_error"] * copies',
     "train(autoencoder", "output"),
    ("keras.optimizers.Muon(rate, momentum=0.9)", "keras.optimizers.Adam(rate)",
     "train(autoencoder", "output"),
]
SLOW = ("train(autoencoder", "train(usual", "train(branches")


def only(found, what):
    if len(found) != 1:
        raise LookupError(f"{what!r} is in {len(found)} places: mend the table")
    return found[0]


def change(notebook, where, old, new):
    """Change one text of the notebook, a dict, in place; an alt text wholly."""
    part = {"output": "outputs", "alt": "metadata"}.get(where, "source")
    kind = "markdown" if where == "prose" else "code"
    hits = []
    for cell in (c for c in notebook["cells"] if c["cell_type"] == kind):
        if part == "source":
            cell["source"] = "".join(cell["source"])
        raw, wanted = (json.dumps(x, ensure_ascii=False)
                       for x in (cell[part], old))
        hits += [cell] * raw.count(wanted[1:-1])
    cell = only(hits, old)
    if where == "alt":
        cell["metadata"]["alt"] = new
    else:
        raw, wanted, instead = (json.dumps(x, ensure_ascii=False)
                                for x in (cell[part], old, new))
        cell[part] = json.loads(raw.replace(wanted[1:-1], instead[1:-1]))


def static(mutant):
    """Return whether the named test fails on a changed copy of the project."""
    where, old, new, module, test = mutant
    with tempfile.TemporaryDirectory() as folder:
        for name in (NOTEBOOK.name, "README.md", "figures", "tests"):
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(
                ROOT / name, Path(folder, name))
        if old is None:
            shutil.copy(Path(folder, new), Path(folder, where))
        elif where == "README.md":
            text = Path(folder, where).read_text(encoding="utf-8")
            only([1] * text.count(old), old)
            Path(folder, where).write_text(text.replace(old, new),
                                           encoding="utf-8")
        else:
            notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
            change(notebook, where, old, new)
            Path(folder, NOTEBOOK.name).write_text(json.dumps(
                notebook, indent=1, ensure_ascii=False), encoding="utf-8")
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-c", "tests/pytest.ini",
             "--rootdir=.", "-o", "addopts=-p no:cacheprovider",
             f"tests/{module}", "-k", test],
            cwd=folder, capture_output=True, text=True, timeout=120)
    return run.returncode == 1 and f"FAILED tests/{module}::{test}" in run.stdout


def survivors():
    """Return the static mutants that nothing notices."""
    with ThreadPoolExecutor(2) as pool:
        return [m for m, dead in zip(STATIC, pool.map(static, STATIC)) if not dead]


class Kernel:
    """A kernel in which cells run and are compared with the stored ones."""

    def __init__(self):
        self.stored = nbformat.read(NOTEBOOK, as_version=4)
        self.cells = [c for c in self.stored.cells if c.cell_type == "code"]
        self.client = NotebookClient(
            copy.deepcopy(self.stored), timeout=300,
            extra_arguments=["--IPKernelApp.capture_fd_output=False"])

    def find(self, text):
        return only([i for i, c in enumerate(self.cells) if text in c.source],
                    text)

    def run(self, index, old="", new=""):
        """Run a cell; return what is noticed in it: "", or how."""
        cell = copy.deepcopy(self.cells[index])
        cell.source = cell.source.replace(old, new) if old else cell.source
        name = re.findall(r'show_figure\(.*"(\w+)"\)\s*$', cell.source, re.S)
        try:
            self.client.execute_cell(cell, index, store_history=False)
        except CellExecutionError as error:
            return f"{error.ename}: {error.evalue}"
        fresh, stored = (re.sub(r"Python 3\S+", "Python", shown([c]))
                         for c in (cell, self.cells[index]))
        if fresh != stored:
            return "output"
        return "figure" if name and differs(
            *(Path(folder, f"{name[0]}.png") for folder in
              (ROOT / "figures", os.environ["FIGURES"]))) else ""

    def kills(self, mutant):
        """Return whether the named cell, and none before it, notices."""
        old, new, catcher, how = mutant
        first, last = self.find(old), self.find(catcher)
        path = [i for i in range(first, last + 1) if i in (first, last)
                or not any(s in self.cells[i].source for s in SLOW)]
        noticed = ""
        for i in path:
            noticed = self.run(i, *((old, new) if i == first else ()))
            if noticed not in ("", "figure") or i == last:
                break
        for again in path[:path.index(i) + 1]:
            if not any(s in self.cells[again].source for s in SLOW):
                self.run(again)
        if i != last or how not in noticed:
            print(f"  noticed in cell {i + 1} as {noticed!r}")
        return i == last and how in noticed


def main(only_static):
    alive, total = survivors(), len(STATIC) + (0 if only_static else len(CELLS))
    if not only_static:
        kernel = Kernel()
        with kernel.client.setup_kernel():
            for i in range(len(kernel.cells)):
                assert not kernel.run(i), f"cell {i + 1} fails without a mutant"
            for mutant in CELLS:
                print(mutant[:2], flush=True)
                alive += [] if kernel.kills(mutant) else [mutant]
    for mutant in alive:
        print("SURVIVED", mutant)
    print(f"{total - len(alive)} of {total} mutants noticed")
    return bool(alive)


if __name__ == "__main__":
    sys.exit(main("--static" in sys.argv))
