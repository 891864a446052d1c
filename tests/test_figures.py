"""The figures drawn by this session's run of the notebook are the stored ones."""
import os
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from conftest import ROOT

STORED = sorted((ROOT / "figures").glob("*.png"))
# Share of pixels that may differ strongly. Another CPU trains slightly other
# networks, which moves the dots of the map and changes the extreme examples.
MAY_DIFFER = {"broken": 0.01, "errors": 0.05, "two_numbers": 0.15}


def differs(path, other):
    """Return whether two PNG files show different figures."""
    a, b = imread(path), imread(other)
    return a.shape != b.shape or (np.abs(a - b).max(axis=-1) > 0.5).mean() > (
        MAY_DIFFER.get(path.stem, 0.001))


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_figure_is_drawn_again(path):
    fresh = Path(os.environ["FIGURES"])
    if not list(fresh.iterdir()):
        pytest.skip("the notebook did not run in this session")
    assert not differs(path, fresh / path.name)
