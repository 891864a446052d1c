"""The stored page: short, complete, clean, explained, and equal to its copies."""
import base64
import re
import statistics

import pytest

from conftest import CELLS, CODE, NOTEBOOK, PROSE, README, ROOT, shown

VOLATILE = re.compile(r"/home/|/root|/Users/|/tmp|[A-Z]:\\|site-packages|0x[0-9a-f]{6,}"
                      r"|\d(ms|s)/step|\d\d:\d\d:\d\d|https?://|\r|\x1b")


def pictures(cell):
    return [out.data["image/png"] for out in cell.get("outputs", []) if "image/png" in out.get("data", {})]


def test_cells_ran_once_in_order_and_stored_nothing_volatile():
    assert [cell.execution_count for cell in CODE] == list(range(1, len(CODE) + 1))
    for cell in CODE:
        assert not VOLATILE.search(shown(cell))
        assert not any(out.output_type == "error" or out.get("name") == "stderr" for out in cell.outputs)
    assert '"widgets"' not in NOTEBOOK.read_text(encoding="utf-8")


def test_page_is_short():
    lines = [[line for line in cell.source.splitlines() if line.strip()] for cell in CODE]
    sizes = [len(cell) for cell in lines]
    assert len(CODE) <= 30 and statistics.median(sizes) <= 7 and max(sizes) <= 18 and sum(sizes) <= 310
    assert max(len(line) for cell in lines for line in cell) <= 80
    assert ";" not in re.sub(r'""".*?"""|"[^"]*"', "", "\n".join(cell.source for cell in CODE), flags=re.S)
    assert NOTEBOOK.stat().st_size < 1_000_000 and len(re.findall(r"^# ", PROSE, re.M)) == 1

    def until(found):
        return sum(sizes[:1 + next(i for i, cell in enumerate(CODE) if found(cell))])

    for most, mark in [(80, "Dense("), (90, ".fit("), (115, ".predict("), (200, "reconstructions = ")]:
        assert until(lambda cell: mark in cell.source) <= most
    assert until(pictures) <= 50


def test_prose_has_no_typed_decimals():
    assert re.findall(r"\d\.\d", re.sub(r"\]\([^)]*\)|`[^`]*`", "", PROSE)) == []


def test_every_figure_has_caption_prose_and_alt_text_and_is_saved():
    stored = {}
    for cell, after in zip(CELLS, CELLS[1:]):
        for picture in pictures(cell):
            name, = re.findall(r'plt.savefig\("figures/(\w+\.png)"\)$', cell.source)
            stored[name] = base64.b64decode(picture)
            caption, _, reading = after.source.partition("\n\n")
            assert caption.startswith(f"*Figure {len(stored)}. ") and len(reading.split()) > 10
            assert len(cell.metadata.alt.split()) > 10
    assert stored == {path.name: path.read_bytes() for path in (ROOT / "figures").iterdir()}


def test_readme_says_what_the_notebook_says():
    tables = [shown(cell) for cell in CODE if "excess |" in shown(cell)]
    assert tables[-1].rpartition("|\n")[0] in README
    for picture in re.findall(r"\((figures/\w+\.png)\)", README + PROSE):
        assert (ROOT / picture).exists()
    said = re.sub(r"^## (?!Run it).*?(?=^## |\Z)|^\|.*?$|```.*?```|\]\([^)]*\)|`[^`]*`", "", README, flags=re.S | re.M)
    for number in re.findall(r"\d+", re.sub(r"Python [\d.–]+|(?<=\d),(?=\d)", "", said)):
        assert re.search(rf"(?<![\d.]){number}(?![\d.])", re.sub(r"(?<=\d),(?=\d)", "", PROSE)), number


@pytest.mark.parametrize("heading, most", [("Run it", 7), ("Test it", 7)])
def test_readme_has_one_short_command_block(heading, most):
    section, = re.findall(rf"^## {heading}$(.*?)(?=^## |\Z)", README, re.S | re.M)
    block, = re.findall(r"```bash\n(.*?)```", section, re.S)
    assert len(block.splitlines()) <= most and section.count("```") == 2


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="Windows does not tell")
def test_stated_memory_suffices():
    """The kernel in which nbval ran the notebook is the largest child of this process."""
    import resource
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (2**30 if __import__("sys").platform == "darwin" else 2**20)
    assert 0 < peak < int(re.search(r"(\d) GiB of memory", README)[1])
