"""A student's settings, interrupts and second thoughts change no result."""
import json
import os
import subprocess
import sys

import nbformat
import pytest

from conftest import ROOT
from mutants import CELLS, SLOW, STATIC, Kernel, survivors


@pytest.fixture
def foreign(functions, tmp_path, monkeypatch):
    """Set everything that another project may have set; return a folder."""
    home = tmp_path / "Schrank für Wäsche"
    data = home / "datasets" / "fashion-mnist"
    data.mkdir(parents=True)
    for name in functions["SHA256"]:
        source = next(f / name for f in functions["FOLDERS"] if (f / name).exists())
        os.symlink(source, data / name)
    (home / "keras.json").write_text(json.dumps(
        {"floatx": "float16", "backend": "torch"}))
    for name, value in {"KERAS_HOME": str(home), "KERAS_BACKEND": "jax",
                        "TF_USE_LEGACY_KERAS": "1", "MPLBACKEND": "Agg",
                        "MPLCONFIGDIR": "/proc/nowhere"}.items():
        monkeypatch.setenv(name, value)
    return home


INTERRUPT = ("import threading; threading.Timer("
             "5, os.kill, (os.getpid(), 2)).start()  # SIGINT, as from Jupyter\n")


@pytest.mark.skipif(sys.platform != "linux", reason="uses a folder of Linux")
def test_each_cell_twice_or_interrupted_under_foreign_settings(foreign):
    """The first run of a cell that trains is interrupted by its user."""
    kernel = Kernel()
    kernel.client.resources["metadata"] = {"path": str(foreign)}
    with kernel.client.setup_kernel():
        for i, cell in enumerate(kernel.cells):
            trains = any(call in cell.source for call in SLOW)
            first = kernel.run(i, cell.source, INTERRUPT + cell.source
                               ) if trains else kernel.run(i)
            assert first == ("KeyboardInterrupt: " if trains else ""), (
                f"cell {i + 1}, first run")
            assert kernel.run(i) == "", f"cell {i + 1}, second run"


def test_old_keras_is_named_with_the_cure():
    kernel = Kernel()
    with kernel.client.setup_kernel():
        assert "run %pip install -U keras" in kernel.run(
            0, "import keras\n", "import keras; keras.__version__ = '3.9.2'\n")


def test_killed_kernel_is_noticed(tmp_path):
    cells = ["import os; os.kill(os.getpid(), 9)", "1"]
    nbformat.write(nbformat.v4.new_notebook(cells=[
        nbformat.v4.new_code_cell(source, execution_count=1) for source in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}),
        tmp_path / "killed.ipynb")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", "tests/pytest.ini", "--rootdir=.",
         "--nbval-cell-timeout=3", tmp_path / "killed.ipynb"],
        cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert run.returncode == 1 and "1 failed" in run.stdout


def test_static_mutants_are_noticed():
    assert survivors() == []


def test_readme_counts_the_mutants():
    total = len(STATIC) + len(CELLS)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"Score: {total} of {total}." in readme
