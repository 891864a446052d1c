"""What each figure draws, compared with values computed anew."""

import numpy as np
import pytest
from matplotlib.lines import Line2D
from numpy.testing import assert_allclose

import reference
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


def check_curves(ax, curves, levels, ylabel):
    """Check a line chart over epochs with a legend, and that nothing is cut off.

    `curves` and `levels` are label: values after each epoch, or one value.
    """
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", ylabel)
    assert [line.get_label() for line in ax.lines] == [*curves, *levels]
    low, high = ax.get_ylim()
    assert ax.get_xscale() == ax.get_yscale() == "linear"
    assert ax.get_xlim()[0] < 1 < len(ax.get_xticks()) < ax.get_xlim()[1]
    looks = {(line.get_linestyle(), line.get_marker()) for line in ax.lines}
    assert len(looks) == len(ax.lines), "lines that look the same in grey print"
    for line, values in zip(ax.lines, [*curves.values(), *levels.values()]):
        drawn = line.get_ydata()
        assert_allclose(drawn, values, rtol=2e-3, err_msg=line.get_label())
        assert low <= min(drawn) <= max(drawn) <= high, line.get_label()
    for label, line in zip(curves, ax.lines):
        assert_allclose(line.get_xdata(), ax.get_xticks(), err_msg=label)
        assert_allclose(line.get_xdata(), range(1, len(curves[label]) + 1))
    legend = ax.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == [*curves, *levels]
    for line, handle in zip(ax.lines, legend.legend_handles):
        for look in [Line2D.get_color, Line2D.get_linestyle, Line2D.get_marker]:
            assert look(line) == look(handle), line.get_label()


def picked(results):
    """Return the test images that the figures show, figure: numbers of the images."""
    rank = np.argsort(results.errors["better"])
    first = reference.first()
    rows = dict.fromkeys(["plain", "compare", "sizes"], first)
    rows |= dict.fromkeys(["strange", "shift"], first[::2])
    return {**rows, "worst": [*rank[:3], *rank[4999:5002], *rank[-3:]]}


TITLES = dict.fromkeys(["plain", "compare", "sizes"], CLASSES)
TITLES |= dict.fromkeys(["strange", "shift"], CLASSES[::2])
TITLES["worst"] = ["", "best", "", "", "median", "", "", "worst", ""]
ROWS = {  # name of the row: what it shows, in the words of reference.Results
    "plain": {"reconstruction": "plain"},
    "compare": {"PCA": "PCA", "plain": "plain", "better": "better"},
    "worst": {"PCA": "PCA", "better": "better"},
    "sizes": {"64 numbers": "better", "16 numbers": "16", "4 numbers": "4"},
    "strange": {
        "with noise": "with noise",
        "PCA": "PCA, noise",
        "better": "better, noise",
    },
    "shift": {"shifted": "shifted", "better": "better"},
}


@pytest.mark.parametrize("cell_id", ROWS)
def test_rows_of_images(page, results, cell_id):
    """Titles stand above, names at the left, errors to the first row below."""
    images = picked(results)[cell_id]
    rows = {"original": "original", **ROWS[cell_id]}
    shape = len(rows), len(images)
    axes = np.reshape(page.figures[cell_id].axes, shape)
    for row, (name, shown) in zip(axes, rows.items()):
        top = name == "original"
        assert [ax.get_ylabel() for ax in row] == [name, *[""] * (len(row) - 1)]
        titles = [ax.get_title() for ax in row]
        assert titles == (TITLES[cell_id] if top else [""] * len(row)), name
        below = [ax.get_xlabel() for ax in row]
        if top:
            assert below == [""] * len(row)
        else:
            errors = results.errors[shown][images]
            assert_allclose(np.array(below, float), errors, atol=0.06, err_msg=name)
        for ax, title, image in zip(row, titles, results.outputs[shown][images]):
            check_image(ax, image, name=f"{name} {title}")


