"""The title and sections 1 to 5: each docstring is what the page says."""

import inspect

import numpy as np
import pytest
from numpy.testing import assert_allclose

import reference
from drawn import check_curves, check_image, check_image_rows
from page import CELLS, CODE
from reference import CLASSES

# The title


def test_plain_result(networks):
    """
    Result. After ten epochs, the assignment's network (plain) redraws images it has
    never seen: outline and shade return, fine detail does not.
    """
    originals, outputs = reference.images("test"), networks.outputs("plain")
    detail = reference.sharpness(outputs).mean() / reference.sharpness(originals).mean()
    assert len(networks.history("plain", "loss")) == 10
    assert reference.same_outline(originals, outputs) > 0.9
    assert reference.same_shade(originals, outputs) > 0.97
    assert detail < 0.8


def test_better_result(networks):
    """
    With layers of the same size, a better recipe cuts the squared error by 45 % in
    about the same time, to a third below that of principal component analysis (PCA),
    the classic linear method.
    """
    better = reference.mean_mse(networks.outputs("better"))
    plain = reference.mean_mse(networks.outputs("plain"))
    pca = reference.mean_mse(reference.pca("test", 64))
    assert better / plain == pytest.approx(1 - 0.45, abs=0.03)
    assert better / pca == pytest.approx(2 / 3, abs=0.04)
    assert len(networks.history("better", "loss")) == 10
    sizes = [networks.models[n].count_params() for n in ["plain", "better"]]
    assert sizes[0] == sizes[1]


def test_title_picture():
    """
    Ten test images, and what comes back from 64 numbers each. Under each copy: its mean
    squared error (MSE), in thousandths.
    """
    assert "(figures/reconstructions.png)" in CELLS[0].source
    assert 'savefig("figures/reconstructions.png")' in CODE["test"].source


def test_title_table():
    """
    | asked for | section | figure |
    |:--|:--|:--|
    | load the images, scale them to [0, 1], split them | 2 | 1 |
    | build encoder, decoder and autoencoder | 3 | – |
    | train on binary cross-entropy for 10 to 50 epochs | 4 | 2 |
    | show originals beside reconstructions of the test set | 5 | 3 and 4 |
    | optionally, look at a two-dimensional latent space | 10 | 9 |
    | discuss what is kept, what is lost and what was hard | 12 | – |
    """
    text = "\n".join(cell.source for cell in CELLS)
    sections = {part.split(".")[0]: part for part in text.split("\n## ")}
    promised = {
        "2": ["load_data()", "*Figure 1. ", "/ 255"],
        "3": ["encoder = keras.Model", "decoder = keras.Model"],
        "4": ['loss="binary_crossentropy"', "*Figure 2. "],
        "5": ["*Figure 3. ", "*Figure 4. "],
        "10": ["latent space", "*Figure 9. "],
        "12": ["**Quality.**", "**What was hard.**"],
    }
    for section, parts in promised.items():
        missing = [part for part in parts if part not in sections[section]]
        assert not missing, f"section {section}"


# 2. Load the images and look at them


def test_data():
    """
    Fashion-MNIST [1] holds 60,000 training and 10,000 test images of clothes in
    ten classes, each of 28 × 28 grey pixels.
    """
    train = len(reference.images("train")) + len(reference.images("valid"))
    assert train == len(reference.labels("training")) == 60_000
    assert reference.images("test").shape == (10_000, 28 * 28)
    assert set(reference.labels("test")) == set(range(10))


def test_figure_1(page):
    """
    Figure 1. The first three training images of each class: single items, upright
    and nearly centred on black.
    """
    squares = 255 * np.vstack([reference.images("train"), reference.images("valid")])
    squares = squares.reshape(-1, 28, 28)
    axes = page.figures["classes"].axes
    assert [ax.get_title() for ax in axes] == CLASSES
    for label, ax in enumerate(axes):
        (picture,) = ax.images
        three = squares[reference.labels("training") == label][:3]
        assert picture.get_clim() == (0, 255)
        assert_allclose(picture.get_array(), three.reshape(84, 28), atol=0.01)
    across, down = squares.mean(axis=(0, 1)), squares.mean(axis=(0, 2))
    assert np.average(np.arange(28), weights=across) == pytest.approx(13.5, abs=1)
    assert np.average(np.arange(28), weights=down) == pytest.approx(13.5, abs=1)
    assert squares[:, 0, 0].mean() < 1


