"""What the networks make of the data, measured in their kernel after its last cell.

Of the networks, only what they predict is used; all else is worked out anew. Images are
rows of 784 greys in [0, 1], float64; an error is an MSE in thousandths.
"""

import hashlib
import pickle
from pathlib import Path

import numpy as np

SHA_256 = "ca3ab2a37f845e1b8ae23cab1b51749a3011ba3bf1d9016176d75cbaabac376f"
CLASSES = "T-shirt,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"
CLASSES = CLASSES.split(",")
RANKED = ["", "best", "", "", "median", "", "", "worst", ""]
TRIALS = {"ReLU,  0.001": "ReLU", "leaky, 0.001": "leaky", "leaky, 0.01": "leaky high"}
TRIALS |= {"leaky, falling": "leaky falling", "ReLU,  falling": "ReLU falling"}
FIRST, SECOND = {"first network": "first"}, {"second network": "second"}
SIZES = {f"{n} numbers": f"code {n}" for n in [64, 16, 4]}
NOISY = {"with noise": "noise 0.3", "PCA": "PCA noise 0.3"}
NOISY |= {f"{name} network": f"{name} noise 0.3" for name in ["first", "second"]}
ROWS = {  # figures of rows of images: which images, titles, {row: what it shows}
    "plain": ("first", CLASSES, FIRST),
    "extremes": ("ranked", RANKED, FIRST),
    "reconstructions": ("second", CLASSES, {"PCA": "PCA", **FIRST, **SECOND}),
    "sizes": ("first, even", CLASSES[::2], SIZES),
    "noise": ("first, odd", CLASSES[1::2], NOISY),
    "shift": ("second, even", CLASSES[::2], {"shifted": "shifted", **SECOND}),
}


def save(page, cells, file):
    """Save what tests compare; `page`: the page's variables, `cells`: those that draw.

    "numbers": {name: value}; "drawn" and "expected": {cell: [axes, ...]}, see `axes`;
    """
    plt, truth = page["plt"], Truth(page)
    outputs = predictions(page, truth)
    errors = {name: mse(truth.test, images) for name, images in outputs.items()}
    figures = [plt.figure(number).axes for number in plt.get_fignums()]
    values = numbers(page, truth, outputs, errors)
    found = {
        "numbers": values,
        "drawn": {c: [shown(ax) for ax in f] for c, f in zip(cells, figures)},
        "expected": expected(page, truth, outputs, errors, values),
    }
    Path(file).write_bytes(pickle.dumps(found))


def mse(originals, outputs):
    """Return the error of each image, (n,)."""
    return 1000 * np.mean((originals - outputs) ** 2, axis=-1)


def cross_entropy(x, y):
    """Return the mean binary cross-entropy; Keras, too, clips at 1e-7."""
    y = np.clip(y, 1e-7, 1 - 1e-7)
    return -np.mean(x * np.log(y) + (1 - x) * np.log(1 - y))


class Truth:
    """The images of each part (n, 784), means and PCA, by singular value decomposition.

    Raise ValueError if the page's arrays are not those of Fashion-MNIST.
    """

    def __init__(self, page):
        names = "train_images", "train_labels", "test_images", "test_labels"
        arrays = [page[name] for name in names]
        if hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest() != SHA_256:
            raise ValueError("the page's images are not those of Fashion-MNIST")
        every, labels, test, self.labels = arrays
        every = every.reshape(-1, 784) / 255
        self.train, self.valid, self.test = every[:55_000], every[55_000:], test / 255
        self.test = self.test.reshape(-1, 784)
        by_class = [self.train[labels[:55_000] == label] for label in range(10)]
        self.three = [images[:3] for images in by_class]
        self.class_means = np.array([images.mean(axis=0) for images in by_class])
        self.mean = self.train.mean(axis=0)
        self.patterns = np.linalg.svd(np.cov(self.train.T))[2]

    def pca(self, images, count, low=0, high=1):
        """Return the sums of the mean and `count` patterns, clipped, (n, 784)."""
        patterns = self.patterns[:count]
        sums = self.mean + (images - self.mean) @ patterns.T @ patterns
        return np.clip(sums, low, high)

    def picks(self, errors):
        """Return which test images the figures show, {name: indices}."""
        pairs = [np.flatnonzero(self.labels == label)[:2] for label in range(10)]
        first, second = np.transpose(pairs)
        ranked = errors["first"].argsort()[[0, 1, 2, 4999, 5000, 5001, -3, -2, -1]]
        found = {"first": first, "first, odd": first[1::2], "first, even": first[::2]}
        return found | {"second": second, "second, even": second[::2], "ranked": ranked}


def predict(model, images):
    """Return what a network makes of images (n, 784)."""
    return model.predict(images, verbose=0).astype(float)


