"""How the notebook runs: once, under nbval, away from the user's files and settings.

When its last cell is done, tests/measure.py runs in the same kernel. What it finds is
kept in .pytest_cache, where tests find it as `fresh`, in this run and in later ones.
"""

import hashlib
import os
import pickle
import re
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

import matplotlib.font_manager  # noqa: F401, builds its cache before the notebook runs
import pytest
from nbval.plugin import IPyNbCell

from tests.page import ALTS, CODE, ROOT

PROFILE = """
import os, sys
os.chdir({!r})  # where the page may write
sys.path.insert(0, {!r})
get_config().InlineBackend.close_figures = False  # so that they can be measured
"""
MEASURE = "from tests.measure import save; save(globals(), {!r}, {!r})"
STALE = """The notebook has not run with these settings since its code, or that of
tests/measure.py, has changed. Run everything: python -m pytest"""
SECONDS = 120  # that a finished cell's outputs, or the measurements, may take to come
FOLDER, OUTPUTS = pytest.StashKey(), {}  # the kernel's folder; {cell: fresh outputs}


def pytest_addoption(parser):
    text = (
        "replace a setting of the page, and leave out what compares with stored results"
    )
    parser.addoption(
        "--set", action="append", default=[], metavar="'SEED = 3'", help=text
    )


def pytest_configure(config):
    """Give the kernel a folder, settings of its own, and the data."""
    for line in config.getoption("--set"):
        if not re.fullmatch(r"(SEED|EPOCHS|BATCH_SIZE) = \d+", line):
            raise pytest.UsageError(f"--set {line!r} is not like 'SEED = 3'")
    folder = config.stash[FOLDER] = Path(tempfile.mkdtemp(prefix="an empty folder "))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    keras = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    if (keras / "datasets").is_dir():  # otherwise, the page downloads the data
        shutil.copytree(keras / "datasets", folder / "datasets")
    (folder / "profile_default").mkdir()
    profile = folder / "profile_default" / "ipython_kernel_config.py"
    profile.write_text(PROFILE.format(str(folder), str(ROOT)), encoding="utf-8")
    for name in ["KERAS_BACKEND", "MPLBACKEND", "MATPLOTLIBRC"]:
        os.environ.pop(name, None)
    os.environ.update(KERAS_HOME=str(folder), IPYTHONDIR=str(folder))


def pytest_collection_modifyitems(config, items):
    """Run the notebook first, with the settings asked for."""
    items.sort(key=lambda item: not isinstance(item, IPyNbCell))
    for item in items:
        if isinstance(item, IPyNbCell):
            item.output_timeout = SECONDS
            if item.cell.id == "settings":
                item.cell.source += "\n" + "\n".join(config.getoption("--set"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Fail a cell that writes to stderr: nbval overlooks it where it ignores text."""
    yield
    for output in getattr(item, "test_outputs", None) or []:
        assert output.get("name") != "stderr", output.text


def pytest_runtest_teardown(item, nextitem):
    """Keep each cell's outputs, and measure after the notebook's last cell."""
    if isinstance(item, IPyNbCell):
        OUTPUTS[item.cell.id] = [dict(output) for output in item.test_outputs or []]
        if nextitem is None or nextitem.parent is not item.parent:
            file = item.config.stash[FOLDER] / "measured"
            code, kernel = MEASURE.format([*ALTS], str(file)), item.parent.kernel
            try:
                reply = kernel.kc.execute_interactive(code, timeout=SECONDS)["content"]
                error = "\n".join(reply.get("traceback", []))
            except Exception as failure:  # noqa: BLE001, raised here it blames the cell
                error = repr(failure)
            found = {} if error else pickle.loads(file.read_bytes())
            found |= {"outputs": OUTPUTS, "state": state(), "error": error}
            kept(item.config).write_bytes(pickle.dumps(found))


def kept(config):
    """Return the file that keeps what a run with these settings has found."""
    name = "run " + ", ".join(sorted(config.getoption("--set")))
    return config.cache.mkdir("page") / name.strip()


def state():
    """Return a hash of all code on which a run depends."""
    code = [cell.source for cell in CODE.values()]
    code.append((ROOT / "tests" / "measure.py").read_text(encoding="utf-8"))
    return hashlib.sha256("\0".join(code).encode()).hexdigest()


@pytest.fixture(scope="session")
def last_run(pytestconfig):
    """Return what the last run with these settings has found, or only its `error`.

    `outputs`, {cell: outputs}, and what tests/measure.py saves.
    """
    file = kept(pytestconfig)
    found = pickle.loads(file.read_bytes()) if file.exists() else {}
    found = found if found.get("state") == state() else {"error": STALE}
    return SimpleNamespace(**found)


@pytest.fixture
def fresh(last_run):
    """Return what the last run has found, if it has run the code as it is now."""
    if last_run.error:
        pytest.skip("see test_notebook_has_run")
    return last_run


@pytest.fixture
def same_training(fresh, pytestconfig):
    """Return `fresh`, unless the networks train shorter or in other batches."""
    if re.search("EPOCHS|BATCH_SIZE", str(pytestconfig.getoption("--set"))):
        pytest.skip("the words of the page are about other trainings")
    return fresh


@pytest.fixture
def as_stored(fresh, pytestconfig):
    """Return `fresh`, unless any setting is replaced."""
    if pytestconfig.getoption("--set"):
        pytest.skip("the stored page has other settings")
    return fresh
