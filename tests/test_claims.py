"""What the page and README.md state about results, read from their text.

NUMBERS: a piece of text with {} for each number, and what the numbers have to be.
COMPARISONS: a pattern in the text, and an expression that has to be true; its names are
those of `values` and of this file. A decimal, a percentage or a multiple ("six times")
that no row reads fails `test_no_number_and_no_multiple_is_left_out`.
"""

import ast
import json
import re

import numpy as np
import pytest

import benchmark
import reference
from page import ALTS, CODE, README, TEXT, numbers, stored_text

ALL_TEXT = "\n\n".join([TEXT, *ALTS.values(), README])
TESTS_README = benchmark.RESULTS.with_name("README.md").read_text(encoding="utf-8")
RESULTS = json.loads(benchmark.RESULTS.read_text(encoding="utf-8"))
VALID, TEST, NOISY, DEAD, SECONDS = (
    benchmark.medians(RESULTS, key)
    for key in ["validation", "test", "noisy", "dead", "seconds"]
)
LOWEST, _, HIGHEST = sorted(run["test"] for run in RESULTS["runs"]["plain"])
BY_32, BY_250 = "tuned Adam, batches of 32", "tuned Adam, batches of 250"
MIXED = "better, Adam for first and last layer"
SHALLOW = "better, no hidden layers"
NOISE = "better, trained with noise"
FIFTY, TWO = "plain, 50 epochs", "better, 2 epochs"


