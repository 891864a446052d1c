"""What the notebook says and draws is so, after it has run as a student runs it."""
import gzip
import re
from pathlib import Path

import numpy as np
import pytest

import pictures
import truth
from conftest import CODE, PROSE, Page, shown
from truth import FLOOR, TEST, X, by_class, excess, keep, linear, outputs, per_image, squared_distances, to_nearest


def names(page):
    """Return the names that claims.tsv may use: the page's, truth's, pictures' and these."""
    n, small = page.names, page.fitted["sizes"]
    found = {f"{name}_{part[0]}": outputs(model, part) for part in ("valid", "test")
             for name, model in (("plain", n["plain"]), ("ours", n["autoencoder"]))}
    found |= {"pca_v": linear("valid", 64), "pca_t": linear("test", 64), "codes_t": outputs(n["encoder"], "test"),
              "points_t": outputs(small[-1].layers[1], "test"),
              "rounded_t": outputs(n["decoder"], n["rounded"] * n["step"]),
              "invented_t": outputs(n["decoder"], np.maximum(n["drawn"], 0))}
    for name in ("plain", "ours", "pca"):
        found[f"{name}_mse"] = per_image(X, found[f"{name}_t"])
        found[f"{name}_loss"] = FLOOR["valid"] + excess("valid", found[f"{name}_v"])
    medians = np.array([np.median(found["points_t"][TEST[1] == c], axis=0) for c in range(10)])
    (a, b), (mean, rows), decoder = np.random.default_rng(0).integers(0, 10_000, (2, 3000)), truth.patterns(), n["decoder"]
    return {**n, **vars(pictures), **vars(truth), **truth.WORDS, **found, "page": page, "figures": page.figures, "small": small,
            "FLOOR_V": FLOOR["valid"], "small_mse": [per_image(X, outputs(model, "test")).mean() for model in small],
            "linear_mse": [per_image(X, linear("test", k)).mean() for k in (64, 30, 8, 2)],
            "back": per_image(n["inputs"], outputs(n["autoencoder"], n["inputs"])),
            "novel": keep(lambda: to_nearest(X[:1000])[1]), "worst": found["ours_mse"].argsort(),
            "misplaced": by_class(squared_distances(found["points_t"], medians).argmin(axis=1) != TEST[1]),
            "linear_codec": lambda size: keep(lambda: truth.codec(size, (X - mean) @ rows.T, lambda n: np.clip(
                mean + n @ rows, 0, 1)), "linear", size),
            "code_codec": lambda size: keep(lambda: truth.codec(size, found["codes_t"], lambda n: outputs(
                decoder, n)), "code", size, decoder),
            "apart": lambda rows: np.sqrt(np.square(rows[a] - rows[b]).sum(axis=1)),
            "gzipped": lambda: round(keep(lambda: np.mean([len(gzip.compress(x)) for x in TEST[0]])), -1),
            "dense": lambda model: model.layers[1].layers[1:] + model.layers[2].layers[1:]}


def read_claims():
    """Return the rows of claims.tsv: (sentence or check, expressions or reason)."""
    lines = (Path(__file__).parent / "claims.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines[1:]]


def false_claims(page, stop=False):
    """Return what is not true in claims.tsv; with `stop`, only the first that is not."""
    found, wrong = names(page), []
    for sentence, expressions in read_claims():
        for expression in () if expressions.startswith("- ") else expressions.split("; "):
            try:
                true, why = eval(expression, found), "is false"
            except Exception as error:
                true, why = False, repr(error)
            if not true:
                wrong.append((sentence, expression, why))
                if stop:
                    return wrong
    return wrong


def sentences(markdown):
    """Return the sentences of a text, without headings, captions, pictures, labels and questions."""
    found = []
    for block in re.split(r"\n\n+|\n(?=- )", markdown):
        if not re.match(r"#|\*(Figure|Test images)|!\[", block):
            block = re.sub(r"^(- )?(\*+[^*]+\.\*+ )?", "", " ".join(block.split()))
            found += re.split(r"(?<=[.?!])\s+(?=[^a-z])|(?<=[.?!]\))\s+", block)
    return [sentence for sentence in found if sentence and not sentence.endswith(("?", ":"))]


def test_every_sentence_about_results_has_its_claim():
    starts = [PROSE.index(mark) for mark in ("After ten", "![", "## 5. ", "## Try it")]
    parts = PROSE[slice(*starts[:2])], PROSE[slice(*starts[2:])]
    rows = read_claims()
    claimed = " ".join(row[0] for row in rows if not row[0].startswith("="))
    assert claimed.split() == " ".join(sentences("\n\n".join(parts))).split()
    assert all(len(row) == 2 and row[1] for row in rows)


def test_claims(page):
    assert false_claims(page) == []


def test_second_run_of_each_cell_shows_what_is_stored(page):
    assert page.shown == {cell.id: shown(cell) for cell in CODE}


def test_old_keras_is_sent_for_a_new_one():
    page = Page()
    with pytest.raises(ImportError, match="Run %pip install -U keras"):
        page.run("imports", "import keras; keras.__version__ = '3.9.2'\n" + page.cells["imports"])


def test_training_stops_when_the_loss_is_not_finite(page):
    model = page.names["build_autoencoder"](64)[2]
    model.compile("adam", "binary_crossentropy")
    with pytest.raises(RuntimeError, match="NaN or Inf loss"):
        model.fit(X[:500], np.full((500, 784), np.nan), verbose=0, callbacks=page.names["callbacks"])
