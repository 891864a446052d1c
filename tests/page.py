"""The stored page: its cells, its text, and the numbers that it prints, by name.

A template is a piece of text with {names} in place of numbers; "…" is any text.
"""

import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).parent.parent
FILES = "README.md", "tests/README.md", "tests/statements.txt", "tests/prints.txt"
FILES = [(ROOT / name).read_text(encoding="utf-8") for name in FILES]
README, TESTS_README, STATEMENTS, PRINTS = FILES
CELLS = nbformat.read(ROOT / "autoencoder_fashion_mnist.ipynb", as_version=4).cells
CODE = {cell.id: cell for cell in CELLS if cell.cell_type == "code"}
ALTS = {name: c.metadata.alt for name, c in CODE.items() if "alt" in c.metadata}
PAGE = "\n\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
TEXT = "\n\n".join([PAGE, *ALTS.values(), README])
TEMPLATES = dict(re.findall(r"(?ms)^--- (.+?)\n(.*?)\s*(?=^---|\Z)", PRINTS))
PRINTS = [name for name in TEMPLATES if name in CODE]  # the others are of figures

WORDS = "two three four five six seven eight nine ten eleven twelve thirteen fourteen "
WORDS += "fifteen twenty thirty forty fifty sixty seventy eighty ninety hundred"
WORDS = dict(zip(WORDS.split(), [*range(2, 16), *range(20, 101, 10)]))
NUMBER = rf"(?i:\d+(?:,\d{{3}})*(?:\.\d+)?|\b(?:{'|'.join(WORDS)})\b)"
PART = r"hal(?:f|ves?|ved)|third|quarter|fifth|sixth|seventh|eighth|ninth|tenth|twelfth"
PART += r"|\w+tieth|hundredth|thousand|million|twice|thrice|doubled?|dozen"
TOKEN = rf"{NUMBER}|(?i:\b(?:{PART})s?\b)"


def template(text):
    """Return a template's regular expression, a group for each name, and the names."""
    text = " ".join(text.split())
    literals = [re.escape(part) for part in re.split(r"\{.*?\}", text)]
    regex = f"({NUMBER})".join(literals).replace("…", "(?s:.*)")
    return regex.replace(r"\ ", r"\s+"), re.findall(r"\{(.*?)\}", text)


def value(number):
    """Return the value of a number in digits or in words."""
    return WORDS.get(number.lower()) or float(number.replace(",", ""))


def text_of(outputs):
    """Return the text of a cell's outputs, without colours and names of figures."""
    data = [out.get("data", {"text/plain": out.get("text")}) for out in outputs]
    texts = [out.get(f"text/{kind}", "") for out in data for kind in ["html", "plain"]]
    return re.sub(r"\x1b\[[\d;]*m|<Figure .*?>", "", "".join(texts))


def read(name, outputs):
    """Return the numbers in outputs by their text in tests/prints.txt, {name: text}.

    None if the text is another.
    """
    regex, names = template(TEMPLATES[name])
    match = re.fullmatch(rf"\s*{regex}\s*", text_of(outputs))
    return match and {n: v for n, v in zip(names, match.groups()) if n}


def known():
    """Return all that the text may name without a run, {name: (lowest, highest)}.

    What the page prints; its settings, and the epochs of its "short" trainings; the
    "figure …" and the "section …" of a cell; and the table of tests/README.md,
    "training: column", with its ends ", from" and ", to".
    """
    found = {}
    for cell_id in PRINTS:
        found |= read(cell_id, CODE[cell_id].outputs) or {}
    code = "\n".join(cell.source for cell in CODE.values())
    (found["short"],) = set(re.findall(r"\bepochs=(\d+)", code))
    found["rate"] = re.search(r"initial_learning_rate=([\d.]+)", code)[1]
    found |= dict(re.findall(r"(?m)^(\w+) = (\d+)$", CODE["settings"].source))
    found |= {f"figure {cell_id}": str(n) for n, cell_id in enumerate(ALTS, start=1)}
    section = "0"
    for cell in CELLS:
        heading = re.search(r"(?m)^### (\d+)\.", cell.source)
        found[f"section {cell.id}"] = section = heading[1] if heading else section
    found = {name: 2 * (value(number),) for name, number in found.items()}

    table = TESTS_README[TESTS_README.index("| training") :]
    rows = [row.split(" | ") for row in re.findall(r"(?m)^\| (.*) \|$", table)]
    for training, *cells in rows[1:]:
        for column, ends in zip(rows[0][1:], cells):
            name = f"{training}: {column}"
            low, *_, high = 2 * [float(end) for end in ends.split("–")]
            found[name] = low, high
            found |= {f"{name}, from": (low, low), f"{name}, to": (high, high)}
    return found


KNOWN = known()
