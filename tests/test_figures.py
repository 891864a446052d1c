"""What each figure draws is what tests/measure.py works out anew (link three)."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.page import ALTS

DECIMAL = r"-?\d+\.\d+"


@pytest.mark.parametrize("cell_id", ALTS)
def test_figure_shows_what_is_true(fresh, cell_id):
    figures = fresh.drawn[cell_id], fresh.expected[cell_id]
    for drawn, true in zip(*figures, strict=True):  # its axes
        texts = drawn["texts"], true["texts"]
        words = [re.sub(DECIMAL, "#", text) for text in texts]
        assert words[0] == words[1]
        for number, exact in zip(*[re.findall(DECIMAL, text) for text in texts]):
            room = 0.52 * 10 ** -len(number.partition(".")[2])
            assert float(number) == pytest.approx(float(exact), abs=room), texts

        for line, points in zip(drawn["lines"], true["lines"], strict=True):
            assert_allclose(line, points, rtol=2e-3, atol=2e-3)
        assert (drawn["image"] is None) == (true["image"] is None)
        if drawn["image"] is not None:
            image = np.reshape(true["image"], drawn["image"].shape)
            assert_allclose(drawn["image"], image, atol=2e-3 * np.max(true["clim"]))
            assert_allclose(drawn["clim"], true["clim"], rtol=1e-3)
            assert drawn["frame"] == drawn["extent"] and not drawn["others"]


@pytest.mark.parametrize("cell_id", ["loss", "changes", "curves"])
def test_lines_are_whole_and_differ_in_grey_print(fresh, cell_id):
    for drawn in fresh.drawn[cell_id]:
        assert len(set(drawn["looks"])) == len(drawn["looks"])
        left, right, low, high = drawn["frame"]
        assert cell_id != "curves" or low == 0, "a cut-off axis exaggerates"
        for x, y in map(np.transpose, drawn["lines"]):
            assert low <= min(y) <= max(y) <= high
            assert left <= min(x) <= max(x) <= right or (min(x), max(x)) == (0, 1)


def test_maps_show_the_plane_and_one_class_in_black(fresh):
    plane, *maps = fresh.drawn["latent-space"]
    low_high = fresh.expected["latent-space"][1]["lines"][0]
    low, high = np.quantile(low_high, [0.01, 0.99], axis=0)
    assert_allclose(plane["extent"], np.transpose([low, high]).ravel(), rtol=1e-3)
    for drawn in maps:
        assert drawn["frame"] == plane["frame"]
        assert drawn["colors"] == ["lightgrey", "black"]