def test_scale_and_split(page):
    """
    For the network, each image becomes a row of 784 numbers between 0 and 1. The last
    5,000 training images are set aside as the validation set. No test image is used in
    training.
    """
    for part in ["train", "valid", "test"]:
        rows = page.names[f"x_{part}"]
        assert rows.dtype == np.float32
        assert_allclose(rows, reference.images(part), atol=1e-6)
    assert len(page.names["x_valid"]) == 5000


# 3. Build the network


def test_network(page):
    """
    Its encoder turns an image of 784 pixels into a code of 64 numbers, and its decoder
    draws the image again from the code alone. This is the assignment's network, 784 →
    128 → 64 → 128 → 784. Encoder and decoder are separate models, so each can be used
    alone; the autoencoder joins them.
    """
    encoder, decoder, autoencoder = (
        page.names[name] for name in ["encoder", "decoder", "autoencoder"]
    )
    first, code = encoder.layers[1:]
    hidden, last = decoder.layers[1:]
    sizes = [layer.units for layer in [first, code, hidden, last]]
    assert sizes == [128, 64, 128, 784]
    assert (encoder.input_shape, decoder.input_shape) == ((None, 784), (None, 64))
    assert autoencoder.layers[1:] == [encoder, decoder]


def test_activations(page):
    """
    Every layer but the last uses ReLU, which replaces negative numbers with zero; the
    sigmoid at the end keeps every pixel between 0 and 1.
    """
    layers = page.names["encoder"].layers[1:] + page.names["decoder"].layers[1:]
    names = [layer.activation.__name__ for layer in layers]
    assert names == ["relu", "relu", "relu", "sigmoid"]


def test_arguments_of_the_network(page):
    build = page.names["build_autoencoder"]
    assert list(inspect.signature(build).parameters) == ["code_size", "code_activation"]
    encoder, decoder, _ = build(5, "linear")
    assert encoder.output_shape == decoder.input_shape == (None, 5)
    assert encoder.layers[-1].activation.__name__ == "linear"


# 4. Train it


def test_training(page, networks):
    """
    No labels are needed: the images are both input and target. Input and target
    are the same: fit(x_train, x_train). The loss is binary cross-entropy and the
    optimiser Adam with its default settings, for ten epochs in batches of 250.
    """
    autoencoder = page.names["autoencoder"]
    assert autoencoder.loss == "binary_crossentropy"
    default = type(autoencoder.optimizer)()
    assert type(default).__name__ == "Adam"
    settings = ["beta_1", "beta_2", "epsilon", "weight_decay", "learning_rate"]
    for setting in settings:
        ours = autoencoder.optimizer.get_config()[setting]
        assert ours == default.get_config()[setting]
    assert autoencoder.history.params["steps"] == 55_000 / 250
    assert "fit(\n    x_train, x_train, epochs=EPOCHS" in CODE["train"].source
    last = networks.history("plain", "val_loss")[-1]
    outputs = networks.outputs("plain", "valid")
    loss = reference.binary_cross_entropy(reference.images("valid"), outputs)
    assert last == pytest.approx(loss, rel=1e-3)


def test_figure_2(page, networks):
    """
    Figure 2. Training and validation loss fall steeply, then slowly, and end close
    together. The validation loss cannot fall below the dotted line.
    """
    training = networks.history("plain", "loss")
    validation = networks.history("plain", "val_loss")
    images = reference.images("valid")
    floor = reference.binary_cross_entropy(images, images)
    (ax,) = page.figures["loss"].axes
    curves = {"training": training, "validation": validation}
    levels = {"perfect copy": floor}
    check_curves(ax, curves, levels, "epoch", "binary cross-entropy")
    assert ax.lines[2].get_linestyle() == ":"
    assert validation[0] - validation[1] > 5 * (validation[-2] - validation[-1])
    assert abs(training[-1] - validation[-1]) < 0.1 * (validation[-1] - floor)
    assert floor < validation.min()