PRINTED = {cell_id: numbers(stored_text(cell_id)) for cell_id in CODE}
FIGURE = {cell_id: number for number, cell_id in enumerate(ALTS, start=1)}
BATCH = {name: recipe["batch"] for name, recipe in benchmark.RECIPES.items()}
NUMBERS = [
    ("784 → {} → ", PRINTED["layers"][0]),
    (" → {} → 784", PRINTED["layers"][0]),
    ("holds {} training and {} test", PRINTED["load"][0], PRINTED["load"][3]),
    ("the last {} training images", PRINTED["scale"][4]),
    ("in batches of {} images", BATCH["plain"]),
    ("(figure {}). Lettering", FIGURE["plain"]),
    ("perfect copy's, 0.24 (figure {})", FIGURE["loss"]),
    ("was still falling (figure {})", FIGURE["loss"]),
    ("The test images of figure {}", FIGURE["plain"]),
    ("the error is {} thousandths", PRINTED["plain"][0]),
    ("an error of {} good", PRINTED["plain"][0]),
    ("easiest class ({}); sandals ({})", PRINTED["plain"][2], PRINTED["plain"][6]),
    ("and bags ({})", PRINTED["plain"][9]),
    ("the error rises to {}.", PRINTED["train-2d"][0]),
    ("A validation loss of {} sounds", PRINTED["train"][-2]),
    ("{} hidden units, {} are dead", PRINTED["dead"][1], PRINTED["dead"][0]),
    ("| PCA | {} |", PRINTED["compare"][0]),
    ("| the assignment's network, after ten epochs | {} |", PRINTED["compare"][1]),
    ("other activations, better trained | {} |", PRINTED["compare"][3]),
    ("brought the test error down to {}", TEST[FIFTY]),
    ("gets batches of {} images and", BATCH["better"]),
    ("images and Adam of {};", BATCH["tuned Adam"]),
    ("| *plain* | {} | {} |", BATCH["plain"], VALID["plain"]),
    ("| new activations alone | 250 | {} |", VALID["plain, new activations"]),
    ("| higher, falling rate alone | 250 | {} |", VALID["plain, falling rate"]),
    ("| both | {} | {} |", BATCH[BY_250], VALID[BY_250]),
    ("| both (*tuned Adam*) | {} | {} |", BATCH["tuned Adam"], VALID["tuned Adam"]),
    ("| both, taking {} times as long", SECONDS[BY_32] / SECONDS["better"]),
    ("as long as *better* | {} | {} |", BATCH[BY_32], VALID[BY_32]),
    ("with Muon (*better*) | {} | {} |", BATCH["better"], VALID["better"]),
    ("and the last layer | {} | {} |", BATCH[MIXED], VALID[MIXED]),
    ("sixteen: {} against {}", PRINTED["sizes"][7], PRINTED["sizes"][5]),
    ("*plain* ends between {} and {}", LOWEST, HIGHEST),
    ("*better* at {}", TEST["better"]),
    ("third is left: the error is {}", TEST[SHALLOW]),
    ("ReLU on the code: it brings the error to {}", TEST["better, ReLU on the code"]),
    ("hidden layers only to {}", TEST["better, ReLU in the hidden layers"]),
    ("No, it stays at {}", TEST["better, loss MSE"]),
    ("The network wins with {}", NOISY[NOISE]),
    ("clean images rises to {}", TEST[NOISE]),
    ("validation error from {} to {}", VALID["tuned Adam"], VALID["better"]),
    ("takes about {} times as long", SECONDS["whole notebook"] / SECONDS[FIFTY]),
]
COMPARISONS = [
    (r"beats the assignment's network", "1.05 * PCA < plain"),
    (r"PCA wins!", "1.05 * PCA < plain"),
    (r"beat both, in about", "1.3 * better < PCA < plain"),
    (r"\*plain\*'s training time", "SECONDS['better'] < 1.3 * SECONDS['plain']"),
    (r"both then take about", "0.7 < SECONDS['better'] / SECONDS['tuned Adam'] < 1.4"),
    (r"takes two to three minutes", "80 < SECONDS['whole notebook'] < 190"),
    (r"the closest to the original", "max(ten['better'] / ten['PCA']) < 1"),
    (r"the closest to the original", "max(ten['better'] / ten['plain']) < 1"),
    (r"perfect copy's, 0\.24 \(", "round(perfect, 2) == 0.24"),
    (r"end close together", "abs(loss[-1] - val_loss[-1]) < 0.004"),
    (r"Both losses are still falling", "loss[-1] < loss[-2] - 3e-4"),
    (r"Both losses are still falling", "val_loss[-1] < val_loss[-2]"),
    (r"these ten are easier", "ten['plain'].mean() < plain"),
    (r"Trousers are the easiest", "by_class[0] == 'Trouser'"),
    (r"sandals .* and bags .* hardest", "set(by_class[-2:]) == {'Sandal', 'Bag'}"),
    (r"bags .* differ most among themselves", "by_variance[-1] == 'Bag'"),
    (r"five times as long", "4 < SECONDS[FIFTY] / SECONDS['plain'] < 6"),
    (r"in a fifteenth of the time", "14 < SECONDS[FIFTY] / SECONDS[TWO] < 16"),
    (r"two epochs, \*better\* passes fifty", "TEST[TWO] < TEST[FIFTY]"),
    (r"\*Medians of three seeds, on the validation", "len(RESULTS['seeds']) == 3"),
    (r"\(medians of three seeds, on the test", "len(RESULTS['seeds']) == 3"),
    (r"shoes and tops lie apart", "max(shoes_at_tops, tops_at_shoes) < 0.03"),
    (r"shoes lie apart from tops", "max(shoes_at_tops, tops_at_shoes) < 0.03"),
    (r"pullovers, coats and shirts share one", "max(at_own_mean) < 0.65"),
    (r"pullovers, coats and shirts overlap", "min(at_one_of_three_means) > 0.45"),
    (r"network would have won", "TEST[FIFTY] < PCA"),
    (r"plain training stays above PCA", "1.05 * PCA_valid < min(curves['plain'])"),
    (r"the other two end well below", "1.15 * curves['tuned'][-1] < PCA_valid"),
    (r"the better one lowest", "1.05 * curves['better'][-1] < curves['tuned'][-1]"),
    (r"some 80 of the encoder's 192", "75 < DEAD['plain, falling rate'] < 85"),
    (r"helps the first and the last layer", "VALID['better'] < VALID[MIXED]"),
    (r"grey ghosts .* hardly any", "2 * ghosts('better') < ghosts('PCA')"),
    (r"PCA does about as well or better", "worst['PCA'] < 1.05 * worst['better']"),
    (r"about as well as PCA with sixteen", "0.94 < small_4 / PCA_16 < 1.06"),
    (r"network's lead shrinks", "0 < PCA_turned - better_turned < PCA - better"),
    (r"noise as strong as this, PCA wins", "1.05 * PCA_noisy < better_noisy"),
    (r"larger than those below PCA's", "noisy_five_to_PCA.mean() > 1"),
    (r"shift costs six times as much", "5.5 < shifted / better < 6.5"),
    (r"are several times larger", "3 * better < shifted"),
    (r"Less than a third", "PCA - TEST[SHALLOW] < (PCA - TEST['better']) / 3"),
    (r"The network wins with", "1.3 * NOISY[NOISE] < PCA_noisy"),
]
FREE = [  # settings and plain arithmetic
    r"Python 3\.\d+( \(3\.\d+ and 3\.\d+)?|(Debian|Ubuntu) \d+\.\d+|arXiv:\d+\.\d+",
    r"we train twice|runs the notebook twice|the score the third|into a quarter",
    r"at a rate of 0\.03|mid-grey of 0\.5|only a twelfth as many|is 10 if .* a tenth",
]


