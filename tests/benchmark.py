"""Measure what each part of the page's training is worth, and what it costs.

    python tests/benchmark.py          # train everything, write benchmark.json
    python tests/benchmark.py --tune   # print what the learning rates tried give

Each training is a process of its own. Errors are MSE in thousandths.
"""

import datetime
import json
import multiprocessing
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from page import NOTEBOOK, Page

RESULTS = Path(__file__).with_name("benchmark.json")
SEEDS = [0, 1, 2]
PLAIN = {
    "hidden": "relu",  # None: no hidden layers
    "code": "relu",
    "optimizer": "Adam",
    "rate": None,  # the first one, which falls to 0; None: the optimizer's default
    "adam_ratio": None,  # of Adam's rate to Muon's, for the first and the last layer
    "batch": 250,
    "epochs": 10,
    "loss": "binary_crossentropy",
    "noise": 0,
}
NEW = {**PLAIN, "hidden": "leaky_relu", "code": "linear"}
BETTER = {**NEW, "optimizer": "Muon", "rate": 0.02, "batch": 500}
MIXED = {**BETTER, "rate": 0.03, "batch": 250, "adam_ratio": 0.5}
RECIPES = {
    "plain": PLAIN,
    "plain, 50 epochs": {**PLAIN, "epochs": 50},
    "plain, new activations": NEW,
    "plain, falling rate": {**PLAIN, "rate": 0.006},
    "tuned Adam": {**NEW, "rate": 0.01, "batch": 125},
    "tuned Adam, batches of 250": {**NEW, "rate": 0.01},
    "tuned Adam, batches of 32": {**NEW, "rate": 0.006, "batch": 32},
    "better": BETTER,
    "better, 1 epoch": {**BETTER, "rate": 0.03, "epochs": 1},
    "better, 2 epochs": {**BETTER, "rate": 0.03, "epochs": 2},
    "better, 3 epochs": {**BETTER, "rate": 0.03, "epochs": 3},
    "better, ReLU in the hidden layers": {**BETTER, "hidden": "relu"},
    "better, ReLU on the code": {**BETTER, "code": "relu"},
    "better, Adam for first and last layer": MIXED,
    "better, no hidden layers": {**BETTER, "hidden": None},
    "better, loss MSE": {**BETTER, "loss": "mse"},
    "better, trained with noise": {**BETTER, "noise": 0.3},
}
TUNING = {
    "plain, falling rate": [0.003, 0.006, 0.01],
    "tuned Adam": [0.006, 0.01, 0.015],
    "tuned Adam, batches of 250": [0.006, 0.01, 0.015, 0.02],
    "tuned Adam, batches of 32": [0.004, 0.006, 0.008],
    "better": [0.015, 0.02, 0.03],
    "better, 3 epochs": [0.02, 0.03, 0.04],
    "better, Adam for first and last layer": [0.02, 0.03],
}


def build(page, recipe):
    """Return encoder and autoencoder."""
    keras = page.names["keras"]
    if recipe["hidden"]:
        build_autoencoder = page.names["build_autoencoder"]
        encoder, decoder, _ = build_autoencoder(64, recipe["hidden"], recipe["code"])
    else:
        code = keras.layers.Dense(64, recipe["code"])
        encoder = keras.Sequential([keras.Input((784,)), code])
        decoder = keras.layers.Dense(784, "sigmoid")
    noise = keras.layers.GaussianNoise(recipe["noise"])
    return encoder, keras.Sequential([keras.Input((784,)), noise, encoder, decoder])


def make_optimizer(keras, recipe, model, steps):
    """Return the optimizer of a recipe for `steps` batches."""
    options = {}
    if recipe["rate"]:
        schedule = keras.optimizers.schedules.PolynomialDecay
        options["learning_rate"] = schedule(recipe["rate"], steps, 0)
    if recipe["adam_ratio"]:
        kernels = model.trainable_weights[0], model.trainable_weights[-2]
        options["exclude_layers"] = [f"^{re.escape(k.path)}$" for k in kernels]
        options["adam_lr_ratio"] = recipe["adam_ratio"]
    return getattr(keras.optimizers, recipe["optimizer"])(**options)


