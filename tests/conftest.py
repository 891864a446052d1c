"""Options and fixtures of the tests, and the surroundings in which they run."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from nbval.plugin import IPyNbCell

import reference
from page import CODE, Networks, Page

pytest.register_assert_rewrite("drawn")

# As strange as a user's own settings may be; the page has to set them right.
KERAS_SETTINGS = {"backend": "jax", "floatx": "float16"}


def pytest_addoption(parser):
    parser.addoption("--seed", type=int, default=0, help="run the page with it")


def pytest_configure(config):
    """Give nbval's kernel time, an empty folder, and somebody's Keras settings."""
    IPyNbCell.output_timeout = 60  # seconds; nbval's five fail on a busy machine
    if not reference.DATA.is_dir():
        raise pytest.UsageError(f"No data in {reference.DATA}: see README.md.")
    scratch = Path(tempfile.mkdtemp(prefix="Wäsche und Schuhe "))
    startup = scratch / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    change_folder = f"import os\nos.chdir({str(scratch)!r})\n"
    (startup / "folder.py").write_text(change_folder, encoding="utf-8")
    data = scratch / "keras" / "datasets" / "fashion-mnist"
    shutil.copytree(reference.DATA, data)
    (scratch / "keras" / "keras.json").write_text(json.dumps(KERAS_SETTINGS))

    environment = pytest.MonkeyPatch()
    environment.setenv("IPYTHONDIR", str(scratch / "ipython"))
    environment.setenv("KERAS_HOME", str(scratch / "keras"))
    environment.setenv("KERAS_BACKEND", "torch")
    environment.setenv("TF_USE_LEGACY_KERAS", "1")
    environment.setenv("MPLBACKEND", "agg")
    config.add_cleanup(environment.undo)
    config.add_cleanup(lambda: shutil.rmtree(scratch, ignore_errors=True))


@pytest.fixture(scope="session")
def seed(request):
    """Return the seed of the page's trainings, 0 unless `--seed` says otherwise."""
    return request.config.getoption("--seed")


@pytest.fixture(scope="session")
def page(seed, tmp_path_factory):
    """Return the page after "Run all", with another SEED if `--seed` asks for it."""
    page = Page(tmp_path_factory.mktemp("page"))
    page.run_all(CODE, SEED=seed)
    return page


@pytest.fixture(scope="session")
def home():
    """Return the folder of the data that the page loads."""
    return Path(os.environ["KERAS_HOME"]) / "datasets" / "fashion-mnist"


@pytest.fixture(scope="session")
def networks(page):
    """Return what the page's networks make of the images."""
    return Networks(page)
