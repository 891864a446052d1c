"""The benchmark runs, and prints every row of its table."""
import subprocess
import sys

from conftest import ROOT


def test_quick_benchmark_prints_its_table():
    run = subprocess.run(
        [sys.executable, ROOT / "tests" / "benchmark.py", "--quick"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=400)
    assert run.returncode == 0
    for row in ("seconds to a validation loss", "CPU seconds an epoch",
                "relative to its matrix products", "test BCE", "test MSE"):
        assert row in run.stdout
