"""What the page and README.md state about results, read from their text.

NUMBERS: a piece of text with {} for each number, and what the numbers have to be.
COMPARISONS: a pattern in the text, and an expression that has to be true; its names are
those of `values`. A decimal, a percentage or a multiple in no row fails the last test.
"""

import ast
import json
import re
import statistics

import numpy as np
import pytest

import benchmark
import reference
from page import ALL_TEXT, README, TEXT, stored_text

RUNS = json.loads(benchmark.RESULTS.read_text(encoding="utf-8"))["runs"]


def printed(cell_id):
    """Return the numbers that a cell of the stored page has printed."""
    return [float(number) for number in re.findall(r"\d+\.?\d*", stored_text(cell_id))]


def measured(name, key="test", pick=statistics.median):
    """Return what benchmark.py has measured, by default the median test error."""
    return pick(run[key] for run in RUNS[name])


def valid(name):
    """Return the median error on the validation images."""
    return measured(name, "validation")


PLAIN, *CLASSES = printed("plain")
PCA, _, _, BETTER, _ = printed("compare")
BY_32 = "tuned Adam, batches of 32"
TIMES = measured(BY_32, "seconds") / measured("better", "seconds")
MIXED = "better, Adam for first and last layer"
NOISE = "better, trained with noise"
NUMBERS = [
    ("784 → {} → ", 128),
    (" → {} → 784", 128),
    ("({} MB)", 31),
    ("the last {} training images", "5,000"),
    ("decoded at {} × {} points", 10, 10),
    ("the error is {} thousandths", PLAIN),
    ("an error of {} good", PLAIN),
    ("class ({}); sandals ({}) and bags ({})", CLASSES[1], CLASSES[5], CLASSES[8]),
    ("the error rises to {}.", printed("train-2d")[0]),
    ("A validation loss of {} sounds", printed("train")[-2]),
    ("Of the encoder's {} hidden units, {} are dead", 128, printed("dead")[0]),
    ("| PCA | {} |", PCA),
    ("| the assignment's network | {} |", PLAIN),
    ("| layers of the same sizes, better trained | {} |", BETTER),
    ("brought the test error down to {}", measured("plain, 50 epochs")),
    ("would have won with {} on the same", measured("plain, 50 epochs")),
    ("| *plain* | {} |", valid("plain")),
    ("| new activations alone | {} |", valid("plain, new activations")),
    ("| falling rate alone | {} |", valid("plain, falling rate")),
    ("| both | {} |", valid("tuned Adam, batches of 250")),
    ("(*tuned Adam*) | {} |", valid("tuned Adam")),
    ("batches of 32: {} times *better*'s time | {} |", TIMES, valid(BY_32)),
    ("| with Muon (*better*) | {} |", valid("better")),
    ("the last layer | {} |", valid(MIXED)),
    ("sixteen: {} against {}", printed("sizes")[7], printed("sizes")[5]),
    (
        "*plain* ends between {} and {}",
        measured("plain", pick=min),
        measured("plain", pick=max),
    ),
    ("*better* at {}", measured("better")),
    ("third is left: the error is {}", measured("better, no hidden layers")),
    ("On the code, ReLU brings the error to {}", measured("better, ReLU on the code")),
    ("in the hidden layers, only to {}", measured("better, ReLU in the hidden layers")),
    ("No, it stays at {}", measured("better, loss MSE")),
    ("wins with {}", measured(NOISE, "noisy")),
    ("clean images rises to {}", measured(NOISE)),
]
COMPARISONS = [
    (
        r"beats the assignment's network|PCA wins!",
        "1.05 * error('PCA') < error('plain')",
    ),
    (r"beat both, in about", "1.3 * error('better') < error('PCA')"),
    (r"the closest to the original", "better_is_closest"),
    (
        r"in about \*plain\*'s training time",
        "0.7 < took('better') / took('plain') < 1.4",
    ),
    (
        r"both then take about",
        "0.7 < took('better') / took('tuned Adam') < 1.4",
    ),
    (r"takes two to three minutes", "80 < took('whole notebook') < 190"),
    (r"one-twelfth the numbers", "11.5 < 784 / 64 < 12.5"),
    (r"a mid-grey still costs log 2", "abs(cross_entropy(0.5, 0.5) - log(2)) < 1e-6"),
    (r"perfect copy's, 0\.24", "round(perfect, 2) == 0.24"),
    (r"below the dotted line", "perfect < min(val_loss)"),
    (r"end close together", "abs(loss[-1] - val_loss[-1]) < 0.004"),
    (r"still falling", "loss[-1] < loss[-2] - 3e-4 and val_loss[-1] < val_loss[-2]"),
    (r"it is 10 if .* off by a tenth", "round(1000 * (1 / 10) ** 2) == 10"),
    (r"were off by about a tenth", "0.09 < (error('plain') / 1000) ** 0.5 < 0.12"),
    (r"Trousers are the easiest", "by_class[0] == 'Trouser'"),
    (r"sandals .* are the hardest", "set(by_class[-2:]) == {'Sandal', 'Bag'}"),
    (r"squeeze all codes into a quarter", "plain_codes.min() == 0"),
    (
        r"took five times as long",
        "4 < took('plain, 50 epochs') / took('plain') < 6",
    ),
    (r"shoes and tops lie apart", "max(found([5, 7, 9], [0, 2, 4, 6])) < 0.05"),
    (r"shoes and tops lie apart", "max(found([0, 2, 4, 6], [5, 7, 9])) < 0.05"),
    (r"pullovers, coats and shirts share", "min(found([2, 4, 6], [2, 4, 6])) > 0.45"),
    (r"coats and shirts share one", "max(found([c], [c]) for c in [2, 4, 6]) < 0.65"),
    (r"stays above PCA", "1.05 * pca_valid < min(curve('plain'))"),
    (r"network would have won", "measured('plain, 50 epochs') < error('PCA')"),
    (r"the better one lowest", "curve('better')[-1] < curve('tuned')[-1]"),
    (r"larger than those below PCA's", "lead(', noise') < -1"),
    (r"[Mm]edians of three seeds", "seeds == 3"),
    (r"the other two end well below", "1.15 * curve('tuned')[-1] < pca_valid"),
    (r"the other two end well below", "1.3 * curve('better')[-1] < pca_valid"),
    (
        r"batches of 125 images and Muon of 500",
        "steps('tuned') == 440 and steps('better') == 110",
    ),
    (r"helps the first and the last layer", f"valid({MIXED!r}) > valid('better')"),
    (r"some 80 of the encoder's 192 units dead", "75 < killed_by_the_rate < 85"),
    (r"On average, these ten are easier", "ten_first < error('plain')"),
    (r"pulls all weights slightly", "0 < weight_decay < 0.01"),
    (r"grey ghosts .* hardly any", "2 * ghosts('better') < ghosts('PCA')"),
    (r"PCA does about as well or better", "worst('PCA') < 1.05 * worst('better')"),
    (r"nearly matches PCA with sixteen", "0.94 < error('4') / error('PCA, 16') < 1.06"),
    (r"the network's lead shrinks", "0 < lead(', upside down') < lead()"),
    (r"with noise, PCA wins", "lead(', noise') < -1"),
    (
        r"shift costs six times as much",
        "5.5 < error('shifted') / error('better') < 6.5",
    ),
    (r"are several times larger", "error('shifted') > 3 * error('better')"),
    (r"Less than a third", "0.2 < lead_left < 0.33"),
    (
        r"The network wins with 14.4",
        f"measured({NOISE!r}, 'noisy') < error('PCA, noise')",
    ),
]
FREE = [  # no results
    r"Python 3\.\d+( \(3\.\d+ and 3\.\d+)?|(Debian|Ubuntu) \d+\.\d+|arXiv:\d+\.\d+",
    r"we train twice|runs the notebook twice|the score the third",
    r"starting at a rate of 0\.03",  # a setting, in test_code.py
]