def train(seed, recipe):
    """Train once; return errors, dead units of the encoder, and seconds."""
    page = Page(".")
    page.run("imports", "settings", "load", "scale", "build")
    keras, x_train = page.names["keras"], page.names["x_train"]
    x_valid, x_test = page.names["x_valid"], page.names["x_test"]
    start, cpu_start = time.perf_counter(), time.process_time()
    keras.utils.set_random_seed(seed)
    encoder, model = build(page, recipe)
    steps = recipe["epochs"] * len(x_train) // recipe["batch"]
    model.compile(make_optimizer(keras, recipe, model, steps), recipe["loss"])
    options = {"epochs": recipe["epochs"], "validation_data": (x_valid, x_valid)}
    model.fit(x_train, x_train, recipe["batch"], verbose=0, **options)
    results = {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu_start,
        "dead": 0,
    }
    values = x_train
    for layer in encoder.layers:
        values = layer(values)
        results["dead"] += int(np.all(values == 0, axis=0).sum())
    noise = np.random.default_rng(seed).normal(0, 0.3, x_test.shape)
    noisy = np.clip(x_test + noise, 0, 1)
    cases = {"validation": (x_valid, x_valid), "test": (x_test, x_test)}
    for name, (inputs, targets) in {**cases, "noisy": (noisy, x_test)}.items():
        outputs = model.predict(inputs, verbose=0)
        results[name] = 1000 * float(np.square(targets - outputs).mean())
    return results


def fresh_train(seed, recipe):
    """Train once in a new process; return its results."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(train, (seed, recipe))


def run_notebook():
    """Run the whole notebook in a folder of its own; return the seconds it takes."""
    copy = shutil.copy(NOTEBOOK, tempfile.mkdtemp())
    command = ["-m", "jupyter", "nbconvert", "--to", "notebook", "--execute", copy]
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True)
    return {"seconds": time.perf_counter() - start}


def compare():
    """Run every recipe and the notebook for each seed; write and print the results."""
    runs = {name: [] for name in [*RECIPES, "whole notebook"]}
    for seed in SEEDS:
        for name, recipe in RECIPES.items():
            print(f"{name}, seed {seed}", file=sys.stderr)
            runs[name].append(fresh_train(seed, recipe))
        runs["whole notebook"].append(run_notebook())
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())[1]
    about = {"date": datetime.date.today().isoformat(), "processor": cpu}
    results = {**about, "seeds": SEEDS, "runs": runs}
    RESULTS.write_text(json.dumps(results, indent=1), encoding="utf-8")
    print(table(results))


def tune():
    """Print the validation error that the rates give with seed 0."""
    for name, rates in TUNING.items():
        for rate in rates:
            run = fresh_train(0, {**RECIPES[name], "rate": rate})
            print(f"{name}, {rate}: {run['validation']:.2f}", flush=True)


def medians(results, key):
    """Return the median over the seeds of one column, {training: value}."""
    return {
        name: statistics.median(run[key] for run in runs)
        for name, runs in results["runs"].items()
        if key in runs[0]
    }


def table(results):
    """Return the results as a Markdown table, best validation error first."""
    lines = ["| training | validation MSE | test MSE | dead units | s | CPU s |"]
    lines += ["|:--|--:|--:|--:|--:|--:|"]
    valid, test = medians(results, "validation"), medians(results, "test")
    seconds, cpu = medians(results, "seconds"), medians(results, "cpu_seconds")
    for name in sorted(RECIPES, key=valid.get):
        errors = [run["test"] for run in results["runs"][name]]
        dead = [run["dead"] for run in results["runs"][name]]
        lines.append(
            f"| {name} | {valid[name]:.2f} "
            f"| {test[name]:.2f} ({min(errors):.2f}–{max(errors):.2f}) "
            f"| {min(dead)}–{max(dead)} | {seconds[name]:.0f} | {cpu[name]:.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    tune() if "--tune" in sys.argv else compare()
