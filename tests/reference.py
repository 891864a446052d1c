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
    "train-images-idx3": "c59f468a",
    "train-labels-idx1": "bad3541b",
    "t10k-images-idx3": "5b4141f0",
    "t10k-labels-idx1": "0402a96d",
}


def read(name, header):
    """Return the bytes of a file behind its header, uint8.

    Raise ValueError if they are not those of Fashion-MNIST.
    """
    content = gzip.decompress((DATA / f"{name}-ubyte.gz").read_bytes())
    if not hashlib.sha256(content).hexdigest().startswith(HASHES[name]):
        raise ValueError(f"{name} is not that of Fashion-MNIST")
    return np.frombuffer(content, np.uint8)[header:]


@cache
def images(part):
    """Return the "train", "valid" or "test" images, (n, 784)."""
    name = "t10k-images-idx3" if part == "test" else "train-images-idx3"
    rows = read(name, 16).reshape(-1, 784) / np.float32(255)
    return {"train": rows[:55_000], "valid": rows[55_000:], "test": rows}[part]


@cache
def labels(part):
    """Return the labels of the "test" images or of all 60,000 "train" ones."""
    return read({"test": "t10k-labels-idx1", "train": "train-labels-idx1"}[part], 8)


def first():
    """Return the index of the first test image of each class, (10,)."""
    return np.unique(labels("test"), return_index=True)[1]


def mse(originals, outputs):
    """Return the error of each image, (n,)."""
    difference = np.asarray(originals, float) - outputs
    return 1000 * (difference**2).mean(axis=-1)


def loss_of_perfect_copy():
    """Return the mean binary cross-entropy of the validation images with themselves."""
    x = np.clip(images("valid").astype(float), 1e-7, 1 - 1e-7)
    return -(x * np.log(x) + (1 - x) * np.log(1 - x)).mean()


@cache
def mean_image():
    """Return the mean training image, (784,)."""
    return images("train").mean(axis=0, dtype=float)


@cache
def patterns():
    """Return PCA's patterns, by singular value decomposition, (784, 784)."""
    return np.linalg.svd(np.cov(images("train"), rowvar=False))[2]


def pca(rows, k=64):
    """Return images (n, 784), reconstructed by PCA from k numbers each."""
    codes = (rows - mean_image()) @ patterns()[:k].T
    return np.clip(mean_image() + codes @ patterns()[:k], 0, 1)


class Results:
    """What the page's trained networks, PCA and others make of the test images.

    By name, such as "PCA_16" for PCA with 16 numbers: `models`, the networks;
    `outputs`, images (10000, 784); `errors`, their errors to the originals (10000,);
    `curves`, errors on the validation images after each epoch; `numbers`, what the page
    prints: mean errors, of *plain* by class, too, shares of images on which better
    beats PCA, in per cent, and dead units.
    """

    def __init__(self, names):
        test, y = images("test"), labels("test")
        noise = np.random.default_rng(names["SEED"]).normal(0, 0.3, test.shape)
        noisy = np.clip(test + noise, 0, 1)
        turned = test[:, ::-1]
        self.models = {
            "plain": names["autoencoder"],
            "plane": names["autoencoder_2d"],
            "tuned": names["tuned"],
            "better": names["better"],
            "small_16": names["small"][16],
            "small_4": names["small"][4],
        }
        self.outputs = {
            "original": test,
            "mean_image": np.tile(mean_image(), (10_000, 1)),
            "shifted": np.hstack([test[:, -1:], test[:, :-1]]),
            "noisy": noisy,
            "PCA": pca(test),
            "PCA_16": pca(test, 16),
            "PCA_4": pca(test, 4),
            "PCA_noisy": pca(noisy),
            "better_noisy": self.predict("better", noisy),
        }
        for name in self.models:
            self.outputs[name] = self.predict(name, test)
        self.errors = {name: mse(test, out) for name, out in self.outputs.items()}
        self.errors["PCA_turned"] = mse(turned, pca(turned))
        self.errors["better_turned"] = mse(turned, self.predict("better", turned))

        self.numbers = {name: errors.mean() for name, errors in self.errors.items()}
        self.numbers["PCA_valid"] = mse(images("valid"), pca(images("valid"))).mean()
        self.numbers["perfect"] = loss_of_perfect_copy()
        for label, name in enumerate(CLASSES):
            self.numbers[name] = self.errors["plain"][y == label].mean()
        for case in ["", "_turned", "_noisy"]:
            won = self.errors["better" + case] < self.errors["PCA" + case]
            self.numbers["won" + case] = 100 * won.mean()
        self.curves = {
            name: 1000 * self.history(name, "val_mse")
            for name in ["plain", "tuned", "better"]
        }
        values = images("train")
        for layer in self.models["plain"].layers[0].layers:
            values = layer(values).numpy()
            self.numbers[f"dead_{layer.units}"] = (values == 0).all(axis=0).sum()

    def predict(self, name, rows):
        """Return the network's reconstructions of images (n, 784)."""
        return self.models[name].predict(rows, verbose=0)

    def codes(self, name):
        """Return the network's codes of the test images, (10000, code size)."""
        return self.models[name].layers[0].predict(images("test"), verbose=0)

    def history(self, name, key):
        """Return a loss or score after each epoch of the network's training."""
        return np.array(self.models[name].history.history[key])
