"""Whether a figure draws what caption and labels promise: True, or an AssertionError."""
import numpy as np
from matplotlib.colors import to_hex

from truth import TEST, V, by_class, entropy_loss, excess, outputs


def draws_image(ax, image, colors=("gray", 0, 1)):
    drawn, = ax.images
    assert (drawn.get_cmap().name, *drawn.get_clim()) == colors
    assert (drawn.origin, ax.get_aspect()) == ("upper", 1)
    assert np.allclose(drawn.get_array(), np.reshape(image, (-1, 28)), atol=2e-3)
    return True


def draws_rows(figure, titles, **rows):
    """Rows of images, each with its label; titles above the first, scores above the others."""
    axes, (originals, *_) = np.reshape(figure.axes, (len(rows), -1)), rows.values()
    assert [ax.get_title() for ax in axes[0]] == list(titles)
    for line, (label, images) in zip(axes, rows.items()):
        assert line[0].get_ylabel() == label.replace("_", " ") and len(line) == len(images)
        for ax, image, original in zip(line, images, originals):
            if label == "error":
                assert draws_image(ax, image, ("RdBu_r", -0.5, 0.5)) and not ax.get_title()
            elif draws_image(ax, image) and images is not originals:
                assert abs(float(ax.get_title()) - 1000 * np.square(image - original).mean()) < 0.06
    return True


def draws_code(figure, image, code, output):
    assert [ax.get_title() for ax in figure.axes] == ["original", "encoder → code → decoder", "reconstruction"]
    assert np.allclose([bar.get_height() for bar in figure.axes[1].patches], code, atol=1e-3)
    return draws_image(figure.axes[0], image) and draws_image(figure.axes[2], output)


def by_color(ax):
    """Return each line by the text that has its color."""
    names = {to_hex(text.get_color()): text.get_text() for text in ax.texts}
    return {names[to_hex(line.get_color())]: line for line in ax.lines}


def draws_curves(figure, linear, **histories):
    ax, floor = figure.axes[0], entropy_loss(V, V)
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_ylim()[0]) == ("epoch", "excess", 0)
    assert np.allclose(by_color(ax)["PCA"].get_ydata(), excess("valid", linear), atol=1e-4)
    for name, (history, output) in histories.items():
        line = by_color(ax)[f"{name} recipe"]
        assert np.allclose(line.get_ydata(), np.array(history.history["val_loss"]) - floor, atol=1e-4)
        assert np.isclose(line.get_ydata()[-1], excess("valid", output), atol=1e-4)
        assert np.array_equal(line.get_xdata(), range(1, 11))
    return True


def draws_class_errors(figure, classes, novelty, **errors):
    ax, order = figure.axes[0], novelty.argsort()
    lines = by_color(ax)
    for name, values in errors.items():
        assert np.allclose(lines[name].get_xdata(), by_class(values)[order], rtol=1e-3)
        assert np.array_equal(lines[name].get_ydata(), range(10))
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [
        f"{classes[c]}, novelty {novelty[c]:.3f}" for c in order]
    assert {line.get_fillstyle() for line in ax.lines} == {"none", "full"}
    return (ax.get_xlabel(), ax.get_xlim()[0]) == ("MSE", 0)


def draws_sizes(figure, linear, small, ours):
    ax, (below, above) = figure.axes[0], (figure.axes[0].lines[1], figure.axes[0].lines[0])
    truth = [("PCA", 64, linear[0], "None", "C1"), ("TensorFlow tutorial", 64, 0.0088, "s", "black"),
             ("autoencoder, 1 epoch", 64, small[0], "o", "C0"), ("autoencoder, 10 epochs", 64, ours, "*", "C0"),
             ("convolutional", 64, 0.0054, "D", "black"), ("Géron", 30, 0.0132, "s", "black"),
             ("convolutional", 2, 0.0244, "D", "black")]
    for text, mark, (name, size, error, marker, color) in zip(ax.texts, ax.lines[2:], truth, strict=True):
        assert (text.get_text(), mark.get_marker()) == (name, marker)
        assert to_hex(mark.get_color()) == to_hex(text.get_color()) == to_hex(color)
        assert np.allclose([mark.get_xydata()[0], text.xy], (size, error), rtol=1e-3)
    for line, color, values in [(above, "C1", linear), (below, "C0", small)]:
        assert np.allclose(line.get_xydata(), np.transpose([(64, 30, 8, 2), values]), rtol=1e-3)
        assert line.get_color() == color
    for axis, label in [(ax.xaxis, "numbers in the code"), (ax.yaxis, "MSE")]:
        assert axis.get_label_text() == label
        assert [float(tick.get_text()) for tick in axis.get_ticklabels()] == list(axis.get_ticklocs())
    return ax.get_xscale() == ax.get_yscale() == "log"


def draws_map(figure, classes, points, decoder):
    (left, right), (low, high) = figure.axes, np.percentile(points, [1, 99], axis=0)
    (dots,), (plane,) = left.collections, right.images
    assert np.allclose(dots.get_offsets(), points, atol=1e-3) and len(left.texts) == 10
    for c, name in enumerate(left.texts):
        edge = to_hex(name.get_bbox_patch().get_edgecolor())
        assert {to_hex(face) for face in dots.get_facecolors()[TEST[1] == c]} == {edge}
        assert name.get_text() == classes[c]
        assert np.allclose(name.get_position(), np.median(points[TEST[1] == c], axis=0), atol=1e-3)
    assert np.allclose([*left.get_xlim(), *left.get_ylim()], [low[0], high[0], low[1], high[1]], atol=1e-3)
    assert np.allclose(plane.get_extent(), [low[0], high[0], low[1], high[1]], atol=1e-3)
    assert (plane.get_cmap().name, plane.get_clim(), plane.origin) == ("gray", (0, 1), "upper")
    tiles = plane.get_array().reshape(14, 28, 14, 28).swapaxes(1, 2)[::-1].reshape(14, 14, 784)
    for row, column in [(0, 0), (0, 13), (13, 0), (5, 9), (11, 4)]:  # from the lower left
        point = low + (high - low) * (np.array([column, row]) + 0.5) / 14
        assert np.allclose(tiles[row, column], outputs(decoder, point[None]), atol=2e-3)
    assert [ax.get_xlabel() for ax in (left, right)] == ["first number"] * 2
    return (left.get_ylabel(), left.get_title(), right.get_title()) == (
        "second number", "test images", "decoded plane")
