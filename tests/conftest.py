"""What the cells print and draw, as stored and in a fresh run."""

import pytest
from nbval.plugin import IPyNbCell
from page import CODE, table


@pytest.fixture(scope="session")
def stored():
    """Return what all code cells have stored, {cell: outputs}."""
    return {cell.id: cell.outputs for cell in CODE}


@pytest.fixture(scope="session")
def fresh(request, stored):
    """Return what all code cells have just given to nbval, {cell: outputs}."""
    items = [item for item in request.session.items if isinstance(item, IPyNbCell)]
    outputs = {item.cell.id: item.test_outputs for item in items}
    if outputs.keys() != stored.keys() or None in outputs.values():
        pytest.skip("needs a run of the notebook: call pytest without a path")
    return outputs


@pytest.fixture(params=["stored", "fresh"])
def results(request):
    """Return the numbers that the cells print, {cell: {label: [number, ...]}}."""
    outputs = request.getfixturevalue(request.param)
    return {cell: table(outputs[cell]) for cell in outputs}