def predictions(page, truth):
    """Return what all methods make of the test images, {name: (10000, 784)}."""
    x, codes = truth.test, page["encoder_2d"].predict(truth.test, verbose=0)
    found = {"test": x, "class mean": truth.class_means[truth.labels]}
    found["shifted"] = np.roll(x.reshape(-1, 28, 28), 1, axis=-1).reshape(-1, 784)
    found["PCA unclipped"] = truth.pca(x, 64, low=-9, high=9)
    found["plane"] = predict(page["decoder_2d"], codes)
    found |= {f"PCA {n}": truth.pca(x, n) for n in [16, 4, 2]}
    found |= {f"code {n}": predict(model, x) for n, model in page["networks"].items()}
    noise = np.random.default_rng(page["SEED"]).normal(size=x.shape)
    for strength in [0, 0.1, 0.2, 0.3]:
        images = found[f"noise {strength}"] = (x + strength * noise).clip(0, 1)
        name = f" noise {strength}" if strength else ""
        found[f"PCA{name}"] = truth.pca(images, 64)
        found[f"first{name}"] = predict(page["autoencoder"], images)
        found[f"second{name}"] = predict(page["second"], images)
    return found


def numbers(page, truth, outputs, errors):
    """Return all numbers that the page prints or states, {name: value}."""
    found = {name: error.mean() for name, error in errors.items()}
    found |= {"images all": 60_000, "images train": 55_000, "images valid": 5_000}
    found |= {"images test": 10_000, "pixels": 784, "side": 28, "code plane": 2}
    sizes = [np.prod(weight.shape) for weight in page["autoencoder"].weights]
    found |= {"parameters": sum(sizes), "outer parameters": sum(sizes[:2] + sizes[-2:])}
    found |= {"hidden": sizes[1], "code": sizes[3], "PCA parameters": 65 * 784}

    # The logs: the first network's last epoch anew, the others by Keras' history
    for name, log in [("", page["history"]), ("second ", page["second"].history)]:
        for key, values in log.history.items():
            found |= {f"{name}{key} {n}": value for n, value in enumerate(values, 1)}
    output, last = predict(page["autoencoder"], truth.valid), len(values)
    found[f"val_loss {last}"] = cross_entropy(truth.valid, output)
    found[f"val_mse {last}"] = mse(truth.valid, output).mean() / 1000
    found["perfect"] = cross_entropy(truth.valid, truth.valid)
    for n in [1, last]:
        found[f"height {n}"] = found[f"val_loss {n}"] - found["perfect"]
    found["PCA valid"] = mse(truth.valid, truth.pca(truth.valid, 64)).mean()

    groups = {name: truth.labels == label for label, name in enumerate(CLASSES)}
    groups |= {"all": slice(None), "ten": truth.picks(errors)["first"]}
    for name, group in groups.items():
        means = [errors[method][group].mean() for method in ["first", "class mean"]]
        found |= {name: means[0], f"{name} mean": means[1]}
        found[f"{name} share"] = 100 * means[0] / means[1]

    found["dead hidden"], found["dead code"] = dead(page["encoder"], truth.train)
    for label, name in TRIALS.items():
        encoder, output = page["trained"][label].layers[0], page["trained"][label]
        found[name] = mse(truth.valid, predict(output, truth.valid)).mean()
        found[f"{name} hidden"], found[f"{name} code"] = dead(encoder, truth.train)

    leaky = page["second"].layers[0].layers[0].activation
    found |= {"negative": -1, "leaky negative": float(leaky(np.float32(-1)))}
    second = truth.picks(errors)["second"]  # the ten images of figure 10
    pca, first, ours = (errors[name][second] for name in ["PCA", "first", "second"])
    found["closest"] = np.sum(ours < np.minimum(pca, first))
    found |= {"shirt PCA": pca[6], "shirt second": ours[6]}
    found["won"] = 100 * np.mean(errors["second"] < errors["PCA"])
    for name in ["PCA", "second"]:
        found[f"{name} shadow"] = outputs[name][truth.test == 0].mean()
    return found


def dead(encoder, images):
    """Return how many hidden and code units are zero for all images."""
    counts, values = [], images.astype("float32")
    for layer in [layer for layer in encoder.layers if layer.weights]:
        values = np.asarray(layer(values))
        counts.append(np.sum(~values.any(axis=0)))
    return counts


def axes(texts, image=None, clim=(0, 1), lines=()):
    """Return an axes: title|below|beside|others and legend; (h, w); [(n, 2), ...]."""
    lines = [np.transpose(line) for line in lines]
    return {"texts": texts, "image": image, "clim": clim, "lines": lines}


