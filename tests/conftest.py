"""The option `--seed`, the fixtures, and the surroundings in which the tests run."""

import os
import shutil
import tempfile
from pathlib import Path

import matplotlib.font_manager  # noqa: F401, builds its cache before the notebook
import pytest
from nbval.plugin import IPyNbCell

import reference
from page import CODE, Page


def pytest_addoption(parser):
    parser.addoption("--seed", type=int, help="run the page with it")


def pytest_configure(config):
    """Run the notebook in an empty folder, with settings that it has to overrule."""
    IPyNbCell.output_timeout = 60  # seconds; nbval's five fail on a busy machine
    scratch = Path(tempfile.mkdtemp(prefix="an empty folder "))
    startup = scratch / "profile_default" / "startup"
    startup.mkdir(parents=True)
    change_folder = f"import os\nos.chdir({str(scratch)!r})\n"
    (startup / "folder.py").write_text(change_folder, encoding="utf-8")

    config.data_of_keras = scratch / "datasets" / "fashion-mnist"
    if reference.DATA.is_dir():  # tests of text alone need no data
        shutil.copytree(reference.DATA, config.data_of_keras)

    os.environ.update(KERAS_HOME=str(scratch), IPYTHONDIR=str(scratch))
    os.environ.update(KERAS_BACKEND="torch", MPLBACKEND="agg")
    config.add_cleanup(lambda: shutil.rmtree(scratch, ignore_errors=True))


@pytest.fixture(scope="session")
def page(request, tmp_path_factory):
    """Return the page after "Run all", with another SEED if `--seed` asks for it."""
    page = Page(tmp_path_factory.mktemp("page"))
    seed = request.config.getoption("--seed")
    page.run(*CODE, **({} if seed is None else {"SEED": seed}))
    return page


@pytest.fixture
def fresh(page, request):
    """Return the page after "Run all", to be compared with the stored one."""
    if request.config.getoption("--seed") is not None:
        pytest.skip("--seed asks for another seed than that of the stored page")
    return page


@pytest.fixture(scope="session")
def results(page):
    """Return what the page's networks make of the test images, computed anew."""
    return reference.Results(page.names)
