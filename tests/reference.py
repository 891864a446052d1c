"""What the page should find, computed anew from the data, without the page's code.

Images are rows of 784 greys in [0, 1]; an error is an MSE in thousandths.
"""

import gzip
import hashlib
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
HASHES = {  # the first digits of the SHA-256 of the decompressed files
    "train-images-idx3": "c59f468a2f672dc8",
    "train-labels-idx1": "bad3541b69d91243",
    "t10k-images-idx3": "5b4141f0afbad91e",
    "t10k-labels-idx1": "0402a96d92fd2663",
}


def read(name, folder=DATA):
    """Return the bytes of one of the four files, uint8, without its header.

    Raise ValueError if they are not those of Fashion-MNIST.
    """
    content = gzip.decompress((folder / f"{name}-ubyte.gz").read_bytes())
    if not hashlib.sha256(content).hexdigest().startswith(HASHES[name]):
        raise ValueError(f"{name} is not that of Fashion-MNIST")
    return np.frombuffer(content, np.uint8)[16 if "images" in name else 8 :]


@cache
def images(part):
    """Return the "train", "valid" or "test" images, (n, 784)."""
    name = "t10k-images-idx3" if part == "test" else "train-images-idx3"
    rows = read(name).reshape(-1, 784) / np.float32(255)
    return {"train": rows[:55_000], "valid": rows[55_000:], "test": rows}[part]


@cache
def labels(part):
    """Return the labels of the "test" images or of all 60,000 "train" ones."""
    return read({"test": "t10k-labels-idx1", "train": "train-labels-idx1"}[part])


@cache
def first():
    """Return the index of the first test image of each class, (10,)."""
    return np.array([np.flatnonzero(labels("test") == c)[0] for c in range(10)])


def mse(originals, outputs):
    """Return the error of each image, (n,)."""
    difference = np.asarray(originals, float) - outputs
    return 1000 * (difference**2).mean(axis=-1)


def cross_entropy(x, y):
    """Return the mean loss of outputs y for pixels x, its sum written out."""
    y = np.clip(np.asarray(y, float), 1e-7, 1 - 1e-7)
    return -(x * np.log(y) + (1 - x) * np.log(1 - y)).mean()


@cache
def mean_image():
    """Return the mean training image, (784,)."""
    return images("train").mean(axis=0, dtype=float)


@cache
def patterns():
    """Return PCA's patterns, by singular value decomposition, (784, 784)."""
    scatter = np.zeros((784, 784))
    for some in np.array_split(images("train"), 11):
        centred = some - mean_image()
        scatter += centred.T @ centred
    return np.linalg.svd(scatter)[2]


def pca(rows, k=64):
    """Return images (n, 784), reconstructed by PCA from k numbers each."""
    codes = (rows - mean_image()) @ patterns()[:k].T
    return np.clip(mean_image() + codes @ patterns()[:k], 0, 1)


def class_of_nearest_mean(points):
    """Return where points would be sorted by the nearest class mean, (10, 10).

    `points` are codes of the test images, (10000, 2). Row: class of an image; column:
    class whose mean is the nearest; in shares of the row.
    """
    y = labels("test")
    means = np.array([points[y == c].mean(axis=0) for c in range(10)])
    nearest = ((points[:, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    return (
        np.array([np.bincount(nearest[y == c], minlength=10) for c in range(10)]) / 1000
    )


class Results:
    """What the page's trained networks, PCA and others make of the test images.

    `models` holds the networks, "plain", "2d", "tuned", "better", "16" and "4".
    `outputs` holds images (10000, 784) and `errors` their errors (10000,), by the names
    of the networks and those below.
    """

    def __init__(self, names):
        self.models = {
            "plain": names["autoencoder"],
            "2d": names["autoencoder_2d"],
            "tuned": names["tuned"],
            "better": names["better"],
            "16": names["small"][16],
            "4": names["small"][4],
        }
        test = images("test")
        turned = test[:, ::-1]
        noise = np.random.default_rng(names["SEED"]).normal(0, 0.3, test.shape)
        noisy = np.clip(test + noise, 0, 1)
        self.outputs = {
            "original": test,
            "mean image": np.tile(mean_image(), (10_000, 1)),
            "shifted": np.hstack([test[:, -1:], test[:, :-1]]),
            "with noise": noisy,
            "PCA": pca(test),
            "PCA, 16": pca(test, 16),
            "PCA, 4": pca(test, 4),
            "PCA, noise": pca(noisy),
            "better, noise": self.predict("better", noisy),
        }
        for name in self.models:
            self.outputs[name] = self.predict(name, test)
        self.errors = {name: mse(test, out) for name, out in self.outputs.items()}
        self.errors["PCA, upside down"] = mse(turned, pca(turned))
        upside_down = self.predict("better", turned)
        self.errors["better, upside down"] = mse(turned, upside_down)

    def predict(self, name, rows):
        """Return the network's reconstructions of images (n, 784)."""
        return self.models[name].predict(rows, batch_size=1000, verbose=0)

    def error(self, name, class_name=None):
        """Return the mean error, of all test images or of a class."""
        errors = self.errors[name]
        if class_name:
            errors = errors[labels("test") == CLASSES.index(class_name)]
        return errors.mean()

    def won(self, case=""):
        """Return on how many images in a hundred better beats PCA."""
        return 100 * (self.errors["better" + case] < self.errors["PCA" + case]).mean()

    def codes(self, name):
        """Return the network's codes of the test images, (10000, code size)."""
        return self.models[name].layers[0].predict(images("test"), verbose=0)

    def history(self, name, key):
        """Return a loss or score after each epoch of the network's training."""
        return np.array(self.models[name].history.history[key])

    def dead(self, layer):
        """Return how many units of an encoder layer of plain are always zero."""
        values = images("train")
        for dense in self.models["plain"].layers[0].layers[: layer + 1]:
            kernel, bias = dense.get_weights()
            values = np.maximum(values @ kernel + bias, 0)
        return (values == 0).all(axis=0).sum()
