"""Measure what the notebook's training is worth on this machine.

    .venv/bin/python tests/benchmark.py            # about 15 minutes
    .venv/bin/python tests/benchmark.py --quick    # smoke test of the script

Prints one table: time to quality, cost of an epoch, the whole notebook, and
the quality of three seeds, for the notebook's recipe and for the assignment's
recipe with Keras' plain defaults (Adam, batch 256, `fit(x, x)`, 50 epochs).
Every measurement runs in a fresh process; times are medians.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

from conftest import NOTEBOOK, definitions


def notebook_functions():
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    return definitions([c for c in cells if c["cell_type"] == "code"])


def load(nb):
    """Return x_train, x_valid, x_test as the notebook makes them."""
    import numpy as np
    files = [nb["load_file"](name, nb["FOLDERS"]) for name in nb["SHA256"]]
    return (*np.split(nb["scale"](files[0][16:]), [55_000]),
            nb["scale"](files[2][16:]))


def fit(recipe, seed, epochs, target=None):
    """Train once; return seconds, CPU seconds an epoch, and test scores.

    recipe: "plain" or "notebook". Stops early once the validation loss is at
    or below `target`. A negative number of epochs trains without validation.
    The first epoch, which compiles, is left out of the CPU seconds.
    """
    nb = notebook_functions()
    keras = nb["keras"]
    x_train, x_valid, x_test = load(nb)
    keras.utils.set_random_seed(seed)
    bias = "zeros" if recipe == "plain" else "ones"
    model = nb["build_autoencoder"](bias=bias)[-1]
    losses, cpu, wall = [], [], []

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            cpu.append(time.process_time())
            if "val_loss" in logs:
                losses.append(logs["val_loss"])
                if target is not None and losses[-1] <= target:
                    wall.append(time.perf_counter() - start)
                    self.model.stop_training = True

    valid = None if epochs < 0 else (x_valid, x_valid)
    epochs = abs(epochs)
    start = time.perf_counter()
    if recipe == "plain":
        model.compile("adam", "binary_crossentropy")
        model.fit(x_train, x_train, epochs=epochs, batch_size=256, verbose=0,
                  validation_data=valid, callbacks=[Watch()])
    else:
        nb["Progress"] = Watch
        batch = nb["BATCH_SIZE"]
        nb["train"](model, nb["muon"](epochs * (len(x_train) // batch)),
                    x_train, epochs, batch, valid)
    total = time.perf_counter() - start
    output = model.predict(x_test, verbose=0)
    return {"seconds": wall[0] if wall else total, "reached": bool(wall),
            "epochs": len(cpu), "valid": losses[-1] if losses else None,
            "cpu": (cpu[-1] - cpu[0]) / max(1, len(cpu) - 1),
            "bce": float(nb["bce"](x_test, output).mean()),
            "mse": float(nb["mse"](x_test, output).mean())}


def products(_, __, epochs):
    """Return CPU seconds of one epoch's bare matrix products in numpy."""
    import numpy as np
    sizes = [784, 128, 64, 128, 784]
    rng = np.random.default_rng(0)
    x = rng.random((500, 784), np.float32)
    weights = [rng.random(s, np.float32) for s in zip(sizes, sizes[1:])]
    cpu = []
    for _ in range(1 + abs(epochs)):
        cpu.append(time.process_time())
        for _ in range(110):
            layers = [x]
            for w in weights:
                layers.append(layers[-1] @ w)
            slope = layers.pop()
            for w in weights[::-1]:
                layers.pop().T @ slope
                slope = slope @ w.T if layers else None
    cpu.append(time.process_time())
    return {"cpu": (cpu[-1] - cpu[1]) / abs(epochs)}


def whole_notebook(*_):
    """Run the notebook in a temporary folder; return seconds and peak GiB."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute",
             "--output-dir", folder, str(NOTEBOOK)],
            check=True, cwd=folder, stderr=subprocess.DEVNULL)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    return {"seconds": time.perf_counter() - start, "peak": peak}


def fresh(what, *arguments):
    """Return what a measurement returns, from a process of its own."""
    print(f"{time.strftime('%H:%M:%S')} {what} {arguments}", file=sys.stderr)
    answer = subprocess.run(
        [sys.executable, __file__, "--child", json.dumps([what, arguments])],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(answer.stdout.splitlines()[-1])


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def main(quick):
    runs, long, short, full = (1, 2, 1, 1) if quick else (3, 50, 4, 15)
    seeds = range(runs)
    plain = [fresh("fit", "plain", seed, long) for seed in seeds]
    target = median(plain, "valid")
    fast = [fresh("fit", "notebook", seed, short, target) for seed in seeds]
    ours = [fresh("fit", "notebook", seed, full) for seed in seeds]
    bare = [fresh("products", 0, 0, -5) for _ in seeds]
    some = -2 if quick else -5
    plain_cpu = [fresh("fit", "plain", 0, some) for _ in seeds]
    ours_cpu = [fresh("fit", "notebook", 0, some) for _ in seeds]
    print("| measure | assignment's recipe | notebook | ratio |")
    print("| --- | --: | --: | --: |")

    def row(name, a, b, form):
        print(f"| {name} | {a:{form}} | {b:{form}} | {a / b:.1f} |")

    row(f"seconds to a validation loss of {target:.4f}",
        median(plain, "seconds"), median(fast, "seconds"), ".1f")
    print("| … reached in every run | yes | "
          f"{'yes' if all(r['reached'] for r in fast) else 'no'} | |")
    row("CPU seconds an epoch", median(plain_cpu, "cpu"),
        median(ours_cpu, "cpu"), ".2f")
    row("… relative to its matrix products",
        median(plain_cpu, "cpu") / median(bare, "cpu"),
        median(ours_cpu, "cpu") / median(bare, "cpu"), ".2f")
    if not quick:
        whole = [fresh("whole_notebook") for _ in seeds]
        row("seconds: 50 epochs against the whole notebook",
            median(plain, "seconds"), median(whole, "seconds"), ".0f")
        print(f"| peak memory of the notebook, GiB | | "
              f"{median(whole, 'peak'):.2f} | |")
    for score in "bce", "mse":
        cells = [f"{statistics.mean(r[score] for r in rs):.4f} ± "
                 f"{statistics.pstdev([r[score] for r in rs]):.4f}"
                 for rs in (plain, ours)]
        print(f"| test {score.upper()} of {runs} seeds, {long} and {full} epochs"
              f" | {cells[0]} | {cells[1]} | |")


if __name__ == "__main__":
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        what, arguments = json.loads(options.child)
        print(json.dumps(globals()[what](*arguments)))
    else:
        main(options.quick)
