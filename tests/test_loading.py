"""The data: whatever is wrong with them, the page stops before it trains."""

import gzip
import shutil
import socket

import numpy as np
import pytest

import reference
from page import Page

IMAGES = "t10k-images-idx3-ubyte.gz"
LABELS = "t10k-labels-idx1-ubyte.gz"


@pytest.fixture
def loader(tmp_path):
    """Return a page that has run up to its loading cell."""
    page = Page(tmp_path)
    page.run_all(["imports", "settings"])
    return page


@pytest.fixture
def offline(monkeypatch):
    """Take the network away."""

    def no_network(*arguments, **options):
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)


@pytest.fixture
def damaged(home):
    """Return a function that replaces one of Keras' files; undo it afterwards."""
    names = []

    def damage(name, content):
        names.append(name)
        (home / name).unlink()
        if content is not None:
            (home / name).write_bytes(content)

    yield damage
    for name in names:
        shutil.copy(reference.DATA / name, home / name)


def archive(values, header):
    """Return an archive of bytes behind an empty header of so many bytes."""
    return gzip.compress(bytes(header) + np.asarray(values, np.uint8).tobytes(), 1)


def black():
    """Return an archive of 10,000 black images, as many as there are."""
    return archive(np.zeros((10_000, 784)), 16)


def other_images():
    """Return an archive of 10,000 other images: training instead of test ones."""
    return archive(reference.read("train-images-idx3", 16)[: 10_000 * 784], 16)


def label_of_ten():
    """Return an archive of the labels with one that no class has."""
    return archive(np.append(reference.labels("test")[:-1], 10), 8)


def truncated():
    """Return the first half of the images' archive."""
    return (reference.DATA / IMAGES).read_bytes()[:2_000_000]


def web_page():
    """Return what a captive network sends instead of a file."""
    return b"<!DOCTYPE html><title>Please sign in</title>"


DAMAGE = {
    "truncated": (IMAGES, truncated, EOFError),
    "empty": (IMAGES, bytes, ValueError),
    "a web page": (IMAGES, web_page, gzip.BadGzipFile),
    "black images": (IMAGES, black, AssertionError),
    "other images": (IMAGES, other_images, AssertionError),
    "a label of ten": (LABELS, label_of_ten, AssertionError),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_file_is_noticed_and_can_be_replaced(loader, damaged, home, damage):
    name, make, error = DAMAGE[damage]
    content = make()
    damaged(name, content)
    with pytest.raises(error):
        loader.run("load")
    assert (home / name).read_bytes() == content

    shutil.copy(reference.DATA / name, home / name)
    loader.run("load")


def test_missing_file_is_noticed_off_line(loader, damaged, offline):
    damaged(LABELS, None)
    with pytest.raises(Exception, match="URL fetch failure"):
        loader.run("load")


def test_unknown_data_get_a_message(loader, damaged):
    damaged(IMAGES, black())
    with pytest.raises(AssertionError, match="see the text above this cell"):
        loader.run("load")


def test_loaded_data(loader):
    loader.run("load")
    assert loader.names["train_images"].shape == (60_000, 28, 28)
    assert loader.names["test_labels"].tolist() == reference.labels("test").tolist()
