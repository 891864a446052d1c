"""Each sentence of the page has a test, and each of those tests has its sentence.

The docstrings of the tests in FILES are sentences of the page. A new sentence needs a
test with that docstring, or a line with a reason in EXEMPT.
"""

import ast
import re
from collections import Counter
from pathlib import Path

from page import CELLS

FILES = ["test_assignment.py", "test_comparison.py"]
END = "## Try it yourself"

DEFINITION = "a definition or a plan"
METHOD = "mathematics, or how a method works"
LITERATURE = "from the literature, as cited"
BENCHMARK = "measured by tests/benchmark.py"
READING = "advice, or a reading of results that are tested"
LOADING = "test_loading.py"
SETTINGS = "test_settings.py"

EXEMPT = {
    "An autoencoder is a network that learns to return its own input, although "
    "everything has to pass through a bottleneck.": DEFINITION,
    "You should know Python and NumPy, and have trained a network once.": READING,
    "Keras must be 3.13 or newer: in older versions, one of the optimisers "
    "differs.": SETTINGS,
    "All cells together take two to three minutes on two CPU cores, without a GPU, "
    "and less than 3 GiB of memory.": BENCHMARK,
    "Keras downloads them once (30 MB) and keeps them in "
    "~/.keras/datasets/fashion-mnist.": LOADING,
    "A damaged file could go unnoticed, so a checksum follows.": LOADING,
    "If this cell fails, delete that folder, check the network, and run the cell "
    "again; off line, copy the four .gz files there.": LOADING,
    "The test images are never used to choose anything.": DEFINITION,
    "Seed, network and training are in one cell, so that running it again on the "
    "same machine repeats the result.": SETTINGS,
    "(Keras averages the training loss over the epoch, so it starts higher.)": METHOD,
    "This floor is an artefact of the loss; it says nothing about how much "
    "information the images hold.": METHOD,
    "A helper draws images in rows:": DEFINITION,
    "The rest asks how good the result is, and makes it better.": DEFINITION,
    "The classic way to compress an image to 64 numbers is PCA [2].": LITERATURE,
    "PCA's 64 patterns span a flat sheet in the space of images, and a network can "
    "bend its sheet, so it should do better.": METHOD,
    "Muon [3] instead of Adam.": LITERATURE,
    "A step of Muon takes longer.": BENCHMARK,
    "With batches of 500 images instead of 250, its ten epochs take about as long as "
    "Adam's.": BENCHMARK,
    "Adam scales the step of each weight by itself.": METHOD,
    "Muon treats the weights of a layer as one matrix and balances its step, so that "
    "a few strong directions do not drown the many weak ones.": METHOD,
    "(More epochs help the plain training, too: exercise 4.)": BENCHMARK,
    "There is a reason: where the code cannot tell whether a stripe is light or "
    "dark, a grey in between is the safest guess.": METHOD,
    "They make a bad picture, but they can be plotted.": DEFINITION,
    "The axes have no meaning of their own, and another seed draws another "
    "map.": METHOD,
    "Every point decodes to something, even where no image lies.": METHOD,
    "MSE compares pixel with pixel, and so does binary cross-entropy; neither knows "
    "what an edge is.": METHOD,
    "What was hard.": DEFINITION,
    "The learning rates had to be found by trial.": BENCHMARK,
    "Dense layers do not know which pixels are neighbours; convolutional ones "
    "do.": METHOD,
    "For comparison: a published convolutional autoencoder [4] with 64 numbers, "
    "larger and trained for longer, reaches 5.4 thousandths.": LITERATURE,
    "The rates were tuned for this data and these ten epochs; elsewhere they have to "
    "be found anew.": READING,
    "All numbers come from one seed; others give slightly different ones.": BENCHMARK,
}


def plain(text):
    """Return a text without emphasis, code marks and line breaks."""
    return " ".join(re.sub(r"[*`]", "", text).split())


def sentences(markdown):
    """Return the sentences of a Markdown text, without headings and pictures.

    Questions are left out: they state nothing.
    """
    found = []
    for block in re.split(r"\n\n+|\n(?=- )", markdown):
        if block.startswith(("#", "![")):
            continue
        block = plain(block.removeprefix("- "))
        found += re.split(r"(?<=[.?!]) |(?<=[.?!]\)) ", block)
    return [sentence for sentence in found if not sentence.endswith("?")]


def page_sentences():
    """Return the page's sentences, from its first line to the end of the discussion."""
    text = "\n\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
    return sentences(text.split(END)[0])


def docstring_sentences():
    """Return the sentences that the tests in FILES have as docstrings."""
    found = []
    for name in FILES:
        tree = ast.parse((Path(__file__).parent / name).read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found += sentences(ast.get_docstring(node) or "")
    return found


def test_each_sentence_has_a_test():
    without_test = Counter(page_sentences())
    without_test.subtract([*docstring_sentences(), *EXEMPT])
    assert "\n".join(+without_test) == ""


def test_each_test_has_its_sentence():
    without_sentence = Counter([*docstring_sentences(), *EXEMPT])
    without_sentence.subtract(page_sentences())
    assert "\n".join(+without_sentence) == ""