def test_loss(page):
    """
    Binary cross-entropy is made for yes or no, yet it suits grey pixels: for a pixel x
    and an output y it is −x log y − (1 − x) log(1 − y), which is smallest where y
    equals x. Even there it is zero only for black and white; a pixel of one half still
    costs log 2. Hence the dotted line.
    """
    keras_loss = page.names["keras"].losses.binary_crossentropy
    x = reference.images("test")[:50]
    y = np.random.default_rng(0).uniform(0.01, 0.99, x.shape)
    ours = reference.binary_cross_entropy(x, y)
    assert np.mean(keras_loss(x, y)) == pytest.approx(ours, rel=1e-4)
    greys = np.linspace(0.01, 0.99, 99)
    for grey in [0.2, 0.5, 0.9]:
        losses = [reference.binary_cross_entropy(grey, guess) for guess in greys]
        assert greys[np.argmin(losses)] == pytest.approx(grey)
    for black_or_white in [0, 1]:
        assert reference.binary_cross_entropy(black_or_white, black_or_white) < 1e-6
    assert reference.binary_cross_entropy(0.5, 0.5) == pytest.approx(np.log(2))


# 5. Reconstruct the test images


def test_figure_3(page, networks):
    """
    For the first test image, a boot:

    Figure 3. A test image, the 64 numbers of its code, and the image drawn again from
    them.
    """
    image, output = reference.images("test")[0], networks.outputs("plain")[0]
    left, middle, right = page.figures["code"].axes
    check_image(left, image)
    check_image(right, output)
    code = [bar.get_height() for bar in middle.patches]
    assert_allclose(code, networks.codes("plain")[0], atol=1e-3)
    assert len(code) == 64
    assert_allclose(networks.decode("plain", np.array([code]))[0], output, atol=1e-3)
    titles = [ax.get_title() for ax in (left, middle, right)]
    assert titles == ["original", "encoder → code → decoder", "reconstruction"]
    assert CLASSES[reference.labels("test")[0]] == "Ankle boot"


def test_idle_units(page, networks):
    """
    The gaps are zeros from the ReLU. Some of the code's units are idle (zero for most
    images), so the code is smaller than it looks.
    """
    idle = {}
    for part in ["train", "valid", "test"]:
        codes = networks.codes("plain", part)
        assert codes.min() == 0
        assert codes[0].min() == 0
        idle[part] = reference.idle_units(codes)
        assert 5 <= idle[part] <= 32
    assert page.printed["code"].startswith(f"{idle['valid']} of 64 units are 0 ")


def test_score(page):
    """
    A score that is zero for a perfect copy is the mean squared error (MSE), from here
    on always in thousandths:
    """
    rows = np.random.default_rng(0).random((2, 3, 784))
    assert_allclose(page.names["mse"](*rows), reference.mse(*rows))


def test_figure_4(page, networks):
    """
    Figure 4. The first test image of each class, and what the assignment's network
    makes of it. Numbers: MSE in thousandths. Outline and shade return; the lettering
    does not.
    """
    first = reference.first_of_each_class()
    originals = reference.images("test")[first]
    outputs = networks.outputs("plain")[first]
    rows = {"original": originals, "reconstruction": outputs}
    check_image_rows(page.figures["plain"], CLASSES, rows)

    assert reference.same_outline(originals, outputs) > 0.92
    assert reference.same_shade(originals, outputs) > 0.98
    kept = reference.sharpness(outputs) / reference.sharpness(originals)
    assert kept[CLASSES.index("Pullover")] < 0.8


def test_the_assignment_is_complete():
    """
    This completes the assignment, apart from the optional latent space (section 10) and
    the discussion (section 12).
    """
    headings = [line for cell in CELLS for line in cell.source.splitlines()]
    assert "## 10. A two-dimensional latent space" in headings
    assert "## 12. Discussion" in headings