# The others


def test_classes(page):
    squares = 255 * np.vstack([reference.images("train"), reference.images("valid")])
    axes = page.figures["classes"].axes
    assert [ax.get_title() for ax in axes] == CLASSES
    for label, ax in enumerate(axes):
        three = squares[reference.labels("train") == label][:3]
        check_image(ax, three, (0, 255), CLASSES[label])


def test_loss(page, results):
    floor = reference.cross_entropy(*2 * [reference.images("valid")])
    training = results.history("plain", "loss")
    validation = results.history("plain", "val_loss")
    (ax,) = page.figures["loss"].axes
    curves = {"training": training, "validation": validation}
    levels = {f"perfect copy, {floor:.2f}": floor}
    check_curves(ax, curves, levels, "binary cross-entropy")
    outputs = results.predict("plain", reference.images("valid"))
    loss = reference.cross_entropy(reference.images("valid"), outputs)
    assert_allclose(validation[-1], loss, rtol=1e-3)


def test_one_image(page, results):
    left, middle, right = page.figures["one-image"].axes
    check_image(left, reference.images("test")[0])
    check_image(right, results.outputs["plain"][0])
    code = [bar.get_height() for bar in middle.patches]
    assert_allclose(code, results.codes("plain")[0], atol=1e-3)
    assert [round(bar.get_center()[0]) for bar in middle.patches] == [*range(64)]
    assert middle.get_ylim()[0] == 0 < max(code) <= middle.get_ylim()[1]
    assert middle.get_xlim()[0] < -0.3 < 63.3 < middle.get_xlim()[1]
    assert (middle.get_xlabel(), middle.get_ylabel()) == ("unit of the code", "value")


def test_latent_space(page, results):
    points = results.codes("2d")
    low, high = points.min(axis=0), points.max(axis=0)
    plane, *maps = sorted(
        page.figures["latent-space"].axes, key=lambda ax: not ax.images
    )

    half = (high - low) / 20  # of a tile
    across = np.linspace(low[0] + half[0], high[0] - half[0], 10)
    up = np.linspace(high[1] - half[1], low[1] + half[1], 10)
    grid = np.array([(x, y) for y in up for x in across])
    decoded = results.models["2d"].layers[1].predict(grid, verbose=0)
    tiles = decoded.reshape(10, 10, 28, 28)
    check_image(plane, np.concatenate(np.concatenate(tiles, axis=1), axis=1))
    assert plane.get_title() == "decoded plane"

    assert [ax.get_title() for ax in maps] == CLASSES
    for label, ax in enumerate(maps):
        for line, rows in zip(
            ax.lines, [slice(None), reference.labels("test") == label]
        ):
            assert_allclose(line.get_xydata(), points[rows], atol=0.02, err_msg=label)
            assert (line.get_marker(), line.get_linestyle()) == (".", "None")
        assert [line.get_color() for line in ax.lines] == ["silver", "black"]
        assert ax.lines[0].get_zorder() <= ax.lines[1].get_zorder()
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
    valid, curves = reference.images("valid"), {}
    for name, label in {
        "plain": "plain",
        "tuned": "tuned Adam",
        "better": "better",
    }.items():
        curve = 1000 * results.history(name, "val_mse")
        error = reference.mse(valid, results.predict(name, valid)).mean()
        assert_allclose(curve[-1], error, rtol=1e-3)
        curves[f"{label}, {error:.1f} at the end"] = curve
    level = reference.mse(valid, reference.pca(valid)).mean()
    (ax,) = page.figures["curves"].axes
    check_curves(ax, curves, {f"PCA, {level:.1f}": level}, "MSE in thousandths")
    assert ax.get_ylim()[0] == 0


def test_every_figure_has_a_test(page):
    tests = {name.removeprefix("test_").replace("_", "-") for name in globals()}
    assert set(page.figures) <= tests | set(ROWS)
