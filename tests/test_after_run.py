"""What this session's run of the notebook drew, and the memory it took."""
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from conftest import ROOT

STORED = sorted((ROOT / "figures").glob("*.png"))
# Share of the picture that may differ. Another CPU trains slightly other
# networks, which moves the dots of the map and changes the extreme examples.
MAY_DIFFER = {"broken": 0.05, "errors": 0.06, "two_numbers": 0.15}


def coarse(image):
    """Return the mean colour of each 8 x 8 pixels: a line may move a little."""
    height, width = (n // 8 for n in image.shape[:2])
    blocks = image[:8 * height, :8 * width, :3].reshape(height, 8, width, 8, 3)
    return blocks.mean(axis=(1, 3))


def differs(path, other):
    """Return whether two PNG files show different figures."""
    a, b = imread(path), imread(other)
    return a.shape != b.shape or (
        np.abs(coarse(a) - coarse(b)).max(axis=-1) > 0.15
        ).mean() > MAY_DIFFER.get(path.stem, 0.0003)


@pytest.fixture
def fresh():
    """Return the folder of the figures that nbval's run has drawn."""
    folder = Path(os.environ["FIGURES"])
    if not list(folder.iterdir()):
        pytest.skip("the notebook did not run in this session")
    return folder


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_figure_is_drawn_again(path, fresh):
    assert not differs(path, fresh / path.name)


@pytest.mark.skipif(sys.platform != "linux", reason="counts as Linux does")
def test_stated_memory_suffices(fresh):
    """The kernel is the largest process that this one has waited for."""
    import resource
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    stated = int(re.search(r"needs (\d+) GB of memory", readme)[1])
    assert stated / 2 < peak < stated
