"""Measure the trainings that the page quotes but does not make.

    .venv/bin/python tests/benchmark.py

Each training is a process of its own, which runs the page's own cells with something
replaced, as in the exercises. The table is printed; `tests/README.md` holds it.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat

NOTEBOOK = Path(__file__).parent.parent / "autoencoder_fashion_mnist.ipynb"
CELLS = ["imports", "settings", "load", "scale", "error", "train-function", "falling"]
SEEDS = [0, 1, 2]
RELU, LEAKY = '"relu", "relu"', '"leaky_relu", "linear"'
RELU_HIDDEN, RELU_CODE = '"relu", "linear"', '"leaky_relu", "relu"'
LOW, FALLING = "0.001", "falling({epochs})"
NOISE = {"layers.Dense(": "layers.GaussianNoise(0.3), layers.Dense("}
RUNS = {  # name: (epochs, activations, rate, what is replaced)
    "first network": (10, RELU, LOW, {}),
    "first, batches of 32": (10, RELU, LOW, {"= 64": "= 32"}),
    "first, batches of 250": (10, RELU, LOW, {"= 64": "= 250"}),
    "first, 50 epochs": (50, RELU, LOW, {}),
    "first, falling from 0.01": (10, RELU, FALLING, {}),
    "first, falling from 0.003": (10, RELU, FALLING, {"=0.01": "=0.003"}),
    "first, rate of 0.002": (10, RELU, "0.002", {}),
    "first, rate of 0.003": (10, RELU, "0.003", {}),
    "first, loss MSE": (10, RELU, LOW, {"binary_crossentropy": "mse"}),
    "first, leaky units": (10, LEAKY, LOW, {}),
    "second network": (10, LEAKY, FALLING, {}),
    "second, batches of 32": (10, LEAKY, FALLING, {"= 64": "= 32"}),
    "second, batches of 250": (10, LEAKY, FALLING, {"= 64": "= 250"}),
    "second, 50 epochs": (50, LEAKY, FALLING, {}),
    "second, ReLU in the hidden layers": (10, RELU_HIDDEN, FALLING, {}),
    "second, ReLU on the code": (10, RELU_CODE, FALLING, {}),
    "second, loss MSE": (10, LEAKY, FALLING, {"binary_crossentropy": "mse"}),
    "second, trained with noise": (10, LEAKY, FALLING, NOISE),
    "3 epochs: leaky, falling from 0.003": (3, LEAKY, FALLING, {"=0.01": "=0.003"}),
    "3 epochs: leaky, falling from 0.006": (3, LEAKY, FALLING, {"=0.01": "=0.006"}),
    "3 epochs: leaky, falling from 0.01": (3, LEAKY, FALLING, {}),
    "3 epochs: leaky, falling from 0.02": (3, LEAKY, FALLING, {"=0.01": "=0.02"}),
    "3 epochs: ReLU, falling from 0.01": (3, RELU, FALLING, {}),
}
MEASURE = """
import json
model = train(64, {activations}, {rate}, {epochs})
noisy = x_test + np.random.default_rng(SEED).normal(0, 0.3, x_test.shape)
values, dead = x_train, []
for layer in model.layers[0].layers:
    values = layer(values)
    dead.append(int(np.all(values == 0, axis=0).sum()))
scores = [error(x, model.predict(y, verbose=0)).mean() for x, y in [
    (x_valid, x_valid), (x_test, x_test), (x_test, np.clip(noisy, 0, 1))]]
print(json.dumps([*map(float, scores), *dead[-2:]]))
"""


def measure(seed, epochs, activations, rate, replaced):
    """Return [validation, test and noisy error, dead hidden units, dead code units].

    Errors are MSE in thousandths. Raise ValueError if the page lacks what is replaced.
    """
    cells = {cell.id: cell.source for cell in nbformat.read(NOTEBOOK, 4).cells}
    script = "\n".join(cells[name] for name in CELLS)
    for old, new in {"SEED = 0": f"SEED = {seed}", **replaced}.items():
        if old not in script:
            raise ValueError(f"the page has no {old!r}")
        script = script.replace(old, new, 1)
    rate = rate.format(epochs=epochs)
    script += MEASURE.format(activations=activations, rate=rate, epochs=epochs)
    command = [sys.executable, "-c", script]
    return json.loads(subprocess.check_output(command, text=True).splitlines()[-1])


def spread(values, digits):
    """Return the smallest and the largest value as text, once if they are the same."""
    ends = [f"{value:.{digits}f}" for value in (min(values), max(values))]
    return "–".join(dict.fromkeys(ends))


def main():
    """Print a row for each training, as soon as its seeds are done."""
    print("| training | validation | test | noise | dead: hidden | code |")
    print("|:--|--:|--:|--:|--:|--:|")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = {n: [pool.submit(measure, s, *RUNS[n]) for s in SEEDS] for n in RUNS}
        for name, seeds in jobs.items():
            columns = zip(*[job.result() for job in seeds])
            cells = [spread(c, d) for c, d in zip(columns, [2, 2, 1, 0, 0])]
            print(f"| {name} |", " | ".join(cells), "|", flush=True)


if __name__ == "__main__":
    main()
