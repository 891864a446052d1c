"""The data, the networks and their training, and the page in other surroundings."""

import gzip
import shutil
import socket

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import reference
from page import CODE, Page

CELLS = list(CODE)
IMAGES = "t10k-images-idx3-ubyte.gz"


def test_images_and_split(page):
    for part in ["train", "valid", "test"]:
        rows = page.names[f"x_{part}"]
        assert rows.dtype == np.float32
        assert_allclose(rows, reference.images(part), atol=1e-6, err_msg=part)
    for part in ["train", "test"]:
        ours = page.names[f"{part}_labels"]
        assert ours.tolist() == reference.labels(part).tolist()


def test_without_arguments_the_network_is_the_assignments(page):
    encoder, decoder, autoencoder = page.names["build_autoencoder"]()
    assert autoencoder.layers == [encoder, decoder]
    assert layers(autoencoder) == layers(page.names["autoencoder"])
    assert autoencoder.count_params() == 218_192


def layers(autoencoder):
    """Return units and activation of each layer."""
    found = [layer for part in autoencoder.layers for layer in part.layers]
    return [(layer.units, layer.activation.__name__) for layer in found]


# Hidden activation, code size and activation; optimizer, rate, batch size, epochs.
RECIPES = {
    "plain": ("relu", 64, "relu", "Adam", None, 250, 10),
    "2d": ("relu", 2, "linear", "Adam", None, 250, 10),
    "tuned": ("leaky_relu", 64, "linear", "Adam", 0.01, 125, 10),
    "better": ("leaky_relu", 64, "linear", "Muon", 0.02, 500, 10),
    "16": ("leaky_relu", 16, "linear", "Muon", 0.03, 500, 3),
    "4": ("leaky_relu", 4, "linear", "Muon", 0.03, 500, 3),
}


@pytest.mark.parametrize("name", RECIPES)
def test_network_and_training(results, name):
    hidden, code_size, code, kind, peak, batch_size, epochs = RECIPES[name]
    model = results.models[name]
    around = [(128, hidden), (784, "sigmoid")]
    assert layers(model) == [(128, hidden), (code_size, code), *around]
    assert model.loss == "binary_crossentropy"
    assert model.history.params["steps"] == 55_000 / batch_size
    assert model.history.params["epochs"] == epochs

    ours = model.optimizer.get_config()
    default = type(model.optimizer)().get_config()
    assert type(model.optimizer).__name__ == kind
    changed = {key for key in ours if ours[key] != default[key]}
    assert changed <= {"name", "learning_rate"}
    if peak is None:
        assert ours["learning_rate"] == default["learning_rate"]
    else:
        rate = ours["learning_rate"]["config"]
        assert rate["initial_learning_rate"] == pytest.approx(peak)
        assert (rate["end_learning_rate"], rate["power"]) == (0, 1)
        assert rate["decay_steps"] == int(model.optimizer.iterations)


def test_muon_trains_the_matrices_and_leaves_biases_to_adam(results):
    model = results.models["better"]
    by_adam = [velocity is not None for velocity in model.optimizer.adam_velocities]
    assert by_adam == [len(weight.shape) == 1 for weight in model.trainable_weights]


def test_pca_of_the_page(page):
    some = reference.images("test")[:50]
    for k in [1, 2, 64]:
        assert_allclose(page.names["pca"](some, k), reference.pca(some, k), atol=5e-3)


def test_any_cell_can_be_run_again(page, tmp_path):
    """The cells that do not train, from last to first, print and draw the same."""
    again = Page(tmp_path)
    again.names, again.style = dict(page.names), page.style
    (tmp_path / "figures").mkdir()
    cells = [c for c in CELLS if c not in ["train", "train-2d", "better", "small"]]
    again.run(*reversed(cells), SEED=page.names["SEED"])
    assert again.printed == {cell_id: page.printed[cell_id] for cell_id in cells}
    for file in (tmp_path / "figures").iterdir():
        assert file.read_bytes() == (page.folder / "figures" / file.name).read_bytes()


# Other surroundings


@pytest.fixture(scope="module")
def smallest(tmp_path_factory):
    """Return the page with one epoch, one number, batches that do not divide."""
    page = Page(tmp_path_factory.mktemp("a folder with spaces"))
    split = CELLS.index("scale") + 1
    page.run(*CELLS[:split], EPOCHS=1, CODE_SIZE=1, BATCH_SIZE=77, SEED=5)
    page.names["x_train"] = page.names["x_train"][:500]
    page.names["x_valid"] = page.names["x_valid"][:100]
    page.run(*CELLS[split:])
    return page


def test_smallest_settings_draw_whole_figures(smallest):
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
    before = smallest.names[name].get_weights()
    smallest.run(cell_id)
    for old, new in zip(before, smallest.names[name].get_weights(), strict=True):
        assert_array_equal(old, new)


def test_another_backend_is_overruled(smallest):
    """conftest.py asks for torch, and for figures that are not shown (see nbval)."""
    assert smallest.names["keras"].config.backend() == "tensorflow"


def test_stray_figure_is_left_alone(smallest):
    stray = smallest.names["plt"].figure()
    smallest.run("loss")
    smallest.names["plt"].close(stray)
    assert stray.axes == []
    assert len(smallest.figures["loss"].axes) == 1


def test_keras_without_this_muon_gets_a_message(smallest, monkeypatch):
    monkeypatch.setattr(smallest.names["keras"], "__version__", "3.9.2")
    with pytest.raises(ImportError, match="pip install -U keras"):
        smallest.run("better")


@pytest.fixture
def replace_images(data_of_keras):
    """Return a function that replaces a file that Keras loads; undo it afterwards."""
    file = data_of_keras / IMAGES

    def replace(content):
        file.unlink()
        if content:
            file.write_bytes(content)
        return file

    yield replace
    shutil.copy(reference.DATA / IMAGES, file)


def test_damaged_data_stop_the_page_and_are_kept(smallest, replace_images):
    half = (reference.DATA / IMAGES).read_bytes()[:2_000_000]
    file = replace_images(half)
    with pytest.raises(EOFError):
        smallest.run("load")
    assert file.read_bytes() == half


def test_missing_data_stop_the_page_off_line(smallest, replace_images, monkeypatch):
    def no_network(*arguments, **options):
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    replace_images(None)
    with pytest.raises(Exception, match="URL fetch failure"):
        smallest.run("load")


def test_other_data_are_noticed(tmp_path):
    black = gzip.compress(bytes(16 + 10_000 * 784), 1)
    (tmp_path / IMAGES).write_bytes(black)
    with pytest.raises(ValueError, match="not that of Fashion-MNIST"):
        reference.read("t10k-images-idx3", tmp_path)
