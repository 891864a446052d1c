"""The option `--seed`, the fixtures, and the surroundings in which the tests run."""

import shutil
import tempfile
from pathlib import Path

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
    startup = scratch / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    change_folder = f"import os\nos.chdir({str(scratch)!r})\n"
    (startup / "folder.py").write_text(change_folder, encoding="utf-8")

    config.data_of_keras = scratch / "datasets" / "fashion-mnist"
    if reference.DATA.is_dir():  # tests of text alone need no data
        shutil.copytree(reference.DATA, config.data_of_keras)

    environment = pytest.MonkeyPatch()
    environment.setenv("KERAS_HOME", str(scratch))
    environment.setenv("IPYTHONDIR", str(scratch / "ipython"))
    environment.setenv("KERAS_BACKEND", "torch")
    environment.setenv("MPLBACKEND", "agg")
    config.add_cleanup(environment.undo)
    config.add_cleanup(lambda: shutil.rmtree(scratch, ignore_errors=True))


@pytest.fixture(scope="session")
def seed(request):
    """Return the seed asked for by `--seed`, or None."""
    return request.config.getoption("--seed")


@pytest.fixture(scope="session")
def page(seed, tmp_path_factory):
    """Return the page after "Run all", with another SEED if `--seed` asks for it."""
    page = Page(tmp_path_factory.mktemp("page"))
    page.run(*CODE, **({} if seed is None else {"SEED": seed}))
    return page


@pytest.fixture(scope="session")
def results(page):
    """Return what the page's networks make of the images, computed anew."""
    return reference.Results(page.names)


@pytest.fixture
def data_of_keras(request):
    """Return the folder with the copy of the data that the page loads."""
    return request.config.data_of_keras
