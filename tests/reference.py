"""What the page should find, computed anew from the data, without the page's names.

Images are rows of 784 greys in [0, 1]; an MSE is in thousandths, as on the page.
"""

import gzip
import os
from functools import cache
from pathlib import Path

import numpy as np

CLASSES = [
    *["T-shirt", "Trouser", "Pullover", "Dress", "Coat"],
    *["Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
]

# Keras' own folder, read before any test sets KERAS_HOME.
DATA = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
DATA = DATA / "datasets" / "fashion-mnist"


@cache
def read(name, header):
    """Return the bytes of one of the four files, uint8, without its header."""
    with gzip.open(DATA / f"{name}-ubyte.gz") as file:
        return np.frombuffer(file.read(), np.uint8)[header:]


@cache
def images(part):
    """Return the "train", "valid" or "test" images, (n, 784)."""
    name = "t10k-images-idx3" if part == "test" else "train-images-idx3"
    rows = read(name, 16).reshape(-1, 784) / np.float32(255)
    return {"train": rows[:55_000], "valid": rows[55_000:], "test": rows}[part]


@cache
def labels(part):
    """Return the labels of the "test" images or of all 60,000 "training" ones."""
    names = {"test": "t10k-labels-idx1", "training": "train-labels-idx1"}
    return read(names[part], 8)


@cache
def first_of_each_class():
    """Return the index of the first test image of each class, (10,)."""
    return np.array([np.flatnonzero(labels("test") == c)[0] for c in range(10)])


def mse(originals, outputs):
    """Return the MSE of each image, in thousandths, (n,)."""
    difference = np.asarray(originals, float) - outputs
    return 1000 * (difference**2).mean(axis=-1)


def mean_mse(outputs, part="test"):
    """Return the MSE of outputs over a part of the images, in thousandths."""
    return mse(images(part), outputs).mean()


def binary_cross_entropy(originals, outputs):
    """Return the mean loss in nats a pixel, its sum written out."""
    x = np.asarray(originals, float)
    y = np.clip(np.asarray(outputs, float), 1e-7, 1 - 1e-7)
    return -(x * np.log(y) + (1 - x) * np.log(1 - y)).mean()


@cache
def mean_image():
    """Return the mean training image, (784,)."""
    return images("train").mean(axis=0, dtype=float)


@cache
def principal_components():
    """Return PCA's patterns by singular value decomposition, (784, 784)."""
    scatter = np.zeros((784, 784))
    for some in np.array_split(images("train"), 11):
        centred = some - mean_image()
        scatter += centred.T @ centred
    return np.linalg.svd(scatter)[2]


@cache
def pca(part, k):
    """Return a part of the images, drawn again from k numbers each by PCA."""
    return pca_of(images(part), k)


def pca_of(rows, k):
    """Return any images (n, 784), drawn again from k numbers each by PCA."""
    patterns = principal_components()[:k]
    return np.clip(mean_image() + (rows - mean_image()) @ patterns.T @ patterns, 0, 1)


def sharpness(rows):
    """Return each image's mean step between neighbouring pixels, (n,)."""
    squares = np.reshape(rows, (-1, 28, 28))
    down = np.abs(np.diff(squares, axis=1)).mean(axis=(1, 2))
    across = np.abs(np.diff(squares, axis=2)).mean(axis=(1, 2))
    return down + across


def same_outline(originals, outputs):
    """Return the share of pixels that are dark in both or bright in both."""
    return ((originals > 0.25) == (outputs > 0.25)).mean()


def same_shade(originals, outputs):
    """Return the correlation of the images' mean greys."""
    return np.corrcoef(originals.mean(axis=1), outputs.mean(axis=1))[0, 1]


def idle_units(codes):
    """Return how many units of codes (n, size) are zero for most images."""
    return (np.median(codes, axis=0) == 0).sum()


def moved_right(rows):
    """Return images moved one pixel to the right, black filling the gap."""
    squares = np.reshape(rows, (-1, 28, 28))
    return np.pad(squares, [(0, 0), (0, 0), (1, 0)])[:, :, :28].reshape(-1, 784)


def classes_of_neighbours(points, k=10):
    """Return the shares of classes among the k test images nearest to each class.

    `points` are the codes of the test images, (10000, 2). Row: class of the
    image; column: class of its neighbours, (10, 10).
    """
    y = labels("test")
    shares = np.zeros((10, 10))
    for some in np.array_split(np.arange(len(points)), 20):
        distances = ((points[some, None] - points) ** 2).sum(axis=2)
        distances[np.arange(len(some)), some] = np.inf
        nearest = np.argpartition(distances, k, axis=1)[:, :k]
        for label, neighbours in zip(y[some], y[nearest]):
            shares[label] += np.bincount(neighbours, minlength=10)
    return shares / shares.sum(axis=1, keepdims=True)
