"""Measure what each part of the page's training is worth, and what it costs.

    python tests/benchmark.py           # train everything, print the table
    python tests/benchmark.py --tune    # look for the best learning rates

Every run is a process of its own. Errors are MSE in thousandths.
"""

import argparse
import json
import math
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from page import NOTEBOOK, Page

CELLS = ["imports", "settings", "load", "scale", "build"]
SEEDS = [0, 1, 2]
EQUAL_TIME = 1.15  # up to this many times the page's seconds count as equal
TUNING = [  # code size, optimizer, batch size, epochs, of them rising, peak rates
    (64, "Adam", 250, 10, 0, [0.001, 0.002, 0.004, 0.006, 0.01]),
    (64, "Adam", 250, 10, 1, [0.004, 0.006, 0.01, 0.015, 0.02]),
    (64, "Adam", 32, 10, 0, [0.0005, 0.001, 0.002, 0.004]),
    (64, "Muon", 500, 10, 0, [0.01, 0.015, 0.02, 0.03]),
    (64, "Muon", 500, 10, 1, [0.02, 0.03]),
    (64, "Muon", 500, 3, 0, [0.02, 0.03, 0.04]),
    (32, "Muon", 500, 3, 0, [0.02, 0.03, 0.04]),
    (8, "Muon", 500, 3, 0, [0.02, 0.03, 0.04]),
    (2, "Muon", 500, 3, 0, [0.02, 0.03, 0.04]),
]


@dataclass(frozen=True)
class Recipe:
    """A way to train.

    `peak` is the highest rate, None the optimizer's constant default. The rate rises
    from 0 for `rising` epochs and falls to 0 in the rest: in a straight line,
    or along a cosine where it has risen before.
    """

    name: str
    optimizer: str
    peak: float | None
    epochs: int
    batch_size: int
    code_activation: str
    hidden: bool = True
    code_size: int = 64
    rising: int = 0


PLAIN_50 = Recipe("plain, 50 epochs", "Adam", None, 50, 250, "relu")
PAGE = Recipe("page, 10 epochs", "Muon", 0.02, 10, 500, "linear")
SHORT = [
    Recipe("page, 1 epoch", "Muon", 0.03, 1, 500, "linear"),
    Recipe("page, 2 epochs", "Muon", 0.03, 2, 500, "linear"),
    Recipe("page, 3 epochs", "Muon", 0.03, 3, 500, "linear"),
]
RECIPES = [  # for the peak rates, see --tune
    Recipe("plain, 10 epochs", "Adam", None, 10, 250, "relu"),
    PLAIN_50,
    Recipe("Adam, batches of 250, ReLU code", "Adam", 0.006, 10, 250, "relu"),
    Recipe("Adam, batches of 250", "Adam", 0.006, 10, 250, "linear"),
    Recipe("Adam, batches of 250, rising", "Adam", 0.015, 10, 250, "linear", rising=1),
    Recipe("Adam, batches of 32, ReLU code", "Adam", 0.002, 10, 32, "relu"),
    Recipe("Adam, batches of 32", "Adam", 0.002, 10, 32, "linear"),
    Recipe("page, 1 epoch, ReLU code", "Muon", 0.03, 1, 500, "relu"),
    Recipe("page, 2 epochs, ReLU code", "Muon", 0.03, 2, 500, "relu"),
    Recipe("page, 3 epochs, ReLU code", "Muon", 0.03, 3, 500, "relu"),
    Recipe("page, 10 epochs, ReLU code", "Muon", 0.02, 10, 500, "relu"),
    *SHORT,
    PAGE,
    Recipe("page, 10 epochs, no hidden layers", "Muon", 0.02, 10, 500, "linear", False),
]


def build_shallow(keras, code_size):
    """Return encoder and autoencoder without hidden layers."""
    image = keras.Input(shape=(784,))
    code = keras.layers.Dense(code_size)(image)
    output = keras.layers.Dense(784, activation="sigmoid")(code)
    return keras.Model(image, code), keras.Model(image, output)


