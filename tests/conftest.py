"""The notebook as data, and its functions without its computations."""
import ast
import json
import os
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "autoencoder_fashion_mnist.ipynb"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
FRESH = tempfile.TemporaryDirectory()  # the notebook's figures, drawn anew
os.environ["FIGURES"] = FRESH.name


def text(value):
    """Return a notebook's text field, stored as string or list, as string."""
    return value if isinstance(value, str) else "".join(value)


def definitions(cells):
    """Return the namespace of the imports, settings, functions and classes.

    Settings are assignments to names in capitals. Nothing else of the
    notebook runs.
    """
    wanted = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    namespace = {}
    for cell in cells:
        source = "\n".join(line for line in text(cell["source"]).splitlines()
                           if not line.startswith("%"))
        body = [node for node in ast.parse(source).body
                if isinstance(node, wanted) or isinstance(node, ast.Assign)
                and all(getattr(target, "id", "").isupper()
                        for target in node.targets)]
        code = compile(ast.Module(body, []), str(NOTEBOOK), "exec")
        exec(code, namespace)
    return namespace


@pytest.fixture(scope="session")
def notebook():
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def code_cells(notebook):
    return [c for c in notebook["cells"] if c["cell_type"] == "code"]


@pytest.fixture(scope="session")
def functions(code_cells):
    return definitions(code_cells)
