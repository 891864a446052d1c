"""Checks of what a figure draws; each fails with the values that differ."""

import numpy as np
from numpy.testing import assert_allclose

import reference


def check_image(ax, image):
    """Check that `ax` draws one image, (784,), in grey from 0 to 1 and whole."""
    (picture,) = ax.images
    assert picture.get_cmap().name == "gray"
    assert picture.get_clim() == (0, 1)
    assert_allclose(picture.get_array(), np.reshape(image, (28, 28)), atol=2e-3)
    assert ax.get_xlim() == (-0.5, 27.5)
    assert ax.get_ylim() == (27.5, -0.5)


def check_image_rows(fig, titles, rows):
    """Check a figure of rows of images, `rows` being name: images (n, 784).

    The titles stand above the first row; below each image of the others
    stands its MSE to the first row, in thousandths.
    """
    originals = next(iter(rows.values()))
    assert [ax.get_ylabel() for ax in fig.axes] == list(rows)
    for ax, (name, images) in zip(fig.axes, rows.items()):
        (picture,) = ax.images
        assert picture.get_cmap().name == "gray", name
        assert picture.get_clim() == (0, 1), name
        assert ax.get_xlim() == (-0.5, 30 * len(titles) - 0.5)
        assert ax.get_ylim() == (29.5, -0.5)
        framed = np.array(np.split(picture.get_array(), len(titles), axis=1))
        drawn = framed[:, 1:-1, 1:-1].reshape(len(titles), 784)
        assert_allclose(drawn, images, atol=2e-3, err_msg=name)

        middles = [30 * i + 14.5 for i in range(len(titles))]
        assert list(ax.get_xticks()) == middles
        texts = [text.get_text() for text in ax.get_xticklabels()]
        if ax is fig.axes[0]:
            assert texts == list(titles)
            assert ax.xaxis.get_ticks_position() == "top"
        else:
            errors = [float(text) for text in texts]
            expected = reference.mse(originals, images)
            assert_allclose(errors, expected, atol=0.06, err_msg=name)
            assert ax.xaxis.get_ticks_position() == "bottom"


def check_curves(ax, curves, levels, xlabel, ylabel):
    """Check a line chart over epochs with a legend, and that nothing is cut off.

    `curves` and `levels` are label: values after each epoch, or one value.
    """
    assert (ax.get_xlabel(), ax.get_ylabel()) == (xlabel, ylabel)
    lines = {line.get_label(): line for line in ax.lines}
    assert list(lines) == [*curves, *levels]
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == list(lines)
    handles = ax.get_legend().legend_handles
    for line, handle in zip(ax.lines, handles):
        assert handle.get_color() == line.get_color()
        assert handle.get_linestyle() == line.get_linestyle()
    for label, values in curves.items():
        assert_allclose(lines[label].get_ydata(), values, rtol=1e-3, err_msg=label)
        assert_allclose(lines[label].get_xdata(), range(1, len(values) + 1))
    for label, value in levels.items():
        assert_allclose(lines[label].get_ydata(), value, rtol=1e-3, err_msg=label)
    low, high = ax.get_ylim()
    for line in ax.lines:
        assert low <= min(line.get_ydata())
        assert max(line.get_ydata()) <= high
