"""Link one: what the text states, by tests/statements.txt, is what the page prints."""

import re
from functools import cache

import numpy as np
import pytest

from tests import page
from tests.page import KNOWN, PAGE, README, TEXT, template, value

LINES = page.STATEMENTS[page.STATEMENTS.index("\n---") :]
LINES = re.findall(r"(?m)^(?!---)(.+?)(?: :: (.*))?$", LINES)
PIECES = [*dict.fromkeys(piece for piece, _ in LINES)]
# Code, addresses, references, headings, lists and captions
MARKUP = [r"(?s)```.*?```", r"`[^`\n]*`", r"\]\([^)]*\)", r"\[\d\]", r"(?m)^### \d+\."]
MARKUP += [r"(?m)^\d\. ", r"\*Figure \d+\.", r"Part \d"]


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
    assert reading()[1] == [], "add a line to tests/statements.txt"


@pytest.mark.parametrize("piece", PIECES, ids=[piece[:60] for piece in PIECES])
def test_numbers_of_the_text_are_stored(piece, request):
    sentences = reading()[0][piece]
    assert sentences, "the text has no such piece: change tests/statements.txt with it"
    for sentence, numbers in sentences:
        for name, number in numbers:
            if name in KNOWN:
                low, high = KNOWN[name]
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
    values = {name: np.mean(ends) for name, ends in KNOWN.items()} | fresh["numbers"]
    message = f"{piece!r}: {a} is {values[a]:.4g}, {b} is {values[b]:.4g}"
    assert float(low) < values[a] / values[b] < float(high), message


def test_sections_are_in_order_and_readme_shows_the_same_picture():
    sections = re.findall(r"(?m)^### (\d+)\. ", PAGE)
    assert sections == [str(n) for n, _ in enumerate(sections, start=1)]
    (picture,) = re.findall(r"!\[.*\]\(figures/.*\)", PAGE)
    assert picture in README


def test_files_that_readme_names_exist():
    names = re.findall(r"[\w./]*\w\.(?:txt|ipynb|png|md)\b", README)
    missing = {n for n in names if not (page.ROOT / n.removeprefix("run/")).exists()}
    assert missing == set()
