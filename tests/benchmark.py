"""Measure what the notebook's training is worth on this machine, for README.

    .venv/bin/python tests/benchmark.py  # about half an hour on two cores

Prints two tables: what each part of the recipe is worth, mean ± spread over three
seeds, and the time it takes, medians of three. Every run is a process of its own.
"""
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

from conftest import NOTEBOOK, Page

# name: epochs, batch size, optimiser, peak learning rate, whether it falls, whether the code starts at 7
RECIPES = {
    "plain recipe, 10 epochs": (10, 250, "Adam", 0.001, False, False),
    "plain recipe, 50 epochs": (50, 250, "Adam", 0.001, False, False),
    "Adam, batches of 32": (10, 32, "Adam", 0.001, False, False),
    "Adam, rate tuned and falling": (10, 250, "Adam", 0.006, True, False),
    "Adam, rate tuned and falling, with the start": (10, 250, "Adam", 0.003, True, True),
    "Muon, rate tuned but not falling": (10, 250, "Muon", 0.005, False, True),
    "Muon, rate falling, without the start": (10, 250, "Muon", 0.015, True, False),
    "all of it": (10, 250, "Muon", 0.015, True, True),
    "all of it, one epoch in batches of 125": (1, 125, "Muon", 0.015, True, True),
    "all of it, one epoch in batches of 200, rate 0.02": (1, 200, "Muon", 0.02, True, True)}
SEEDS = range(3)


def fit(name, seed, validate=True):
    """Train once; return seconds to the last validation loss, CPU seconds of an epoch after the first, and scores."""
    import numpy as np
    page = Page()
    for cell in ("imports", "settings", "source", "load", "scale", "build"):
        page.run(cell)
    page.run("better", page.cells["better"].split("\n\n\n")[0])  # start_active alone
    n, (epochs, batch, optimiser, rate, falls, starts) = page.names, RECIPES[name]
    keras, x, ends = n["keras"], n["x_train"], []
    start = time.perf_counter()
    keras.utils.set_random_seed(seed)
    encoder, decoder, model = n["build_autoencoder"](64)
    if starts:
        n["start_active"](encoder, decoder)
    if falls:
        rate = keras.optimizers.schedules.PolynomialDecay(rate, epochs * -(-len(x) // batch), 0)
    more = {"momentum": 0.9} if optimiser == "Muon" else {}
    model.compile(getattr(keras.optimizers, optimiser)(rate, **more), "binary_crossentropy")
    watch = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: ends.append((time.perf_counter(), time.process_time())))
    model.fit(x, x, epochs=epochs, batch_size=batch, verbose=0, callbacks=[watch],
              validation_data=(n["x_valid"],) * 2 if validate else None)
    loss = keras.losses.binary_crossentropy
    valid, test = (model.predict(n[part], verbose=0) for part in ("x_valid", "x_test"))
    codes = encoder.predict(n["x_test"], verbose=0)
    return {"seconds": ends[-1][0] - start, "cpu": (ends[-1][1] - ends[0][1]) / max(1, len(ends) - 1),
            "scores": [float(loss(n["x_valid"], valid).numpy().mean()),
                       float(loss(n["x_test"], test).numpy().mean()),
                       float(np.square(n["x_test"] - test).mean()),
                       int((codes.max(axis=0) == 0).sum())]}


def products():
    """Return the CPU seconds of one epoch's bare matrix products in NumPy."""
    import numpy as np
    sizes, rng = [784, 128, 64, 128, 784], np.random.default_rng(0)
    weights = [rng.random(size, np.float32) for size in zip(sizes, sizes[1:])]
    layers, start = [rng.random((250, size), np.float32) for size in sizes], time.process_time()
    for _ in range(220):
        for x, w, y in zip(layers, weights, layers[1:]):
            _ = x @ w, x.T @ y, x is layers[0] or y @ w.T
    return {"cpu": time.process_time() - start}


def notebook():
    """Run the notebook in an empty folder; return seconds and peak GiB."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--output-dir",
                        folder, str(NOTEBOOK)], check=True, cwd=folder, stderr=subprocess.DEVNULL)
    return {"seconds": time.perf_counter() - start,
            "peak": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20}


def fresh(*call):
    """Return what a function of this file returns, from a process of its own."""
    print(time.strftime("%H:%M:%S"), *call, file=sys.stderr)
    run = subprocess.run([sys.executable, *sys.argv, "--call", json.dumps(call)], check=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return json.loads(run.stdout.splitlines()[-1])


def main():
    runs = {name: [fresh("fit", name, seed) for seed in SEEDS] for name in RECIPES}
    print("| recipe | validation BCE | test BCE | test MSE | silent units |\n| :-- | --: | --: | --: | --: |")
    for name, results in runs.items():
        scores = list(zip(*(result["scores"] for result in results)))
        print(f"| {name} | " + " | ".join(f"{statistics.mean(s):.4f} ± {statistics.pstdev(s):.4f}"
                                          for s in scores[:3]) + f" | {min(scores[3])}–{max(scores[3])} |")

    def median(results, key="seconds"):
        return statistics.median(result[key] for result in results)

    long, whole = median(runs["plain recipe, 50 epochs"]), [fresh("notebook") for _ in SEEDS]
    bound = min(run["scores"][0] for run in runs["plain recipe, 50 epochs"])
    print(f"\n50 epochs of the plain recipe: {long:.0f} s")
    for name in list(RECIPES)[-2:]:
        lower = all(run["scores"][0] < bound for run in runs[name])
        print(f"{name}: {median(runs[name]):.1f} s, {long / median(runs[name]):.1f} times sooner; lower loss in every run: {lower}")
    print(f"The whole notebook: {median(whole):.0f} s, {median(whole) / long:.2f} of the 50 epochs; peak {median(whole, 'peak'):.2f} GiB")
    bare = median([fresh("products") for _ in SEEDS], "cpu")
    for name in ("plain recipe, 10 epochs", "all of it"):
        cpu = median([fresh("fit", name, 0, False) for _ in SEEDS], "cpu")
        print(f"An epoch of {name}: {cpu:.2f} CPU s, {cpu / bare:.1f} times its bare matrix products")


if __name__ == "__main__":
    if "--call" in sys.argv:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        function, *arguments = json.loads(sys.argv[-1])
        print(json.dumps(globals()[function](*arguments)))
    else:
        main()