@pytest.fixture(scope="session")
def values(results):
    """Return the values and functions that COMPARISONS name."""
    y, first = reference.labels("test"), reference.first()
    worst = results.errors["better"].argsort()[-3:]
    points = results.codes("plane")
    means = [points[y == label].mean(axis=0) for label in range(10)]
    nearest = np.square(points[:, None] - means).sum(axis=2).argmin(axis=1)
    tops, shoes, alike = [0, 2, 4, 6], [5, 7, 9], [2, 4, 6]  # labels
    five = {name: errors[first[::2]] for name, errors in results.errors.items()}
    variance = {
        name: results.outputs["original"][y == label].var(axis=0).mean()
        for label, name in enumerate(reference.CLASSES)
    }

    def share(labels, others):
        """Return the share of images of classes that lie nearest to others' means."""
        return np.isin(nearest[np.isin(y, labels)], others).mean()

    def ghosts(name):
        """Return the mean grey where the originals are black."""
        return results.outputs[name][reference.images("test") == 0].mean()

    return {
        **globals(),
        **results.numbers,
        "shoes_at_tops": share(shoes, tops),
        "tops_at_shoes": share(tops, shoes),
        "at_own_mean": [share([label], [label]) for label in alike],
        "at_one_of_three_means": [share([label], alike) for label in alike],
        "ghosts": ghosts,
        "ten": {name: errors[first] for name, errors in results.errors.items()},
        "worst": {name: e[worst].mean() for name, e in results.errors.items()},
        "noisy_five_to_PCA": five["better_noisy"] / five["PCA_noisy"],
        "curves": results.curves,
        "by_class": sorted(reference.CLASSES, key=results.numbers.get),
        "by_variance": sorted(variance, key=variance.get),
        "loss": results.history("plain", "loss"),
        "val_loss": results.history("plain", "val_loss"),
    }


def pattern_of(text):
    """Return a regular expression for a text with {} for each number."""
    return re.escape(text).replace(r"\{\}", r"(\d+(?:[.,]\d+)?)")


@pytest.mark.parametrize("row", NUMBERS, ids=[row[0] for row in NUMBERS])
def test_number(row):
    text, *expected = row
    found = list(re.finditer(pattern_of(text), ALL_TEXT + TESTS_README))
    assert found, "the text has changed; change the row with it"
    for match in found:
        for number, value in zip(match.groups(), expected, strict=True):
            decimals = len(number.partition(".")[2])
            assert number == f"{value:,.{decimals}f}"


@pytest.mark.parametrize("pattern", [row[0] for row in COMPARISONS])
def test_text_of_comparison(pattern):
    found = re.search(pattern, ALL_TEXT + TESTS_README) is not None
    assert found, "the text has changed; change the row with it"


@pytest.mark.parametrize("row", COMPARISONS, ids=[": ".join(r) for r in COMPARISONS])
def test_comparison(values, row):
    tree = ast.parse(row[1], mode="eval").body
    sides = [ast.unparse(side) for side in [tree.left, *tree.comparators]]
    assert eval(row[1], values), [eval(side, values) for side in sides]


def test_no_number_and_no_multiple_is_left_out():
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
    assert unread == [], "add a row to NUMBERS, COMPARISONS or FREE"


def test_page_and_readme_show_the_same_picture_and_time():
    picture = f"![{ALTS['compare']}](figures/reconstructions.png)"
    for text in [TEXT, README]:
        assert picture in text
        assert "two to three minutes" in text


def test_readme_of_the_tests_holds_the_table_of_the_results():
    assert benchmark.table(RESULTS) in TESTS_README
