"""What the networks make of the data: a script for their kernel, after its last cell.

Of the networks, what they predict, their sizes, rates and logs are used; all else is
worked out anew. Images are rows of 784 greys in [0, 1]; an error is 1000 times an MSE.
"""

import hashlib
import pickle
from pathlib import Path

import numpy as np

import __main__ as page  # the variables of the notebook
from tests.page import ALTS

SHA_256 = "ca3ab2a37f845e1b8ae23cab1b51749a3011ba3bf1d9016176d75cbaabac376f"
CLASSES = "T-shirt,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"
KINDS = {"tops": [0, 2, 4, 6], "shoes": [5, 7, 9], "pullovers": [2], "coats": [4]}
METHODS = ["PCA", "first", "second"]


def mse(originals, outputs):
    """Return the error of each image, (n,)."""
    return 1000 * np.mean((originals - outputs) ** 2, axis=-1)


def cross_entropy(x, y):
    """Return the binary cross-entropy of each pixel; Keras, too, clips at 1e-7."""
    y = np.clip(y, 1e-7, 1 - 1e-7)
    return -x * np.log(y) - (1 - x) * np.log(1 - y)


def predict(model, inputs):
    """Return what a network makes of its inputs, (n, 784) or (n, 2)."""
    return model.predict(inputs, verbose=0).astype(float)


def pca(images, count, low=0, high=1):
    """Return the sums of the mean and `count` patterns, clipped, (n, 784)."""
    some = patterns[:count]
    return np.clip(mean + (images - mean) @ some.T @ some, low, high)


def dead(encoder):
    """Return how many hidden and code units are zero for all training images."""
    hidden_layer, code_layer = encoder.layers[-2:]
    hidden = hidden_layer(train.astype("float32"))
    return [np.all(units == 0, axis=0).sum() for units in [hidden, code_layer(hidden)]]


def shown(ax):
    """Describe an Axes; images by the red channel of what is drawn, which is grey."""
    legend = ax.get_legend().get_texts() if ax.get_legend() else []
    texts = [ax.title, ax.xaxis.label, ax.yaxis.label, *ax.texts, *legend]
    flipped = [image for image in ax.images if image.origin == "lower"]
    return {
        "text": "".join(text.get_text() + " " for text in texts),
        "images": [image.to_rgba(image.get_array())[..., 0] for image in ax.images],
        "lines": [line.get_xydata() for line in ax.lines],
        "looks": [(line.get_linestyle(), line.get_marker()) for line in ax.lines],
        "frame": ax.axis(),
        "extents": [tuple(image.get_extent()) for image in ax.images],
        "others": len([*ax.patches, *ax.collections, *flipped]),
    }


# The data
arrays = page.train_images, page.train_labels, page.test_images, page.test_labels
if hashlib.sha256(b"".join(a.tobytes() for a in arrays)).hexdigest() != SHA_256:
    raise ValueError("the page's images are not those of Fashion-MNIST")
train, valid = np.split(arrays[0].reshape(-1, 784) / 255, [55_000])
test, labels = arrays[2].reshape(-1, 784) / 255, arrays[3]
by_class = [train[arrays[1][:55_000] == label] for label in range(10)]
mean, patterns = train.mean(axis=0), np.linalg.svd(np.cov(train.T))[2]

# What all methods make of the test images, and their errors
models = {"first": page.autoencoder, "second": page.second}
points = predict(page.encoder_2d, test)
outputs = {"class mean": np.array([images.mean(axis=0) for images in by_class])[labels]}
outputs["plane"] = predict(page.decoder_2d, points)
outputs["shifted"] = np.roll(test.reshape(-1, 28, 28), 1, axis=2).reshape(-1, 784)
outputs["PCA unclipped"] = pca(test, 64, low=-9, high=9)
outputs |= {f"PCA {n}": pca(test, n) for n in [16, 4, 2]}
outputs |= {f"code {n}": predict(model, test) for n, model in page.networks.items()}
noise = np.random.default_rng(page.SEED).normal(size=test.shape)
for strength in [0, 0.1, 0.2, 0.3]:
    name = f" noise {strength}" if strength else ""
    images = outputs[f"as is{name}"] = (test + strength * noise).clip(0, 1)
    outputs[f"PCA{name}"] = pca(images, 64)
    outputs |= {f"{n}{name}": predict(model, images) for n, model in models.items()}
errors = {name: mse(test, images) for name, images in outputs.items()}
one, two = labels.argsort(kind="stable").reshape(10, -1)[:, :2].T  # of each class
ranked = errors["first"].argsort()[[0, 1, 2, 4999, 5000, 5001, -3, -2, -1]]

# All numbers that the page prints or states; the logs by Keras' history
numbers = {name: error.mean() for name, error in errors.items()}
sizes = [np.prod(weight.shape) for weight in page.autoencoder.weights]
numbers |= {"parameters": sum(sizes), "second parameters": page.second.count_params()}
numbers |= {"hidden": sizes[1], "code": sizes[3], "PCA parameters": 65 * 784}
rate, fall = (net.optimizer.get_config()["learning_rate"] for net in models.values())
numbers |= {"first rate": rate, "second rate": fall["config"]["initial_learning_rate"]}
logs = {"": page.history.history, "second ": page.second.history.history}
for prefix, log in logs.items():
    for key, values in log.items():
        numbers |= {f"{prefix}{key} {n}": v for n, v in enumerate(values, start=1)}