@pytest.fixture(scope="session")
def values(results):
    """Return the values and functions that COMPARISONS name."""
    originals, errors, error = reference.images("test"), results.errors, results.error
    valid_images = reference.images("valid")
    shares = reference.class_of_nearest_mean(results.codes("2d"))
    first, black = reference.first(), originals == 0
    worst = errors["better"].argsort()[-3:]
    shallow = error("PCA") - measured("better, no hidden layers")
    return {
        "perfect": reference.cross_entropy(valid_images, valid_images),
        "pca_valid": reference.mse(valid_images, reference.pca(valid_images)).mean(),
        "by_class": sorted(reference.CLASSES, key=lambda c: error("plain", c)),
        "better_is_closest": all(
            (errors["better"] < errors[name])[first].all() for name in ["PCA", "plain"]
        ),
        "ten_first": errors["plain"][first].mean(),
        "loss": results.history("plain", "loss"),
        "val_loss": results.history("plain", "val_loss"),
        "plain_codes": results.codes("plain"),
        "weight_decay": results.models["better"].optimizer.weight_decay,
        "lead_left": shallow / (error("PCA") - measured("better")),
        "killed_by_the_rate": measured("plain, falling rate", "dead"),
        "error": error,
        "took": lambda name: measured(name, "seconds"),
        "measured": measured,
        "valid": valid,
        "seeds": len(RUNS["plain"]),
        "log": np.log,
        "cross_entropy": reference.cross_entropy,
        "found": lambda rows, columns: shares[np.ix_(rows, columns)].sum(axis=1),
        "curve": lambda name: 1000 * results.history(name, "val_mse"),
        "steps": lambda name: results.models[name].history.params["steps"],
        "ghosts": lambda name: results.outputs[name][black].mean(),
        "worst": lambda name: errors[name][worst].mean(),
        "lead": lambda case="": error("PCA" + case) - error("better" + case),
    }


