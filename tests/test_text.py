"""Link one: what the text states, by tests/statements.txt, is what the page prints."""

import re
from functools import cache
from importlib.metadata import version

import numpy as np
import pytest

from tests.page import (
    KNOWN,
    PAGE,
    README,
    ROOT,
    STATEMENTS,
    TEXT,
    TOKEN,
    template,
    value,
)

LINES = STATEMENTS[STATEMENTS.index("\n---") :]
LINES = re.findall(r"(?m)^(?!---)(.+?)(?: :: (.*))?$", LINES)
PIECES = [*dict.fromkeys(piece for piece, _ in LINES)]
RATIOS = [line for line in LINES if line[1]]
MARKUP = [  # code, addresses, references, headings, lists and captions
    *[r"(?s)```.*?```", r"`[^`\n]*`", r"\]\([^)]*\)", r"\[\d\]"],
    *[r"(?m)^### \d+\.", r"(?m)^\d\. ", r"\*Figure \d+\.", r"Part \d"],
]


@cache
def reading():
    """Return what each piece reads in the text, and what is left with unread numbers.

    {piece: [(sentence, [(name, number), ...]), ...]}, [sentence, ...]
    """
    left = {match.span() for match in re.finditer(TOKEN, TEXT)}
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
    _, left = reading()
    assert left == [], "add a line to tests/statements.txt"


@pytest.mark.parametrize("piece", PIECES, ids=[piece[:60] for piece in PIECES])
def test_numbers_of_the_text_are_stored(piece, request):
    sentences = reading()[0][piece]
    assert sentences, "the text has no such piece: change tests/statements.txt with it"
    for sentence, numbers in sentences:
        for name, number in numbers:
            if name in KNOWN:
                low, high = KNOWN[name]
            else:
                low = high = request.getfixturevalue("as_stored").numbers[name]
            room = 0.5001 * 10 ** -len(number.partition(".")[2])
            message = f"{sentence!r}: {name} is {low:g} to {high:g}, not {number}"
            assert low - room <= value(number) <= high + room, message


@pytest.mark.parametrize("source", ["stored", "computed"])
@pytest.mark.parametrize(("piece", "ratio"), RATIOS)
def test_words_are_true(piece, ratio, source, request):
    low, a, b, high = re.fullmatch(r"(\S+) < (.*) / (.*) < (\S+)", ratio).groups()
    values = {name: np.mean(ends) for name, ends in KNOWN.items()}
    if source == "computed" or not {a, b} <= {*values}:
        values |= request.getfixturevalue("same_training").numbers
    message = f"{piece!r}: {a} is {values[a]:.4g}, {b} is {values[b]:.4g}"
    assert float(low) < values[a] / values[b] < float(high), message


def test_map_tells_shoes_from_tops_but_hardly_a_pullover_from_a_coat(same_training):
    maps = same_training.expected["latent-space"][1:]
    points = [ax["lines"][1] for ax in maps]  # of each class
    centres = np.array([np.median(own, axis=0) for own in points])
    squares = [np.square(own[:, None] - centres).sum(axis=2) for own in points]
    nearest = [distances.argmin(axis=1) for distances in squares]
    tops, shoes, alike = [0, 2, 4, 6], [5, 7, 9], [2, 4, 6]
    for some, others in [(tops, shoes), (shoes, tops)]:
        assert all(np.isin(nearest[label], others).mean() < 0.06 for label in some)
    for label in alike:
        assert (nearest[label] == label).mean() < 0.65
        assert np.isin(nearest[label], alike).mean() > 0.45


def test_sections_are_in_order_and_readme_shows_the_same_picture():
    sections = re.findall(r"(?m)^### (\d+)\. ", PAGE)
    assert sections == [str(n) for n, _ in enumerate(sections, start=1)]
    (picture,) = re.findall(r"!\[.*\]\(figures/.*\)", PAGE)
    assert picture in README


def test_files_that_readme_names_exist():
    names = re.findall(r"[\w./]*\w\.(?:txt|ipynb|png|md)\b", README)
    missing = {n for n in names if not (ROOT / n.removeprefix("run/")).exists()}
    assert missing == set()


def test_installed_packages_are_those_that_are_required():
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        name, wanted = line.split()[0].split("==")
        assert version(name) == wanted, name