def make_optimizer(keras, recipe, images):
    """Return the recipe's optimizer for training on `images` images."""
    optimizer = getattr(keras.optimizers, recipe.optimizer)
    if recipe.peak is None:
        return optimizer()
    steps = math.ceil(images / recipe.batch_size)  # in an epoch
    schedules = keras.optimizers.schedules
    if recipe.rising:
        rise = {"warmup_target": recipe.peak, "warmup_steps": recipe.rising * steps}
        rest = (recipe.epochs - recipe.rising) * steps
        return optimizer(schedules.CosineDecay(0.0, rest, **rise))
    rate = schedules.PolynomialDecay(
        recipe.peak, recipe.epochs * steps, end_learning_rate=0
    )
    return optimizer(rate)


def train(recipe, seed):
    """Train once; return errors in thousandths, and seconds without loading."""
    with tempfile.TemporaryDirectory() as folder:
        page = Page(folder)
        page.run_all(CELLS)
    keras = page.names["keras"]
    x_train = page.names["x_train"]
    x_valid = page.names["x_valid"]
    x_test = page.names["x_test"]
    keras.utils.set_random_seed(seed)

    wall = time.perf_counter()
    cpu = time.process_time()
    if recipe.hidden:
        build = page.names["build_autoencoder"]
        encoder, _, model = build(recipe.code_size, recipe.code_activation)
    else:
        encoder, model = build_shallow(keras, recipe.code_size)
    optimizer = make_optimizer(keras, recipe, len(x_train))
    model.compile(optimizer, "binary_crossentropy", metrics=["mse"])
    settings = {"epochs": recipe.epochs, "batch_size": recipe.batch_size}
    valid = (x_valid, x_valid)
    model.fit(x_train, x_train, validation_data=valid, verbose=0, **settings)
    cpu = time.process_time() - cpu
    wall = time.perf_counter() - wall

    codes = encoder.predict(x_valid, verbose=0)
    squares = np.square(x_test - model.predict(x_test, verbose=0))
    return {
        "valid_loss": model.history.history["val_loss"][-1],
        "valid_mse": 1000 * model.history.history["val_mse"][-1],
        "test_mse": 1000 * float(squares.mean()),
        "dead": int((codes == 0).all(axis=0).sum()),
        "seconds": wall,
        "cpu_seconds": cpu,
    }


def run_notebook():
    """Run the whole notebook; return seconds, and its largest process in GiB."""
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "notebook"]
    with tempfile.TemporaryDirectory() as folder:
        copy = shutil.copy(NOTEBOOK, folder)  # so that its figures stay there, too
        start = time.perf_counter()
        subprocess.run([*command, "--execute", copy], check=True)
        seconds = time.perf_counter() - start
    kibibytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # on Linux
    return {"seconds": seconds, "peak_gib": kibibytes / 2**20}


def fresh(name, seed, *arguments):
    """Call this file in a new process; return its results."""
    print(time.strftime("%H:%M:%S"), f"{name}, seed {seed}", file=sys.stderr)
    command = [sys.executable, __file__, *arguments]
    env = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    options = {"env": env, "capture_output": True, "text": True}
    child = subprocess.run(command, check=False, **options)
    if child.returncode:
        sys.exit(child.stderr)
    return {"name": name, "seed": seed, **json.loads(child.stdout.splitlines()[-1])}


def fresh_train(recipe, seed):
    """Train once in a new process; return its results."""
    return fresh(recipe.name, seed, "--train", json.dumps(asdict(recipe)), str(seed))


def values(runs, name, key):
    """Return what the runs of this name measured, one value a seed."""
    return [run[key] for run in runs if run["name"] == name]


def median(runs, name, key):
    """Return the median over the seeds, in the unit of `key`."""
    return statistics.median(values(runs, name, key))


def print_table(runs):
    """Print a line for each recipe: medians over the seeds, smallest and largest."""
    print("| recipe | validation loss | test MSE in thousandths", end="")
    print(" | dead code units | seconds | CPU seconds |\n|:--|--:|--:|--:|--:|--:|")
    for name in [recipe.name for recipe in RECIPES]:
        errors = values(runs, name, "test_mse")
        dead = values(runs, name, "dead")
        print(f"| {name} | {median(runs, name, 'valid_loss'):.4f}", end=" | ")
        print(f"{statistics.median(errors):.2f}", end=" ")
        print(f"({min(errors):.2f}–{max(errors):.2f})", end=" | ")
        print(f"{min(dead)}–{max(dead)}", end=" | ")
        print(f"{median(runs, name, 'seconds'):.1f}", end=" | ")
        print(f"{median(runs, name, 'cpu_seconds'):.1f} |")


