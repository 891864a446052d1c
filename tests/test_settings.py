"""The page with other settings, and in surroundings that are not ours."""

import os

import numpy as np
import pytest

from page import CODE, Page
from reference import CLASSES

CELLS = list(CODE)
SPLIT = CELLS.index("scale") + 1


def quick_run(folder, last="shift", **settings):
    """Return the page, run up to a cell with other settings and little data."""
    page = Page(folder)
    page.run_all(CELLS[:SPLIT], **settings)
    page.names["x_train"] = page.names["x_train"][:500]
    page.names["x_valid"] = page.names["x_valid"][:100]
    page.run_all(CELLS[SPLIT : CELLS.index(last) + 1])
    return page


@pytest.fixture(scope="module")
def smallest(tmp_path_factory):
    """Return the page with one epoch, one number, and batches that do not divide."""
    settings = {"EPOCHS": 1, "CODE_SIZE": 1, "BATCH_SIZE": 77, "SEED": 5}
    return quick_run(tmp_path_factory.mktemp("Übung 1"), **settings)


def test_one_epoch_draws_whole_curves(smallest):
    for name in ["loss", "curves"]:
        (ax,) = smallest.figures[name].axes
        low, high = ax.get_ylim()
        for line in ax.lines:
            assert low <= min(line.get_ydata())
            assert max(line.get_ydata()) <= high
            assert line.get_marker() != "None" or len(line.get_xdata()) > 1


def test_rate_ends_at_zero_whatever_the_batches(smallest):
    networks = [smallest.names["control"], smallest.names["better"]]
    for network in [*networks, *smallest.names["small"].values()]:
        assert float(network.optimizer.learning_rate) == 0


def test_one_number_draws_all_figures(smallest):
    (bars,) = [ax for ax in smallest.figures["code"].axes if ax.patches]
    assert len(bars.patches) == 1
    rows = [ax.get_ylabel() for ax in smallest.figures["code_sizes"].axes]
    assert rows == ["original", "1 numbers", "32 numbers", "8 numbers", "2 numbers"]


def test_as_many_numbers_as_pixels(tmp_path):
    page = quick_run(tmp_path, last="worst", CODE_SIZE=784, EPOCHS=2)
    images = page.names["x_test"][:10]
    np.testing.assert_allclose(page.names["pca"](images, 784), images, atol=0.01)
    titles = page.figures["reconstructions"].axes[0].get_xticklabels()
    assert [title.get_text() for title in titles] == CLASSES


def test_training_can_be_run_again(smallest):
    before = smallest.names["history"].history
    smallest.run_all(["train"])
    assert smallest.names["history"].history == before


def test_keras_settings_of_the_user_are_overruled(smallest):
    keras = smallest.names["keras"]
    assert keras.config.backend() == "tensorflow"
    assert keras.config.floatx() == "float32"
    weights = smallest.names["better"].weights
    assert {keras.backend.standardize_dtype(w.dtype) for w in weights} == {"float32"}


def test_dtype_policy_of_the_user_is_overruled(tmp_path):
    page = Page(tmp_path)
    page.run_all(["imports"])
    keras = page.names["keras"]
    keras.config.set_dtype_policy("mixed_float16")
    page.run_all(["settings"])
    assert keras.config.dtype_policy().name == "float32"


def test_figures_do_not_depend_on_what_was_drawn_before(smallest):
    plt = smallest.names["plt"]
    stray = plt.figure()
    smallest.run_all(["loss"])
    assert stray.axes == []
    assert smallest.figures["loss"] is not stray


def test_matplotlib_settings_of_the_user_are_overruled(tmp_path):
    page = Page(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        page.run_all(["imports"])
        rc = page.names["plt"].rcParams
        patch.setitem(rc, "figure.autolayout", True)
        patch.setitem(rc, "font.size", 20)
        page.run("settings")
        assert not rc["figure.autolayout"]
        assert rc["font.size"] == 10


def test_folder_that_cannot_be_written_gets_a_message(tmp_path, monkeypatch):
    page = Page(tmp_path)
    page.run_all(["imports"])
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(AssertionError, match="writable folder"):
        page.run_all(["settings"])


@pytest.mark.parametrize("version", ["2.15.0", "3.9.2", "3.12.0"])
def test_old_keras_gets_a_message(tmp_path, monkeypatch, version):
    page = Page(tmp_path)
    page.run_all(["imports"])
    monkeypatch.setattr(page.names["keras"], "__version__", version)
    with pytest.raises(ImportError, match="pip install -U keras"):
        page.run_all(["imports"])
