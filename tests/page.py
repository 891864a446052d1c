"""Read the notebook: its text, and what its cells print and draw."""

import base64
import io
import re
from pathlib import Path

import nbformat
from matplotlib.image import imread

ROOT = Path(__file__).parent.parent
NOTEBOOK = nbformat.read(ROOT / "autoencoder_fashion_mnist.ipynb", as_version=4)
CODE = [cell for cell in NOTEBOOK.cells if cell.cell_type == "code"]
TEXT = [cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown"]


def printed(outputs):
    """Return the text that a cell prints."""
    return "".join(output.get("text", "") for output in outputs)


def table(outputs):
    """Return the numbers that a cell prints, {label: [number, ...]}."""
    rows = {}
    for line in printed(outputs).splitlines():
        label, numbers = re.fullmatch(r"(.*?)((?: +\d+(?:\.\d+)?%?)*)", line).groups()
        if numbers:
            rows[label] = [float(number.strip("%")) for number in numbers.split()]
    return rows


def picture(outputs):
    """Return the picture that a cell draws, in greys, (height, width), or None."""
    for output in outputs:
        if "image/png" in output.get("data", {}):
            png = io.BytesIO(base64.b64decode(output["data"]["image/png"]))
            return imread(png)[..., :3].mean(axis=2)