def shown(ax):
    """Return what an axes shows, and how: its frame, looks, colours, other things."""
    legend = ax.get_legend().get_texts() if ax.get_legend() else []
    texts = [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.texts, *legend]
    found = axes("|".join(text.get_text() for text in texts).replace("\n", " "))
    for image in ax.images:
        found["image"] = np.ma.filled(image.get_array().astype(float), np.nan)
        found |= {"clim": image.get_clim(), "extent": tuple(image.get_extent())}
    found["lines"] = [line.get_xydata() for line in ax.lines]
    found["looks"] = [(line.get_linestyle(), line.get_marker()) for line in ax.lines]
    found["colors"] = [line.get_color() for line in ax.lines]
    found["frame"] = (*ax.get_xlim(), *ax.get_ylim())
    return found | {"others": len([*ax.patches, *ax.collections, *ax.images[1:]])}


def expected(page, truth, outputs, errors, numbers):
    """Return what each figure has to show, {cell: [axes, ...]}."""
    found, x, picks = {}, truth.test, truth.picks(errors)
    for cell, (pick, titles, rows) in ROWS.items():
        names = ["original"] + [""] * 9
        titles = zip(titles, names, x[picks[pick]])
        found[cell] = [axes(f"{title}||{name}", row) for title, name, row in titles]
        for name, output in rows.items():
            for n, i in enumerate(picks[pick]):
                text = f"|{errors[output][i]:.3f}|{'' if n else name}"
                found[cell].append(axes(text, outputs[output][i]))
    threes = zip(CLASSES, truth.three)
    found["classes"] = [axes(f"{name}||", 255 * x, (0, 255)) for name, x in threes]
    code = predict(page["encoder"], x[1:2]).reshape(8, 8)
    square = np.pad(code, 10, constant_values=np.nan)
    found["one-image"] = [axes("784 pixels||", x[1])]
    found["one-image"] += [axes("64 numbers||", square, (0, code.max()))]
    found["one-image"] += [axes("784 pixels||", outputs["first"][1])]

    points = page["encoder_2d"].predict(x, verbose=0)
    low, high = np.quantile(points, [0.01, 0.99], axis=0)
    across, up = np.transpose([low + (n + 0.5) / 10 * (high - low) for n in range(10)])
    grid = np.array([(a, b) for b in up[::-1] for a in across])
    tiles = predict(page["decoder_2d"], grid).reshape(10, 10, 28, 28)
    plane = tiles.transpose(0, 2, 1, 3).reshape(280, 280)
    found["latent-space"] = [axes("|first number|second number", plane)]
    for label, name in enumerate(CLASSES):
        own = points[truth.labels == label]
        found["latent-space"].append(axes(f"{name}||", lines=[points.T, own.T]))

    counts = [0, 1, 2, 4, 8, 16, 32, 64]
    sums = [truth.pca(x[1], n, low=-9, high=9) for n in counts]
    found["patterns"] = [axes("mean||added", truth.mean)]
    for start, end in zip(range(7), range(1, 8)):
        added, text = sums[end] - sums[start], f"+ {counts[end] - counts[start]}||"
        limit = np.abs(added).max()
        found["patterns"].append(axes(text, added, (-limit, limit)))
    names = [f"|{n} in all|{'' if n else 'sum so far'}" for n in counts]
    found["patterns"] += [axes(*pair) for pair in zip(names, np.clip(sums, 0, 1))]

    y, levels = np.linspace(0.02, 0.98, 97), [numbers["perfect"], numbers["PCA valid"]]
    costs = [(y, -p * np.log(y) - (1 - p) * np.log(1 - y)) for p in [0, 0.5, 1]]
    loss, first = "binary cross-entropy", page["history"].history
    curves, second = [first["loss"], first["val_loss"]], page["second"].history.history
    curves += [1000 * np.array(log["val_mse"]) for log in [first, second]]
    lines = [(np.arange(len(curve)) + 1, curve) for curve in curves]
    perfect, pca = ([0, 1], [levels[0]] * 2), (lines[0][0], levels[1] + 0 * lines[0][0])
    pixels = f"|its reconstruction|{loss}|pixel 0|pixel 0.5|pixel 1"
    losses = f"|epoch|{loss}|perfect copies {levels[0]:.4f}|training|validation"
    ends = f"PCA {levels[1]:.3f}|first network {curves[2][-1]:.3f}"
    ends = f"|epoch|MSE in thousandths|{ends}|second network {curves[3][-1]:.3f}"
    units = [([-3, 0, 3], [low, 0, 3]) for low in [0, -3 / 5]]
    rates = [([0, 3], [start, end]) for start, end in [(0.001, 0.001), (0.01, 0)]]
    found["loss"] = [axes(pixels, lines=costs)]
    found["loss"] += [axes(losses, lines=[*lines[:2], perfect])]
    found["curves"] = [axes(ends, lines=[pca, *lines[2:]])]
    found["changes"] = [axes("|input of a unit|output|ReLU|leaky ReLU", lines=units)]
    found["changes"] += [axes("|epoch|learning rate|constant|falling", lines=rates)]
    return found
