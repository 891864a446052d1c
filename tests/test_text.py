"""Link one: what the text states, by tests/statements.txt, is what the page prints."""

import re
from functools import cache
from importlib.metadata import version

import numpy as np
import pytest

from tests import page
from tests.page import PAGE, README, TEXT, template, value

LINES = re.findall(r"(?m)^(?!---|#)(.+?)(?: :: (.+))?$", page.STATEMENTS)
PIECES = [*dict.fromkeys(piece for piece, _ in LINES)]
MARKUP = [r"(?s)```.*?```", r"\]\([^)]*\)", r"\[3\]"]  # code, addresses, the table
MARKUP += [r"(?m)^(### )?\d+\. ", r"\*Figure \d+\.", r"Part \d"]  # headings, lists


@cache
def known():
    """Return what the text may name without a run, {name: (lowest, highest)}."""
    found = {}
    for cell_id in page.PRINTS:
        found |= page.read(cell_id, page.CODE[cell_id].outputs) or {}
    (found["short"],) = set(re.findall(r"\bepochs=(\d+)", str(page.SOURCES)))
    found |= dict(re.findall(r"(?m)^(\w+) = (\d+)$", page.SOURCES["settings"]))
    found |= {f"figure {c}": str(n) for n, c in enumerate(page.ALTS, start=1)}
    section = "0"
    for cell in page.CELLS:
        heading = re.search(r"(?m)^### (\d+)\.", cell.source)
        found[f"section {cell.id}"] = section = heading[1] if heading else section
    found = {name: 2 * (value(number),) for name, number in found.items()}

    table = page.TESTS_README[page.TESTS_README.index("| training") :]
    rows = [row.split(" | ") for row in re.findall(r"(?m)^\| (.*) \|$", table)]
    for training, *cells in rows[1:]:
        for column, ends in zip(rows[0][1:], cells):
            name = f"{training}: {column}"
            low, *_, high = 2 * [float(end) for end in ends.split("–")]
            found[name] = low, high
            found |= {f"{name}, from": (low, low), f"{name}, to": (high, high)}
    return found


@cache
def reading():
    """Return what each piece reads in the text, and what is left with unread numbers.

    {piece: [(sentence, [(name, number), ...]), ...]}, [sentence, ...]
    """
    left = {match.span() for match in re.finditer(page.TOKEN, TEXT)}
    found = {piece: [] for piece in PIECES}
    rows = [(regex, [], []) for regex in MARKUP]
    rows += [(*template(p), found[p]) for p in sorted(PIECES, key=lambda p: "{" in p)]
    for regex, names, sentences in rows:
        for match in re.finditer(regex, TEXT):
            spans = [(name, match.span(i)) for i, name in enumerate(names, start=1)]
            new = [(name, TEXT[a:b]) for name, (a, b) in spans if (a, b) in left]
            sentences.append((match[0], new))
            left -= {s for s in left if match.start() <= s[0] and s[1] <= match.end()}
    return found, [TEXT[max(0, a - 40) : b + 20] for a, b in sorted(left)]


def test_every_number_of_the_text_has_a_line():
    assert reading()[1] == [], f"without a line in tests/statements.txt: {reading()[1]}"


@pytest.mark.parametrize("piece", PIECES, ids=[piece[:60] for piece in PIECES])
def test_numbers_of_the_text_are_stored(piece, request):
    sentences = reading()[0][piece]
    assert sentences, "not in the text: restore it, or change tests/statements.txt"
    for sentence, numbers in sentences:
        for name, number in numbers:
            if name in known():
                low, high = known()[name]
            else:
                low = high = request.getfixturevalue("as_stored")["numbers"][name]
            room = 0.5001 * 10 ** -len(number.partition(".")[2])
            message = f"{sentence!r}: {name} is {low:g} to {high:g}, not {number}"
            assert low - room <= value(number) <= high + room, message


@pytest.mark.parametrize(("piece", "ratio"), [line for line in LINES if line[1]])
def test_words_are_true(piece, ratio, fresh, pytestconfig):
    if re.search("EPOCHS|BATCH_SIZE", str(pytestconfig.getoption("--set"))):
        pytest.skip("the words are about other trainings")
    low, a, b, high = re.fullmatch(r"(\S+) < (.*) / (.*) < (\S+)", ratio).groups()
    values = {name: np.mean(ends) for name, ends in known().items()} | fresh["numbers"]
    message = f"{piece!r}: {a} is {values[a]:.4g}, {b} is {values[b]:.4g}"
    assert float(low) < values[a] / values[b] < float(high), message


def test_sections_are_in_order_and_readme_shows_the_picture():
    sections = re.findall(r"(?m)^### (\d+)\. ", PAGE)
    assert sections == [str(n) for n, _ in enumerate(sections, start=1)]
    (picture,) = re.findall(r"!\[.*\]\(figures/.*\)", PAGE)
    assert README.count(picture) == 1, picture


def test_files_that_texts_name_exist():
    texts = PAGE + README.replace(" run/", " ") + page.TESTS_README
    names = set(re.findall(r"[\w./-]*\w\.(?:txt|ipynb|png|md|py|toml)\b", texts))
    places = [page.ROOT, page.ROOT / "tests"]
    assert [n for n in names if not any((p / n).exists() for p in places)] == []


def test_required_packages_are_installed():
    lines = (page.ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split()[0].split("==") for line in lines)
    assert pins == {name: version(name) for name in pins}
