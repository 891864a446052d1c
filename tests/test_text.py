"""The text gives the numbers that the cells print, and its claims are true.

Each claim stands below some words of its sentence, with room for other seeds and
machines: reword both together.
"""

import re

import pytest
from page import ROOT, TEXT, table

WORDS = " ".join("\n".join(TEXT).split())  # all text on one line


def says(words):
    """Fail if the text does not hold these words."""
    if words not in WORDS:
        pytest.fail(
            f'The page no longer says "{words}". Is it still true? Reword both.'
        )


def largest(rows, column):
    """Return the label of the row with the largest number in this column."""
    return max(rows, key=lambda label: rows[label][column])


def test_decimals_and_percentages(stored):
    """The text holds these, in this order."""
    (loss,), (perfect,) = table(stored["loss"]).values()
    _, (first,), (second,) = table(stored["scores"]).values()
    classes = table(stored["classes-table"])
    guess, sandals = classes["all images"][1], f"{classes['Sandal'][2]:.0f}%"
    expected = [loss, sandals, 0.001, first, guess, loss, perfect, first, 0.01]
    expected += [first, 0.01, second, 0.003]  # from section 9 on

    prose = re.sub(r"\]\(.*?\)|`.*?`", "", WORDS)  # without links and code
    found = re.findall(r"(.{,40}?)(\d+\.\d+|\d+%)", prose)  # with what stands before
    assert len(found) == len(expected), found
    for (before, number), value in zip(found, expected):
        assert number == str(value), f"after the words: {before}"


def test_readme(stored):
    """It gives the three scores."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| (PCA|\w+ network)\b.* (\S+) \|$", readme)
    scores = {name: [float(score)] for name, score in rows}
    assert scores == table(stored["scores"])  # README.md, notebook


def test_reference_values(results):
    """They depend on the data, the split, the error and PCA, not on a training."""
    guess = {label: row[1] for label, row in results["classes-table"].items()}
    assert (guess["all images"], guess["Dress"], guess["Coat"]) == (52.4, 47.0, 55.1)
    assert results["loss"]["perfect copies"] == [0.24]
    assert results["pca-table"]["two numbers"][1] == 45.6
    assert results["four"]["PCA"] == [9.9]
    assert results["scores"]["PCA"] == [9.8]
    assert results["noise"]["PCA"] == [15.4]
    assert results["shift"]["shifted"] == [37.8]


def test_sizes(stored):
    says("The code has about a twelfth as many numbers as the image")
    assert 11.5 < 784 / 64 < 12.5
    says("it has four times as many parameters (PCA stores 65 images")
    assert "218,192" in str(stored["build"])
    assert 3.5 < 218_192 / (65 * 784) < 4.5


def test_classes(results):
    classes = dict(results["classes-table"])
    every, ten = classes.pop("all images"), classes.pop("these ten")
    says("network's error is less than a fifth of the class mean's")
    assert every[0] < every[1] / 5
    says("flatters the network: its ten images are easier than average")
    assert ten[0] < 0.9 * every[0]
    says("Bags have the largest error, but they also differ most from their mean")
    assert largest(classes, 0) == largest(classes, 1) == "Bag"
    says("By their share, sandals are the hardest")
    assert largest(classes, 2) == "Sandal"


def test_learning_faster(results):
    rows = results["four"]
    relu, relu_falling = rows["ReLU, constant"], rows["ReLU, falling"]
    leaky, leaky_falling = rows["leaky, constant"], rows["leaky, falling"]
    says("falling rate harms ReLU but helps leaky units")
    assert relu_falling[0] > 1.1 * relu[0]
    assert leaky_falling[0] < 0.9 * leaky[0]
    says("leaky units, which are better at either rate")
    assert leaky[0] < 0.95 * relu[0]
    says("The first network passes PCA late")
    logged = [1000 * row[0] for row in results["train"].values()]
    assert logged[5] > rows["PCA"][0] > logged[-1]
    says("In the first network, some units are dead")
    assert sum(relu[1:]) > 0
    says("with the high, falling rate, more than half of the hidden units are")
    assert relu_falling[1] > 128 / 2
    says("Units that cannot die")
    assert leaky[1:] == leaky_falling[1:] == [0, 0]


def test_scores(results):
    scores = {name: score for name, (score,) in results["scores"].items()}
    says("does almost as well as this *first network*")
    says("the first network hardly beats PCA")
    assert 0.88 < scores["first network"] / scores["PCA"] < 1
    says("no larger and trained no longer, and its error is about a quarter lower")
    says("The second network's error is about a quarter lower than the first's")
    assert 0.69 < scores["second network"] / scores["first network"] < 0.79
    network, pca = results["pca-table"]["two numbers"]
    says("Even two numbers beat the class mean")
    assert network < 0.8 * results["classes-table"]["all images"][1]
    says("With two numbers, the network is far ahead")
    assert network < 0.8 * pca


def test_noise_and_shift(results):
    says("Now PCA is best on average")
    assert min(results["noise"], key=results["noise"].get) == "PCA"
    says("The shift costs more than five times as much as the blur")
    assert results["shift"]["shifted"][0] > 5 * results["shift"]["second network"][0]
