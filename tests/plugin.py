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

from tests.page import ALTS, CODE, ROOT, SOURCES, text_of

PROFILE = """
import os, sys
os.chdir({!r})  # where the page may write
sys.path.insert(0, {!r})
get_config().InlineBackend.close_figures = False  # so that they can be measured
"""
SECONDS = 120  # that a finished cell's outputs, or the measurements, may take to come
FIRST, *_, LAST = CODE
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
    data = keras / "datasets" / "fashion-mnist"
    if data.is_dir():  # otherwise, the page downloads the data
        shutil.copytree(data, folder / "datasets" / "fashion-mnist")
    profile = folder / "profile_default" / "ipython_kernel_config.py"
    profile.parent.mkdir()
    profile.write_text(PROFILE.format(str(folder), str(ROOT)), encoding="utf-8")
    (folder / "matplotlibrc").touch()  # comes before the user's
    os.environ.update(KERAS_HOME=str(folder), IPYTHONDIR=str(folder))
    os.environ.update(KERAS_BACKEND="tensorflow", MPLBACKEND="")


def pytest_itemcollected(item):
    """Give a cell's outputs time to come, and the page the settings asked for."""
    if isinstance(item, IPyNbCell):
        item.output_timeout = SECONDS
        if item.cell.id == "settings":
            item.cell.source += "\n" + "\n".join(item.config.getoption("--set"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Keep a cell's outputs, fail one with stderr, and measure after the last cell."""
    if not isinstance(item, IPyNbCell):
        return (yield)
    if item.cell.id == FIRST:
        shutil.rmtree(kept(item.config).parent)  # a run that breaks off keeps nothing
    try:
        yield
    finally:
        outputs = OUTPUTS[item.cell.id] = [dict(o) for o in item.test_outputs or []]
    # nbval overlooks stderr where it ignores text
    assert "stderr" not in [o.get("name") for o in outputs], text_of(outputs)
    if item.cell.id == LAST:
        measure(item)


def measure(item):
    """Run tests/measure.py in the kernel of a cell, and keep what it finds."""
    kernel = item.parent.kernel
    reply = kernel.kc.execute_interactive("import tests.measure", timeout=SECONDS)
    assert reply["content"]["status"] == "ok", "\n".join(reply["content"]["traceback"])
    found = pickle.loads(Path(os.environ["KERAS_HOME"], "measured").read_bytes())
    found["outputs"] |= OUTPUTS
    found["failed"] = item.session.testsfailed + item.config.option.nbval_lax
    kept(item.config).write_bytes(pickle.dumps(found))


def kept(config):
    """Return the file that keeps what a run of this code with these settings finds."""
    files = ["requirements.txt", "tests/measure.py", "tests/plugin.py"]
    texts = [(ROOT / file).read_text(encoding="utf-8") for file in files]
    code = str([config.getoption("--set"), [*ALTS], SOURCES, texts])
    return config.cache.mkdir("page") / hashlib.sha256(code.encode()).hexdigest()


@pytest.fixture(scope="session")
def fresh(pytestconfig):
    """Return what the last run of this code has found, {"numbers": …, "outputs": …}."""
    if not kept(pytestconfig).exists():
        pytest.skip("see test_notebook_has_run_and_passed")
    return pickle.loads(kept(pytestconfig).read_bytes())


@pytest.fixture
def as_stored(fresh, pytestconfig):
    """Return `fresh`, unless any setting is replaced."""
    if pytestconfig.getoption("--set"):
        pytest.skip("the stored page has other settings")
    return fresh
