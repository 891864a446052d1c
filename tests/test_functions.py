"""The notebook's functions against references that share no code with them."""
import math

import numpy as np
import pytest


@pytest.fixture
def images():
    return np.random.default_rng(1).random((5, 784)).astype(np.float32)


def test_bce_is_the_sum_written_out_and_keras_own(functions, images):
    outputs = np.random.default_rng(2).random((5, 784)).astype(np.float32)
    by_hand = [sum(-x * math.log(y) - (1 - x) * math.log(1 - y)
                   for x, y in zip(xs, ys)) / 784
               for xs, ys in zip(images.tolist(), outputs.tolist())]
    keras = functions["keras"].losses.binary_crossentropy(images, outputs)
    assert np.allclose(functions["bce"](images, outputs), by_hand, rtol=1e-5)
    assert np.allclose(functions["bce"](images, outputs), keras, rtol=1e-5)


@pytest.mark.parametrize("grey, nats", [
    (0, 0), (1, 0), (0.5, math.log(2)), (0.25, 2 * math.log(2) - 0.75 * math.log(3))])
def test_bce_of_a_perfect_copy_is_the_entropy(functions, grey, nats):
    image = np.full((1, 784), grey, np.float32)
    assert functions["bce"](image, image) == pytest.approx([nats], abs=1e-6)


def test_bce_of_a_sure_mistake_is_large_but_finite(functions):
    black, white = np.zeros((1, 784), np.float32), np.ones((1, 784), np.float32)
    assert 15 < functions["bce"](black, white)[0] < 17


def test_mse_is_the_sum_written_out(functions, images):
    by_hand = [sum(x * x for x in row) / 784 for row in images.tolist()]
    assert np.allclose(functions["mse"](images, 0 * images), by_hand, rtol=1e-5)


def test_ssim_is_one_for_a_copy_and_falls_with_noise(functions, images):
    noisy = images + np.random.default_rng(3).normal(0, 0.5, images.shape)
    assert np.allclose(functions["ssim"](images, images), 1)
    assert (functions["ssim"](images, noisy.astype(np.float32)) < 0.9).all()


def test_scale_keeps_order_and_needs_no_float64(functions):
    pixels = np.arange(2 * 784, dtype=np.uint32).astype(np.uint8)
    scaled = functions["scale"](pixels)
    assert scaled.dtype == np.float32 and scaled.shape == (2, 784)
    assert np.array_equal(np.rint(scaled * 255).astype(np.uint8).ravel(), pixels)
    assert scaled.min() == 0 and scaled.max() == 1


def test_pca_projects_on_the_components(functions):
    """Images that vary along two axes only come back from two numbers."""
    rng = np.random.default_rng(4)
    axes = np.linalg.qr(rng.normal(size=(784, 784)))[0].T.astype(np.float32)
    mean = np.full(784, 0.5, np.float32)
    images = mean + rng.normal(0, 0.1, (50, 2)).astype(np.float32) @ axes[:2]
    assert np.allclose(functions["pca"](images, mean, axes[:2]), images, atol=1e-5)
    assert not np.allclose(functions["pca"](images, mean, axes[:1]), images, atol=1e-2)


def test_pca_output_can_be_scored_by_bce(functions):
    far = functions["pca"](np.full((1, 784), 9, np.float32),
                           np.zeros(784, np.float32), np.eye(784, dtype=np.float32))
    assert far.max() < 1


def test_class_means(functions):
    values, labels = np.array([1.0, 3, 10]), np.array([0, 0, 1])
    assert functions["class_means"](values, labels).tolist() == [2, 10]


def test_roughness_counts_steps(functions):
    stripes = np.tile([[1.0], [0.0]], (14, 28)).reshape(1, 784)
    assert functions["roughness"](np.ones((1, 784)))[0] == 0
    assert functions["roughness"](stripes)[0] == pytest.approx(0.5)


def test_nearest_finds_the_nearest(functions, images):
    asked = images[[3, 1]] + 0.01
    assert np.array_equal(functions["nearest"](asked, images), images[[3, 1]])


def test_network_is_the_assignments(functions):
    encoder, decoder, autoencoder = functions["build_autoencoder"]()
    layers = encoder.layers[1:] + decoder.layers[1:]
    assert [(layer.units, layer.activation.__name__) for layer in layers] == [
        (128, "relu"), (64, "relu"), (128, "relu"), (784, "sigmoid")]
    assert (layers[1].bias.numpy() == 1).all(), "all units of the code start active"
    assert autoencoder.count_params() == sum(
        a * b + b for a, b in [(784, 128), (128, 64), (64, 128), (128, 784)])
    assert (encoder.name, decoder.name, autoencoder.name) == (
        "encoder", "decoder", "autoencoder")


def test_class_names_are_in_the_order_of_the_labels(functions):
    """The order is that of the data set's own description, labels 0 to 9."""
    published = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal",
                 "Shirt", "Sneaker", "Bag", "Ankle boot"]
    assert len(functions["CLASSES"]) == 10
    for ours, theirs in zip(functions["CLASSES"], published):
        assert theirs.startswith(ours)


@pytest.fixture
def small(functions):
    """Return a function that trains a small network from the same seed."""
    def run(images, seed=0):
        functions["keras"].utils.set_random_seed(seed)
        model = functions["build_autoencoder"](4, width=8)[-1]
        history = functions["train"](model, functions["muon"](60), images, 3, 10)
        return history["loss"], model
    return run


def test_training_repeats_bit_for_bit_and_obeys_the_seed(small):
    images = np.random.default_rng(5).random((200, 784)).astype(np.float32)
    first, again, other = (small(images, seed)[0] for seed in (0, 0, 1))
    assert first == again and first != other
    assert first[-1] < first[0]


def test_training_returns_the_input_not_something_else(small):
    """White-left images come out white on the left."""
    images = np.tile(np.arange(784) % 28 < 14, (200, 1)).astype(np.float32)
    output = small(images)[1].predict(images[:1], verbose=0)
    assert output[images[:1] == 1].min() > output[images[:1] == 0].max()


def test_training_stops_with_a_sentence_when_the_loss_is_not_finite(small):
    images = np.full((200, 784), np.nan, np.float32)
    with pytest.raises(FloatingPointError, match="learning rate"):
        small(images)


def test_rows_of_images_are_drawn_as_given(functions):
    """Every panel shows its own image on the fixed scale."""
    rows = {"original": np.random.default_rng(6).random((3, 784)),
            "error": np.random.default_rng(7).uniform(-1, 1, (3, 784))}
    figure = functions["plot_images"](rows, "abc", {"error": "xyz"})
    drawn = [ax.images[0] for ax in figure.axes]
    assert np.array_equal([d.get_array().ravel() for d in drawn],
                          np.concatenate(list(rows.values())))
    assert [d.get_clim() for d in drawn] == [(0, 1)] * 3 + [(-0.5, 0.5)] * 3
    assert [ax.get_title() for ax in figure.axes] == list("abcxyz")
    functions["plt"].close(figure)


def test_a_figure_that_cannot_be_saved_is_still_shown(functions, tmp_path, capsys,
                                                      monkeypatch):
    (tmp_path / "file").write_text("kept")
    shown = []
    monkeypatch.setitem(functions, "FIGURES", tmp_path / "file")
    monkeypatch.setitem(functions, "display", shown.append)
    functions["show_figure"](functions["plt"].figure(), "name")
    assert "name.png is shown but not saved" in capsys.readouterr().out
    assert len(shown) == 1 and (tmp_path / "file").read_text() == "kept"