def print_sentences(runs):
    """Print how the page compares with plain training and with Adam."""
    error = {recipe: median(runs, recipe.name, "test_mse") for recipe in RECIPES}
    seconds = {recipe: median(runs, recipe.name, "seconds") for recipe in RECIPES}

    def told(recipe):
        return f"{recipe.name} ({error[recipe]:.2f} in {seconds[recipe]:.1f} s)"

    reached = [recipe for recipe in SHORT if error[recipe] <= error[PLAIN_50]]
    if reached:
        soonest = min(reached, key=seconds.get)
        ratio = seconds[PLAIN_50] / seconds[soonest]
        print(f"\n{told(soonest)} reaches {told(PLAIN_50)} {ratio:.1f} times sooner.")
    else:
        print(f"\nNo page recipe of 1 to 3 epochs reaches {told(PLAIN_50)}.")

    adams = [recipe for recipe in RECIPES if recipe.optimizer == "Adam"]
    limit = EQUAL_TIME * seconds[PAGE]
    quick = [recipe for recipe in adams if seconds[recipe] <= limit]
    rival = told(min(quick, key=error.get)) if quick else "none"
    print(f"Muon: {told(PAGE)}; best Adam at equal time: {rival}; ", end="")
    print(f"best Adam at any time: {told(min(adams, key=error.get))}.")

    whole = median(runs, "whole notebook", "seconds")
    peak = median(runs, "whole notebook", "peak_gib")
    print(f"The whole notebook: {whole:.0f} s, ", end="")
    print(f"{whole / seconds[PLAIN_50]:.2f} times {PLAIN_50.name}; ", end="")
    print(f"largest process {peak:.2f} GiB.")


def save(path, runs):
    """Write the runs to a JSON file, if there is a path."""
    if path:
        Path(path).write_text(json.dumps(runs, indent=1), encoding="utf-8")


def compare(path):
    """Run every recipe and the notebook once for each seed; print the results."""
    runs = []
    for seed in SEEDS:
        for recipe in RECIPES:
            runs.append(fresh_train(recipe, seed))
            if recipe == PLAIN_50:  # one after the other: the same machine for both
                runs.append(fresh("whole notebook", seed, "--notebook"))
            save(path, runs)
    print_table(runs)
    print_sentences(runs)


def tune(path):
    """Print the validation MSE, in thousandths, of peak rates with seed 0."""
    runs = []
    print("| code | optimizer | batch size | epochs | of them rising", end="")
    print(" | peak rate | ReLU code | linear code |")
    print("|--:|:--|--:|--:|--:|--:|--:|--:|")
    for code_size, optimizer, batch_size, epochs, rising, peaks in TUNING:
        for peak in peaks:
            for activation in ["relu", "linear"]:
                settings = (optimizer, peak, epochs, batch_size, activation)
                name = f"{code_size} numbers, {settings}, {rising} rising"
                recipe = Recipe(name, *settings, code_size=code_size, rising=rising)
                runs.append(fresh_train(recipe, 0))
                save(path, runs)
            row = [code_size, optimizer, batch_size, epochs, rising, peak]
            errors = [f"{run['valid_mse']:.2f}" for run in runs[-2:]]
            print("| " + " | ".join(map(str, row + errors)) + " |", flush=True)


def main():
    """Read the command line, and do what it says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tune", action="store_true", help="try peak rates")
    parser.add_argument("--json", metavar="PATH", help="write every run to PATH")
    parser.add_argument("--train", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--notebook", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:  # one run, in a process of its own
        recipe, seed = options.train
        print(json.dumps(train(Recipe(**json.loads(recipe)), int(seed))))
    elif options.notebook:  # likewise
        print(json.dumps(run_notebook()))
    elif options.tune:
        tune(options.json)
    else:
        compare(options.json)


if __name__ == "__main__":
    main()
