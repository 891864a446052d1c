"""The data, the trainings, and the page in other surroundings."""

import socket
from unittest.mock import Mock

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import benchmark
import reference
from page import CODE, Page


def test_images_and_split(page):
    for part in ["train", "valid", "test"]:
        rows = page.names[f"x_{part}"]
        assert rows.dtype == np.float32
        assert_allclose(rows, reference.images(part), atol=1e-6, err_msg=part)


# How the benchmark trains each network, and the size of its code
RECIPES = {
    "plain": (benchmark.PLAIN, 64),
    "plane": ({**benchmark.PLAIN, "code": "linear"}, 2),
    "tuned": (benchmark.RECIPES["tuned Adam"], 64),
    "better": (benchmark.RECIPES["better"], 64),
    "small_16": (benchmark.RECIPES["better, 3 epochs"], 16),
    "small_4": (benchmark.RECIPES["better, 3 epochs"], 4),
}


@pytest.mark.parametrize("name", RECIPES)
def test_trained_as_in_the_benchmark(results, name):
    recipe, code_size = RECIPES[name]
    model = results.models[name]
    layers = [layer for part in model.layers for layer in part.layers]
    hidden, code = recipe["hidden"], recipe["code"]
    assert [layer.units for layer in layers] == [128, code_size, 128, 784]
    activations = [layer.activation.__name__ for layer in layers]
    assert activations == [hidden, code, hidden, "sigmoid"]
    assert model.loss == recipe["loss"]
    assert model.history.params["steps"] == 55_000 / recipe["batch"]
    assert model.history.params["epochs"] == recipe["epochs"]

    assert type(model.optimizer).__name__ == recipe["optimizer"]
    ours = model.optimizer.get_config()
    default = type(model.optimizer)().get_config()
    assert {k for k in ours if ours[k] != default[k]} <= {"name", "learning_rate"}
    if recipe["rate"]:
        rate = ours["learning_rate"]["config"]
        assert rate["initial_learning_rate"] == pytest.approx(recipe["rate"])
        assert (rate["end_learning_rate"], rate["power"]) == (0, 1)
        assert rate["decay_steps"] == int(model.optimizer.iterations)
    else:
        assert ours["learning_rate"] == default["learning_rate"]


@pytest.fixture(scope="module")
def smallest(tmp_path_factory):
    """Return the page with one epoch, one number, batches that do not divide."""
    page = Page(tmp_path_factory.mktemp("a folder with spaces"))
    cells = list(CODE)
    split = cells.index("scale") + 1
    page.run(*cells[:split], EPOCHS=1, CODE_SIZE=1, BATCH_SIZE=77, SEED=5)
    page.names["x_train"] = page.names["x_train"][:500]
    page.names["x_valid"] = page.names["x_valid"][:100]
    page.stray_figure = page.names["plt"].figure()
    page.run(*cells[split:])
    return page


def test_smallest_settings_draw_whole_figures(smallest):
    assert smallest.stray_figure.axes == []
    assert len(smallest.figures["one-image"].axes[1].patches) == 1
    for name in ["loss", "curves"]:
        (ax,) = smallest.figures[name].axes
        low, high = ax.get_ylim()
        for line in ax.lines:
            assert low <= min(line.get_ydata()) <= max(line.get_ydata()) <= high
            assert line.get_marker() != "None" or len(line.get_xdata()) > 1


def test_rate_falls_to_zero_with_any_batch_size(smallest):
    for name in ["tuned", "better"]:
        assert float(smallest.names[name].optimizer.learning_rate) == 0


@pytest.mark.parametrize(
    ("cell_id", "name"),
    [("train", "autoencoder"), ("train-2d", "autoencoder_2d"), ("better", "better")],
)
def test_training_repeats_itself(smallest, cell_id, name):
    before = smallest.names[name].predict(smallest.names["x_valid"])
    smallest.run(cell_id)
    after = smallest.names[name].predict(smallest.names["x_valid"])
    assert_array_equal(before, after)


def test_keras_without_this_muon_gets_a_message(smallest, monkeypatch):
    monkeypatch.setattr(smallest.names["keras"], "__version__", "3.12.9")
    with pytest.raises(ImportError, match="pip install -U keras"):
        smallest.run("better")


def test_damaged_and_missing_data_stop_the_page(smallest, request, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", Mock(side_effect=OSError("off line")))
    file = request.config.data_of_keras / "t10k-images-idx3-ubyte.gz"
    whole = file.read_bytes()
    try:
        file.write_bytes(whole[:2_000_000])
        with pytest.raises(EOFError):
            smallest.run("load")
        assert file.read_bytes() == whole[:2_000_000]
        file.unlink()
        with pytest.raises(Exception, match="URL fetch failure"):
            smallest.run("load")
    finally:
        file.write_bytes(whole)