again = [pca(valid, 64), *[predict(model, valid) for model in models.values()]]
numbers |= {f"{n} valid": mse(valid, y).mean() for n, y in zip(METHODS, again)}
numbers[f"val_loss {page.EPOCHS}"] = cross_entropy(valid, again[1]).mean()
numbers["perfect"] = cross_entropy(valid, valid).mean()

groups = {name: labels == n for n, name in enumerate(CLASSES.split(","))}
for name, group in [*groups.items(), ("all", labels >= 0), ("ten", one)]:
    ours, theirs = (errors[method][group].mean() for method in ["first", "class mean"])
    numbers |= {name: ours, f"{name} mean": theirs}
    numbers[f"{name} share"] = 100 * ours / theirs
centres = [np.median(points[labels == label], axis=0) for label in range(10)]
nearest = np.square(points[:, None] - centres).sum(axis=2).argmin(axis=1)
for kind, own in KINDS.items():  # the share of a kind that is nearest to another
    near = nearest[np.isin(labels, own)]
    numbers |= {f"{kind} as {k}": np.isin(near, KINDS[k]).mean() for k in KINDS}

numbers["dead hidden"], numbers["dead code"] = dead(page.encoder)
for label, model in page.trained.items():
    name, (hidden, code) = " ".join(label.split()), dead(model.layers[0])
    numbers |= {f"{name} hidden": hidden, f"{name} code": code}
    numbers[name] = mse(valid, predict(model, valid)).mean()
ten = [errors[name][two] for name in METHODS]  # the images of figure 10
numbers |= {"closest": np.sum(np.argmin(ten, axis=0) == 2), "pictures": len(two)}
numbers |= {"shirt PCA": ten[0][6], "shirt second": ten[2][6]}
numbers["won"] = 100 * np.mean(errors["second"] < errors["PCA"])
numbers |= {f"{name} shadow": outputs[name][test == 0].mean() for name in METHODS}

# What figures have to show: images and lines, and below rows of images their errors
figures, below = {"classes": [images[:3] for images in by_class]}, {}
for cell, picks, names in [
    ("plain", one, ["first"]),
    ("extremes", ranked, ["first"]),
    ("reconstructions", two, METHODS),
    ("sizes", one[::2], ["code 64", "code 16", "code 4"]),
    ("noise", one[1::2], [f"{name} noise 0.3" for name in ["as is", *METHODS]]),
    ("shift", two[::2], ["shifted", "second"]),
]:
    rows = [images[picks] for images in [test, *map(outputs.get, names)]]
    figures[cell] = np.concatenate(rows)
    below[cell] = np.ravel([errors[name][picks] for name in names])
code = predict(page.encoder, test[1:2]).reshape(8, 8)
square = np.pad(code / code.max(), 10, constant_values=0)
figures["one-image"] = [test[1], square, outputs["first"][1]]
sums = [pca(test[1], n, low=-9, high=9) for n in [0, 1, 2, 4, 8, 16, 32, 64]]
added = [step / np.abs(step).max() / 2 + 0.5 for step in np.diff(sums, axis=0)]
figures["patterns"] = [mean, *added, *np.clip(sums, 0, 1)]
low, high = np.quantile(points, [0.01, 0.99], axis=0)
steps = low + (np.arange(10)[:, None] + 0.5) / 10 * (high - low)
grid = np.array([(a, b) for b in steps[::-1, 1] for a in steps[:, 0]])
tiles = predict(page.decoder_2d, grid).reshape(10, 10, 28, 28)
figures["latent-space"] = [tiles.transpose(0, 2, 1, 3)]
for label in range(10):
    figures["latent-space"] += [points, points[labels == label]]
y, epochs = np.linspace(0.02, 0.98, 97), range(1, page.EPOCHS + 1)
lines = {"loss": [(y, cross_entropy(pixel, y)) for pixel in [0, 0.5, 1]]}
lines["loss"] += [(epochs, logs[""][key]) for key in ["loss", "val_loss"]]
lines["loss"] += [([0, 1], [numbers["perfect"]] * 2)]
lines["curves"] = [(epochs, [numbers["PCA valid"]] * page.EPOCHS)]
lines["curves"] += [(epochs, 1000 * np.array(log["val_mse"])) for log in logs.values()]
lines["changes"] = [([-3, 0, 3], [least, 0, 3]) for least in [0, -3 / 5]]
end = float(page.second.optimizer.learning_rate)  # after the last step
rates = [2 * [numbers["first rate"]], [numbers["second rate"], end]]
lines["changes"] += [([0, 3], rate) for rate in rates]
figures |= {cell: [*map(np.transpose, xy)] for cell, xy in lines.items()}

# What figures show
opened = zip(ALTS, map(page.plt.figure, page.plt.get_fignums()), strict=True)
drawn = {f"figure of {cell}": [*map(shown, fig.axes)] for cell, fig in opened}
found = {"numbers": numbers, "figures": figures, "errors": below, "outputs": drawn}
Path("measured").write_bytes(pickle.dumps(found))
