"""The stored page: complete, clean, explained, and equal to its copies."""
import base64
import re

import pytest

from conftest import NOTEBOOK, ROOT, text

README = (ROOT / "README.md").read_text(encoding="utf-8")
VOLATILE = re.compile(
    r"/home/|/root|/Users/|/tmp|[A-Z]:\\|site-packages|0x[0-9a-f]{6,}"
    r"|\d(ms|s)/step|\d\d:\d\d:\d\d|https?://|\r|\x1b")


def pictures(cell):
    return [output["data"]["image/png"] for output in cell.get("outputs", [])
            if "image/png" in output.get("data", {})]


def shown(cells):
    """Return all text the cells show, as one string."""
    texts = []
    for output in (o for c in cells for o in c["outputs"]):
        texts.append(text(output.get("text", "")))
        texts += [text(value) for kind, value in
                  sorted(output.get("data", {}).items())
                  if kind.startswith("text/")]
    return "\n".join(texts)


def prose(notebook):
    return "\n\n".join(text(c["source"]) for c in notebook["cells"]
                       if c["cell_type"] == "markdown")


def test_cells_ran_once_in_order(code_cells):
    counts = [c["execution_count"] for c in code_cells]
    assert counts == list(range(1, len(code_cells) + 1))


def test_outputs_hold_nothing_volatile(notebook, code_cells):
    for output in (o for c in code_cells for o in c["outputs"]):
        assert output["output_type"] in ("stream", "display_data")
        assert output.get("name") != "stderr"
    assert not VOLATILE.search(shown(code_cells))
    assert "widgets" not in notebook["metadata"]
    assert not any("execution" in c["metadata"] for c in code_cells)


def test_page_is_small_and_has_one_title(notebook):
    assert NOTEBOOK.stat().st_size < 1_000_000
    assert len(re.findall(r"^# ", prose(notebook), re.M)) == 1


def test_cells_are_short(code_cells):
    for cell in code_cells:
        lines = text(cell["source"]).splitlines()
        assert max(map(len, lines)) <= 80
        assert len([line for line in lines if line.strip()]) <= 25


def test_prose_has_no_typed_decimals(notebook):
    assert re.findall(r"\d\.\d", re.sub(r"\]\([^)]*\)", "", prose(notebook))) == []


def test_every_figure_has_caption_prose_and_alt_text(notebook):
    cells, number = notebook["cells"], 0
    for cell, after in zip(cells, cells[1:] + [None]):
        if not pictures(cell):
            continue
        number += 1
        caption, _, reading = text(after["source"]).partition("\n\n")
        assert after["cell_type"] == "markdown"
        assert caption.startswith(f"*Figure {number}. ")
        assert len(reading.split()) > 10, f"figure {number} is not explained"
        assert len(cell["metadata"]["alt"].split()) > 10
    assert number


def test_saved_figures_are_the_shown_ones(code_cells):
    stored = {}
    for cell in code_cells:
        for picture in pictures(cell):
            name, = re.findall(r'"(\w+)"\)\s*$', text(cell["source"]))
            stored[name] = base64.b64decode(picture)
    files = {path.stem: path.read_bytes() for path in (ROOT / "figures").iterdir()}
    assert files.keys() == stored.keys()
    assert [name for name in files if files[name] != stored[name]] == []


def test_readme_numbers_are_the_notebooks(notebook, code_cells):
    known = shown(code_cells) + prose(notebook) + "\n".join(
        text(c["source"]) for c in code_cells)
    known = set(re.findall(r"\d+(?:\.\d+)?", re.sub(r"(?<=\d)[,_](?=\d)", "", known)))
    said = re.sub(r"## (?:Test it|Benchmark).*?(?=\n## )|```.*?```|\]\([^)]*\)|`[^`]*`|Python [\d.–]+|\d+ [a-zA-Z]+ 20\d\d",
                  "", README, flags=re.S)
    said = re.findall(r"\d+(?:\.\d+)?", re.sub(r"(?<=\d),(?=\d)", "", said))
    assert [number for number in said if number not in known] == []


def test_readme_shows_the_score_table(code_cells):
    table = next(text(o["data"]["text/markdown"]) for c in code_cells
                 for o in c["outputs"]
                 if "SSIM" in text(o.get("data", {}).get("text/markdown", "")))
    assert table in README


@pytest.mark.parametrize("heading", ["Run it", "Test it"])
def test_readme_has_one_command_block(heading):
    section = re.split(r"^## ", README, flags=re.M)
    section, = [s for s in section if s.startswith(heading)]
    assert section.count("```bash") == 1
    assert section.count("```") == 2
