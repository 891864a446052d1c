"""The stored page: its cells, its text, and the numbers that it prints, by name.

A template is a piece of text with {names} in place of numbers.
"""

import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).parent.parent
FILES = "README.md", "tests/README.md", "tests/statements.txt", "tests/prints.txt"
FILES = [(ROOT / file).read_text(encoding="utf-8") for file in FILES]
README, TESTS_README, STATEMENTS, LAYOUTS = FILES
CELLS = nbformat.read(ROOT / "autoencoder_fashion_mnist.ipynb", as_version=4).cells
CODE = {cell.id: cell for cell in CELLS if cell.cell_type == "code"}
SOURCES = {name: cell.source for name, cell in CODE.items()}
ALTS = {name: c.metadata.alt for name, c in CODE.items() if "alt" in c.metadata}
PAGE = "\n\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
TEXT = "\n\n".join([PAGE, *ALTS.values(), README])
TEMPLATES = dict(re.findall(r"(?ms)^--- (.+?)\n(.*?)\s*(?=^---|\Z)", LAYOUTS))
PRINTS = [name for name in TEMPLATES if name in CODE]  # the others are of figures
NUMBERED = [name for name in TEMPLATES if re.search(r"{[^}]", TEMPLATES[name])]

WORDS = "two three four five six seven eight nine ten eleven twelve thirteen fourteen "
WORDS += "fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty "
WORDS = dict(zip(WORDS.split(), [*range(2, 20), *range(20, 61, 10)]))
NUMBER = rf"(?i:\d+(?:,\d{{3}})*(?:\.\d+)?|\b(?:{'|'.join(WORDS)})\b)"
PART = r"hal(?:f|ves?|ved)|third|quarter|(?:fif|six|seven|eigh|nin|ten|eleven|twelf"
PART += r"|\w+teen|\w+tie|hundred)th|(?:seven|eigh|nine)ty|hundred|thousand|[mb]illion"
PART += r"|dozen|twice|thrice|doubled?|tripled?|\w+fold"
TOKEN = rf"{NUMBER}|(?i:\b(?:{PART})s?\b)"


def template(text):
    """Return a template's regular expression, a group for each name, and the names."""
    text = " ".join(text.split())
    literals = [re.escape(part) for part in re.split(r"\{.*?\}", text)]
    regex = f"({NUMBER})".join(literals).replace(r"\ ", r"\s+")
    return regex, re.findall(r"\{(.*?)\}", text)


def value(number):
    """Return the value of a number in digits or in words."""
    return WORDS.get(number.lower()) or float(number.replace(",", ""))


def text_of(outputs):
    """Return the text of a cell's outputs, without colours and names of figures."""
    data = [out.get("data", {"text/plain": out.get("text", "")}) for out in outputs]
    texts = [out.get(f"text/{kind}", "") for out in data for kind in ["html", "plain"]]
    return re.sub(r"\x1b\[[\d;]*m|<Figure .*?>", "", "".join(texts))


def read(name, outputs):
    """Return the numbers in outputs by their text in tests/prints.txt, {name: text}.

    There, "…" is any text. Return None if the outputs have another one.
    """
    regex, names = template(TEMPLATES.get(name, ""))
    regex = rf"(?s)\s*{regex}\s*".replace("…", ".*")
    match = re.fullmatch(regex, text_of(outputs))
    return match and {n: v for n, v in zip(names, match.groups()) if n}