def pattern_of(text):
    """Return a regular expression for a text with {} for each number."""
    return re.escape(text).replace(r"\{\}", r"(\d+(?:[.,]\d+)?)")


@pytest.mark.parametrize("row", NUMBERS, ids=[row[0] for row in NUMBERS])
def test_number(row):
    text, *expected = row
    found = list(re.finditer(pattern_of(text), ALL_TEXT))
    assert found, "the text has changed; change the row with it"
    for match in found:
        for number, value in zip(match.groups(), expected, strict=True):
            decimals = len(number.partition(".")[2])
            right = value if isinstance(value, str) else f"{value:.{decimals}f}"
            assert number == right, f"{match[0]!r}, but it is {value}"


@pytest.mark.parametrize("row", COMPARISONS, ids=[": ".join(r) for r in COMPARISONS])
def test_comparison(values, row):
    pattern, expression = row
    found = re.search(pattern, ALL_TEXT)
    assert found, "the text has changed; change the row with it"
    comparisons = [
        n for n in ast.walk(ast.parse(expression)) if isinstance(n, ast.Compare)
    ]
    sides = {ast.unparse(s) for c in comparisons for s in [c.left, *c.comparators]}
    shown = {side: eval(side, dict(values)) for side in sorted(sides)}
    assert eval(expression, dict(values)), f"{found[0]!r} needs {expression}: {shown}"


def test_no_number_and_no_comparison_is_left_out():
    words = r"half|third|quarter|fifth|tenth|twelfth|twice|double|\w+ times"
    tokens = re.compile(rf"\d+\.\d+|\d+ ?%|\b(?:{words})\b")
    text = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", " ", ALL_TEXT, flags=re.DOTALL)
    rows = [pattern_of(row[0]) for row in NUMBERS]
    rows += [row[0] for row in COMPARISONS] + FREE
    read = [match.span() for row in rows for match in re.finditer(row, text)]
    unread = []
    for token in tokens.finditer(text):
        if not any(a <= token.start() and token.end() <= b for a, b in read):
            unread.append(text[max(0, token.start() - 40) : token.end() + 20])
    assert unread == []


def test_readme_shows_the_picture_and_the_time_of_the_page():
    for pattern in [r"!\[.*\]\(figures/.*\)", r"\w+ to \w+ minutes"]:
        assert re.findall(pattern, README) == re.findall(pattern, TEXT)


def test_table_in_the_readme_of_the_tests_is_that_of_the_results():
    results = json.loads(benchmark.RESULTS.read_text(encoding="utf-8"))
    readme = benchmark.RESULTS.with_name("README.md").read_text(encoding="utf-8")
    assert benchmark.table(results) in readme
