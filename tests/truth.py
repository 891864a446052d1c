"""What the page should find, computed anew from the data and from its models."""
import gzip
import os
import re
from pathlib import Path

import numpy as np

from conftest import README

FOLDER = Path("/usr/share/datasets/fashion-mnist")
if not FOLDER.is_dir():
    FOLDER = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"), "datasets/fashion-mnist")
KEPT = {}  # what is costly, by what it was computed from
WORDS = {  # what the page's words mean
    "about": lambda value, target: 0.85 < value / target < 1.15, "almost": lambda value, target: 0.8 < value / target < 1,
    "hardly": lambda share: 0 <= share < 0.1, "nearly_every": lambda share: 0.95 < share < 1}


def read_pair(part):
    """Return images (n, 784) and labels (n,), uint8, of "train" or "t10k"."""
    images, labels = (np.frombuffer(gzip.open(FOLDER / f"{part}-{kind}-ubyte.gz").read(), np.uint8)
                      for kind in ("images-idx3", "labels-idx1"))
    return images[16:].reshape(-1, 784), labels[8:]


TRAIN, TEST = read_pair("train"), read_pair("t10k")
X, V = TEST[0] / np.float32(255), TRAIN[0][55_000:] / np.float32(255)
DATA = {"train": TRAIN[0][:55_000] / np.float32(255), "valid": V, "test": X}
FIRST, FIRST_V = (np.unique(labels, return_index=True)[1] for labels in (TEST[1], TRAIN[1][55_000:]))
MOVED = np.pad(X.reshape(-1, 28, 28), [(0, 0), (0, 0), (1, 0)])[:, :, :-1].reshape(-1, 784)


def keep(compute, *key):
    """Return `compute()`, computed once for this function and key, which are kept alive."""
    mark = (compute.__qualname__, *(k if isinstance(k, (str, int)) else id(k) for k in key))
    if mark not in KEPT:
        KEPT[mark] = compute(), key
    return KEPT[mark][0]


def outputs(model, images):
    """Return what a Keras model makes of images, (n, 784) or the name of a part of the data."""
    if isinstance(images, str):
        return keep(lambda: outputs(model, DATA[images]), model, images)
    return model.predict(np.asarray(images), batch_size=1000, verbose=0)


def patterns():
    """Return the mean training image and PCA's patterns, the most important first."""
    def decompose():
        mean = DATA["train"].mean(axis=0, dtype=float)
        parts = (part - mean for part in np.array_split(DATA["train"], 11))
        return mean, np.linalg.svd(sum(part.T @ part for part in parts))[2]
    return keep(decompose)


def linear(part, k):
    """Return the images of a part of the data, rebuilt from k numbers by PCA."""
    mean, rows = patterns()
    return keep(lambda: np.clip(mean + (DATA[part] - mean) @ rows[:k].T @ rows[:k], 0.001, 0.999), part, k)


def per_image(images, guesses):
    """Return the MSE of each image."""
    return np.square(np.asarray(images, float) - guesses).mean(axis=1)


def entropy_loss(images, guesses):
    """Return the mean BCE in nats a pixel, the sum written out."""
    y = np.clip(np.asarray(guesses, float), 1e-7, 1 - 1e-7)
    return -(images * np.log(y) + (1 - images) * np.log(1 - y)).mean()


FLOOR = {part: entropy_loss(DATA[part], DATA[part]) for part in DATA}


def excess(part, guesses):
    """Return by how much the BCE of guesses, an array that stays, exceeds that of a copy."""
    return keep(lambda: entropy_loss(DATA[part], guesses) - FLOOR[part], part, guesses)


def squared_distances(a, b):
    return np.square(a).sum(axis=1)[:, None] + np.square(b).sum(axis=1) - 2 * a @ b.T


def to_nearest(images):
    """Return the index of the nearest training image of each image, and its MSE."""
    x, squares = DATA["train"], keep(lambda: np.square(DATA["train"]).sum(axis=1))
    index = np.concatenate([(squares - 2 * part @ x.T).argmin(axis=1)
                            for part in np.array_split(np.asarray(images, np.float32), 10)])
    return index, per_image(images, x[index])


def by_class(values):
    """Return the mean of `values` in each class, over the first test images."""
    return np.array([values[TEST[1][:len(values)] == c].mean() for c in range(10)])


def steps(images, window=np.s_[:, :, :]):
    """Return each image's mean step between neighbouring pixels, in a window of it."""
    x = np.reshape(images, (-1, 28, 28))[window]
    return np.abs(np.diff(x, axis=1)).mean((1, 2)) + np.abs(np.diff(x, axis=2)).mean((1, 2))


def codec(budget, numbers, decode):
    """Return the MSE when an ideal entropy coder a column packs rounded `numbers` into `budget` bytes an image."""
    def packed(n):
        shares = [np.unique(column, return_counts=True)[1] / len(column) for column in n.T]
        return sum(-(p * np.log2(p)).sum() for p in shares) / 8

    step = 0.1
    while packed(np.round(numbers / step)) > budget:
        step *= 1.04
    return per_image(X, decode(np.round(numbers / step) * step)).mean()


def mahalanobis(rows, codes):
    """Return each row's squared Mahalanobis distance from codes: mean 64, variance 128 if all are normal and alike."""
    away = rows - codes.mean(axis=0)
    return (away @ np.linalg.inv(np.cov(codes.T)) * away).sum(axis=1)


def readme(row):
    """Return the first number in a row of README's table of recipes."""
    return float(re.search(rf"^\| {re.escape(row)} \| (\d\.\d+)", README, re.M)[1])


def takes_back(encoder, decoder, start):
    """Return whether `start` lets codes begin at about 7 and the decoder undo it."""
    codes = np.random.default_rng(0).normal(size=(20, 64)).astype("float32")
    before = outputs(decoder, codes)
    start(encoder, decoder)
    return (np.allclose(encoder.layers[-1].bias, 7) and (outputs(encoder, V) > 0).mean() > 0.999
            and np.allclose(outputs(decoder, codes + 7), before, atol=1e-4))


def score_lines(part, **guesses):
    """Return the lines that the page's table of these outputs should have."""
    return [f"| {name} | {FLOOR[part] + excess(part, guess):.2f} | {excess(part, guess):.3f} "
            f"| {per_image(DATA[part], guess).mean():.2g} |" for name, guess in guesses.items()]
