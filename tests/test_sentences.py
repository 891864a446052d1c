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
    "An autoencoder is a network that learns to return its own input through a "
    "bottleneck.": DEFINITION,
    "You should know Python and NumPy, and have trained a network once.": READING,
    "Keras must be 3.13 or newer, for its Muon optimiser (section 7).": SETTINGS,
    "All cells together take two to three minutes on two CPU cores, without a GPU, "
    "and less than 3 GiB of memory.": BENCHMARK,
    "Keras downloads them once (31 MB) into ~/.keras/datasets/fashion-mnist.": LOADING,
    "If this cell fails, delete that folder and run the cell again; offline, copy "
    "the four .gz files there.": LOADING,
    "Running this cell again on the same CPU repeats the result.": SETTINGS,
    "The training loss starts higher because Keras averages it over the epoch.": METHOD,
    "A helper draws images in rows:": DEFINITION,
    "The rest asks how good the result is, and makes it better.": DEFINITION,
    "Yet a network need not be linear, so it should do better.": METHOD,
    "Muon [3] instead of Adam.": LITERATURE,
    "Adam scales each weight's step separately; Muon balances the step of a whole "
    "weight matrix, so that a few strong directions do not drown out the many weak "
    "ones.": METHOD,
    "A Muon step takes longer, so its batches double to 500 images; ten epochs then "
    "take about as long as Adam's.": BENCHMARK,
    "The learning rates were chosen on the validation images.": BENCHMARK,
    "(Adam gains, too, from more epochs, smaller batches, or a rate that first "
    "rises.)": BENCHMARK,
    "Where the code cannot tell whether a stripe is light or dark, a grey in between "
    "is the safest guess.": METHOD,
    "The axes have no meaning of their own, and another seed draws another "
    "map.": METHOD,
    "Every point decodes to something, even where no image lies.": METHOD,
    "MSE and binary cross-entropy compare pixel with pixel; neither sees that the shape "
    "has only moved.": METHOD,
    "What was hard.": DEFINITION,
    "Dense layers do not know which pixels are neighbours; convolutional ones "
    "do.": METHOD,
    "A published convolutional autoencoder [4] with 64 numbers, larger and trained "
    "for longer, reaches 5.4 thousandths.": LITERATURE,
    "The learning rates suit these images and numbers of epochs.": READING,
    "All trainings use one seed; with others, the errors differ slightly.": BENCHMARK,
}


def plain(text):
    """Return a text without emphasis, code marks and line breaks."""
    return " ".join(re.sub(r"[*`]", "", text).split())


def sentences(markdown):
    """Return the sentences of a Markdown text, without headings and pictures.

    Questions are left out: they state nothing.
    """
    found = []
    text = re.sub(r"^(#|!\[).*$", "", markdown, flags=re.MULTILINE)
    for block in re.split(r"\n\n+|\n(?=- )", text):
        block = plain(block.removeprefix("- "))
        found += re.split(r"(?<=[.?!]) |(?<=[.?!]\)) ", block)
    return [sentence for sentence in found if sentence and sentence[-1] != "?"]


def page_sentences():
    """Return the page's sentences, from its first line to the end of the discussion."""
    text = "\n\n".join(cell.source for cell in CELLS if cell.cell_type == "markdown")
    return sentences(text.split(END)[0])


def functions():
    """Return the test functions in FILES, as syntax trees."""
    found = []
    for name in FILES:
        tree = ast.parse((Path(__file__).parent / name).read_text(encoding="utf-8"))
        found += [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return [node for node in found if node.name.startswith("test_")]


def docstring_sentences():
    """Return the sentences that the tests in FILES have as docstrings."""
    docstrings = [ast.get_docstring(node) or "" for node in functions()]
    return [sentence for text in docstrings for sentence in sentences(text)]


def test_each_sentence_has_a_test():
    without_test = Counter(page_sentences())
    without_test.subtract([*docstring_sentences(), *EXEMPT])
    assert "\n".join(+without_test) == ""


def test_each_test_has_its_sentence():
    without_sentence = Counter([*docstring_sentences(), *EXEMPT])
    without_sentence.subtract(page_sentences())
    assert "\n".join(+without_sentence) == ""


def test_each_test_has_a_name_of_its_own():
    """Of two tests with one name, Python would keep the second only."""
    names = Counter(node.name for node in functions())
    assert [name for name, count in names.items() if count > 1] == []


def test_figures_are_tested_under_their_number():
    for node in functions():
        captions = re.findall(r"Figure (\d+)\. ", ast.get_docstring(node) or "")
        for number in captions:
            assert node.name == f"test_figure_{number}"
