"""The stored page: its cells, its text, and the numbers that it prints, by name.

A template is a piece of text with {names} in place of numbers; "…" is any text.
"""

import re
from pathlib import Path

import nbformat

from tests.measure import ROWS

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "autoencoder_fashion_mnist.ipynb"
FILES = "README.md", "tests/README.md", "tests/statements.txt", "tests/prints.txt"
README, TESTS_README, STATEMENTS, PRINTS = (
    (ROOT / name).read_text(encoding="utf-8") for name in FILES
)
CELLS = nbformat.read(NOTEBOOK, as_version=4).cells
CODE = {cell.id: cell for cell in CELLS if cell.cell_type == "code"}
ALTS = {
    name: cell.metadata.alt for name, cell in CODE.items() if "alt" in cell.metadata
}
PAGE = "\n\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
TEXT = "\n\n".join([PAGE, *ALTS.values(), README])

WORDS = "two three four five six seven eight nine ten eleven twelve thirteen fourteen "
WORDS += "fifteen twenty thirty forty fifty sixty seventy eighty ninety hundred"
WORDS = dict(zip(WORDS.split(), [*range(2, 16), *range(20, 101, 10)]))
NUMBER = rf"(?i:\d+(?:,\d{{3}})*(?:\.\d+)?|\b(?:{'|'.join(WORDS)})\b)"
PART = r"hal(?:f|ves?|ved)|third|quarter|fifth|sixth|seventh|eighth|ninth|tenth|twelfth"
PART += r"|\w+tieth|hundredth|thousand|million|twice|thrice|doubled?|dozen"
TOKEN = rf"{NUMBER}|(?i:\b(?:{PART})s?\b)"

# What the cells print, {cell: template}, in the words of tests/measure.py
PRINTS = dict(re.findall(r"(?ms)^--- (\S+)\n(.*?)\s*(?=^---|\Z)", PRINTS))


def template(text):
    """Return a template's regular expression, a group for each name, and the names."""
    text = " ".join(text.split())
    literals = [re.escape(part) for part in re.split(r"\{.*?\}", text)]
    regex = f"({NUMBER})".join(literals).replace("…", ".*")
    return regex.replace(r"\ ", r"\s+"), re.findall(r"\{(.*?)\}", text)


def value(number):
    """Return the value of a number in digits or in words."""
    return WORDS.get(number.lower()) or float(number.replace(",", ""))


def text_of(outputs):
    """Return the text of a cell's outputs, without colours and names of figures."""
    data = [out.get("data", {"text/plain": out.get("text")}) for out in outputs]
    texts = [out.get(f"text/{kind}", "") for out in data for kind in ["html", "plain"]]
    return re.sub(r"\x1b\[[\d;]*m|<Figure .*?>", "", "".join(texts))


def printed(cell_id, outputs):
    """Return the numbers that a cell has printed, {name: number as text}.

    None at all if its text is not that of tests/prints.txt.
    """
    text = text_of(outputs)
    if cell_id == "train":  # {"loss 1": "0.3228", …, "val_mse 10": "0.0093"}
        epochs = enumerate(re.findall("loss: .*", text), start=1)
        logs = {n: re.findall(r"(\w+): (\S+)", log) for n, log in epochs}
        return {f"{key} {n}": v for n, log in logs.items() for key, v in log}
    text = re.sub(r"(?m)^(Epoch \d+/|\d+/\d+ - ).*\n", "", text)  # logs, cleared later
    regex, names = template(PRINTS[cell_id])
    match = re.fullmatch(rf"\s*{regex}\s*", text, re.DOTALL)
    return dict(zip(names, match.groups())) if match else {}


def known():
    """Return all that the text may name without a run, {name: (lowest, highest)}.

    What the page prints; its settings, and the epochs of its "short" trainings; the
    "figure …" and the "section …" of a cell; "… rows" and "… columns" of a figure; and
    the table of tests/README.md, "training: column", with its ends ", from" and ", to".
    """
    found = {}
    for cell_id in ["train", *PRINTS]:
        found |= printed(cell_id, CODE[cell_id].outputs)
    code = "\n".join(cell.source for cell in CODE.values())
    (found["short"],) = set(re.findall(r"\bepochs=(\d+)", code))
    found["rate"] = re.search(r"initial_learning_rate=([\d.]+)", code)[1]
    found |= dict(re.findall(r"(?m)^(\w+) = (\d+)$", CODE["settings"].source))
    found |= {f"figure {cell_id}": str(n) for n, cell_id in enumerate(ALTS, start=1)}
    section = "0"
    for cell in CELLS:
        heading = re.search(r"(?m)^### (\d+)\.", cell.source)
        found[f"section {cell.id}"] = section = heading[1] if heading else section
    for cell_id, (_, titles, rows) in ROWS.items():
        found |= {f"{cell_id} rows": 1 + len(rows), f"{cell_id} columns": len(titles)}
    return {name: (value(str(n)),) * 2 for name, n in found.items()} | benchmark()


def benchmark():
    """Return the table of tests/README.md, {"training: column": (lowest, highest)}."""
    found = {}
    lines = TESTS_README[TESTS_README.index("| training |") :].splitlines()
    header, _, *rows = [line.split("|")[1:-1] for line in lines if line[:1] == "|"]
    for row, *ranges in rows:
        for column, ends in zip(header[1:], ranges, strict=True):
            name, ends = f"{row.strip()}: {column.strip()}", ends.split("–")
            found[name] = low, high = float(ends[0]), float(ends[-1])
            found |= {f"{name}, from": (low, low), f"{name}, to": (high, high)}
    return found


KNOWN = known()
