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

import matplotlib.font_manager  # noqa: F401, builds its cache before the notebook runs
import pytest
from nbval.plugin import IPyNbCell

from tests.page import CODE, ROOT

PROFILE = """
import os, sys
os.chdir({!r})  # where the page may write
sys.path.insert(0, {!r})
get_config().InlineBackend.close_figures = False  # so that they can be measured
"""
SECONDS = 120  # that a finished cell's outputs, or the measurements, may take to come
OUTPUTS = {}  # {cell: fresh outputs}


def pytest_addoption(parser):
    """Let settings of the page be replaced; stored results are not compared then."""
    parser.addoption("--set", action="append", default=[], help="such as 'SEED = 3'")


def pytest_configure(config):
    """Give the kernel a folder, settings of its own, and the data."""
    for line in config.getoption("--set"):
        if not re.fullmatch(r"(SEED|EPOCHS|BATCH_SIZE) = \d+", line):
            raise pytest.UsageError(f"--set {line!r} is not like 'SEED = 3'")
    folder = Path(tempfile.mkdtemp(prefix="an empty folder "))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    keras = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    if (keras / "datasets").is_dir():  # otherwise, the page downloads the data
        shutil.copytree(keras / "datasets", folder / "datasets")
    profile = folder / "profile_default" / "ipython_kernel_config.py"
    profile.parent.mkdir()
    profile.write_text(PROFILE.format(str(folder), str(ROOT)), encoding="utf-8")
    for name in ["KERAS_BACKEND", "MPLBACKEND", "MATPLOTLIBRC"]:
        os.environ.pop(name, None)
    os.environ.update(KERAS_HOME=str(folder), IPYTHONDIR=str(folder))


def pytest_itemcollected(item):
    """Give a cell time, which nbval's option does not, and the settings asked for."""
    if isinstance(item, IPyNbCell):
        item.output_timeout = SECONDS
        if item.cell.id == "settings":
            item.cell.source += "\n" + "\n".join(item.config.getoption("--set"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """Keep each cell's outputs, and measure after the notebook's last cell.

    Fail a cell that writes to stderr: nbval overlooks it where it ignores text.
    """
    try:
        if isinstance(item, IPyNbCell):
            OUTPUTS[item.cell.id] = [dict(output) for output in item.test_outputs or []]
            if nextitem is None or nextitem.parent is not item.parent:
                measure(item)
            for output in OUTPUTS[item.cell.id]:
                assert output.get("name") != "stderr", output["text"]
    finally:
        yield


def measure(item):
    """Run tests/measure.py in a cell's kernel, and keep what it finds."""
    kernel, file = item.parent.kernel, kept(item.config)
    reply = kernel.kc.execute_interactive("import tests.measure", timeout=SECONDS)
    assert reply["content"]["status"] == "ok", "\n".join(reply["content"]["traceback"])
    found = pickle.loads(Path(os.environ["KERAS_HOME"], "measured").read_bytes())
    found["outputs"] |= OUTPUTS
    for old in file.parent.iterdir():
        old.unlink()
    file.write_bytes(pickle.dumps(found))


def kept(config):
    """Return the file that keeps what a run of this code with these settings finds."""
    code = [*config.getoption("--set"), *[cell.source for cell in CODE.values()]]
    code.append((ROOT / "tests" / "measure.py").read_text(encoding="utf-8"))
    name = hashlib.sha256("\0".join(code).encode()).hexdigest()
    return config.cache.mkdir("page") / name


@pytest.fixture(scope="session")
def fresh(pytestconfig):
    """Return what the last run of this code has found, {"numbers": …, "outputs": …}."""
    if not kept(pytestconfig).exists():
        pytest.skip("see test_notebook_has_run")
    return pickle.loads(kept(pytestconfig).read_bytes())


@pytest.fixture
def as_stored(fresh, pytestconfig):
    """Return `fresh`, unless any setting is replaced."""
    if pytestconfig.getoption("--set"):
        pytest.skip("the stored page has other settings")
    return fresh
