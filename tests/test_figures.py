"""What each figure draws, compared with values computed anew."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import reference
from page import ALTS
from reference import CLASSES


def check_image(ax, image, limits=(0, 1), name=""):
    """Check that `ax` draws one grey image, whole, and nothing else."""
    (picture,) = ax.images
    shown = np.asarray(picture.get_array(), float)
    assert picture.get_cmap().name == "gray", name
    assert picture.get_interpolation() == "nearest", name
    assert ax.get_aspect() == 1, name
    assert_allclose(picture.get_clim(), limits, rtol=1e-3, err_msg=name)
    assert_allclose(shown, image.reshape(shown.shape), atol=2e-3, err_msg=name)
    height, width = shown.shape
    assert (ax.get_xlim(), ax.get_ylim()) == ((-0.5, width - 0.5), (height - 0.5, -0.5))
    assert not [*ax.lines, *ax.patches, *ax.texts, *ax.collections], name


def check_curves(ax, lines, ylabel):
    """Check a chart of `lines`, {label: values after each epoch, or one level}.

    Nothing is cut off, and no two lines look the same in grey print.
    """
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("", "epoch", ylabel)
    assert [line.get_label() for line in ax.lines] == [*lines]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [*lines]
    looks = {(line.get_linestyle(), line.get_marker()) for line in ax.lines}
    assert len(looks) == len(lines)
    epochs = range(1, 11)
    assert ax.get_xticks().tolist() == [*epochs]
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    assert left < epochs[0] < epochs[-1] < right
    for line, (label, values) in zip(ax.lines, lines.items()):
        drawn = line.get_ydata()
        assert_allclose(drawn, values, rtol=2e-3, err_msg=label)
        assert low <= min(drawn) <= max(drawn) <= high, label
        if np.ndim(values):
            assert_array_equal(line.get_xdata(), epochs, label)


# Each figure's rows, and what they show in the words of reference.Results
ROWS = {
    "plain": {"reconstruction": "plain"},
    "compare": {"PCA": "PCA", "plain": "plain", "better": "better"},
    "worst": {"PCA": "PCA", "better": "better"},
    "sizes": {"64 numbers": "better", "16 numbers": "small_16", "4 numbers": "small_4"},
    "strange": {"with noise": "noisy", "PCA": "PCA_noisy", "better": "better_noisy"},
    "shift": {"shifted": "shifted", "better": "better"},
}


def columns(cell_id, results):
    """Return the numbers of the test images that a figure shows, and their titles."""
    if cell_id == "worst":
        rank = np.argsort(results.errors["better"])
        titles = ["", "best", "", "", "median", "", "", "worst", ""]
        return [*rank[:3], *rank[4999:5002], *rank[-3:]], titles
    step = 2 if cell_id in ["strange", "shift"] else 1
    return reference.first()[::step], CLASSES[::step]


@pytest.mark.parametrize("cell_id", ROWS)
def test_rows_of_images(page, results, cell_id):
    """Titles stand above, names at the left, errors below all but the originals."""
    rows = {"original": "original", **ROWS[cell_id]}
    picked, titles = columns(cell_id, results)
    axes = np.reshape(page.figures[cell_id].axes, (len(rows), len(picked)))
    assert [ax.get_title() for ax in axes[0]] == titles
    assert not any(ax.get_title() for ax in axes[1:].flat)
    for row, (name, shown) in zip(axes, rows.items()):
        assert [ax.get_ylabel() for ax in row] == [name, *[""] * (len(row) - 1)]
        below = [ax.get_xlabel() for ax in row]
        errors = results.errors[shown][picked]
        if name == "original":
            assert not any(below)
        else:
            assert_allclose(np.array(below, float), errors, atol=0.06, err_msg=name)
        for ax, title, image in zip(row, titles, results.outputs[shown][picked]):
            check_image(ax, image, name=f"{name} {title}")


def test_classes(page):
    squares = 255 * np.vstack([reference.images("train"), reference.images("valid")])
    axes = page.figures["classes"].axes
    assert [ax.get_title() for ax in axes] == CLASSES
    for label, ax in enumerate(axes):
        three = squares[reference.labels("train") == label][:3]
        check_image(ax, three, (0, 255), CLASSES[label])


def test_loss(page, results):
    (ax,) = page.figures["loss"].axes
    perfect = results.numbers["perfect"]
    lines = {
        "training": results.history("plain", "loss"),
        "validation": results.history("plain", "val_loss"),
        f"perfect copy, {perfect:.2f}": perfect,
    }
    check_curves(ax, lines, "binary cross-entropy")


def test_one_image(page, results):
    left, middle, right = page.figures["one-image"].axes
    check_image(left, results.outputs["original"][0])
    check_image(right, results.outputs["plain"][0])
    assert (left.get_title(), right.get_title()) == ("original", "reconstruction")
    code = [bar.get_height() for bar in middle.patches]
    assert_allclose(code, results.codes("plain")[0], atol=1e-3)
    assert [round(bar.get_center()[0]) for bar in middle.patches] == [*range(64)]
    assert middle.get_ylim()[0] == 0 < max(code) <= middle.get_ylim()[1]
    assert middle.get_xlim()[0] < -0.3 < 63.3 < middle.get_xlim()[1]
    assert (middle.get_xlabel(), middle.get_ylabel()) == ("unit of the code", "value")


def test_latent_space(page, results):
    points = results.codes("plane")
    low, high = points.min(axis=0), points.max(axis=0)
    axes = page.figures["latent-space"].axes
    plane, *maps = sorted(axes, key=lambda ax: ax.get_title() in CLASSES)

    half = (high - low) / 20  # of a tile
    across, up = np.linspace(low + half, high - half, 10).T
    grid = np.array([(x, y) for y in up[::-1] for x in across])
    decoded = results.models["plane"].layers[1].predict(grid, verbose=0)
    tiles = decoded.reshape(10, 10, 28, 28)
    check_image(plane, np.concatenate(np.concatenate(tiles, axis=1), axis=1))
    assert plane.get_title() == "decoded plane"

    assert [ax.get_title() for ax in maps] == CLASSES
    for label, ax in enumerate(maps):
        own = points[reference.labels("test") == label]
        grey, black = ax.lines
        for line, drawn, color in [(grey, points, "silver"), (black, own, "black")]:
            assert_allclose(line.get_xydata(), drawn, atol=0.02, err_msg=label)
            look = line.get_marker(), line.get_linestyle(), line.get_color()
            assert look == (".", "None", color), CLASSES[label]
            assert line.get_markersize() == 1, CLASSES[label]
        limits = np.transpose([ax.get_xlim(), ax.get_ylim()])
        assert_allclose(limits, [low, high], rtol=1e-3)


def test_patterns(page):
    axes = page.figures["patterns"].axes
    titles = ["mean", *[f"pattern {number}" for number in range(1, 10)]]
    assert [ax.get_title() for ax in axes] == titles
    images = [reference.mean_image(), *reference.patterns()]
    for title, ax, image in zip(titles, axes, images):
        sign = np.sign(ax.images[0].get_array().ravel() @ image)  # of a pattern: free
        limit = np.abs(image).max()
        check_image(ax, sign * image, (-limit, limit), title)
        assert title != "mean" or sign == 1


def test_curves(page, results):
    lines, valid = {}, reference.images("valid")
    for label, (name, curve) in zip(
        ["plain", "tuned Adam", "better"], results.curves.items()
    ):
        error = reference.mse(valid, results.predict(name, valid)).mean()
        assert_allclose(curve[-1], error, rtol=1e-3, err_msg=name)
        lines[f"{label}, {curve[-1]:.1f} at the end"] = curve
    level = results.numbers["PCA_valid"]
    lines[f"PCA, {level:.1f}"] = level
    (ax,) = page.figures["curves"].axes
    check_curves(ax, lines, "MSE in thousandths")
    assert ax.get_ylim()[0] == 0


def test_every_figure_has_a_test(page):
    tests = {name.removeprefix("test_").replace("_", "-") for name in globals()}
    assert set(page.figures) == set(ALTS) <= tests | set(ROWS)
    assert not any(figure.get_suptitle() for figure in page.figures.values())
