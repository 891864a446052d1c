"""A student's settings do not change the notebook's first half."""
import json
import os
import sys

import pytest

from mutants import Kernel


@pytest.mark.skipif(sys.platform != "linux", reason="uses a folder of Linux")
def test_foreign_settings_have_no_effect(functions, tmp_path, monkeypatch):
    home = tmp_path / "Schrank für Wäsche"
    data = home / "datasets" / "fashion-mnist"
    data.mkdir(parents=True)
    for name in functions["SHA256"]:
        source = next(f / name for f in functions["FOLDERS"] if (f / name).exists())
        os.symlink(source, data / name)
    (home / "keras.json").write_text(json.dumps(
        {"floatx": "float16", "backend": "torch"}))
    for name, value in {"KERAS_HOME": str(home), "KERAS_BACKEND": "jax",
                        "TF_USE_LEGACY_KERAS": "1", "MPLBACKEND": "Agg",
                        "MPLCONFIGDIR": "/proc/nowhere"}.items():
        monkeypatch.setenv(name, value)
    kernel = Kernel()
    kernel.client.resources["metadata"] = {"path": str(home)}
    with kernel.client.setup_kernel():
        for i in range(kernel.find("def pca(") + 1):
            assert kernel.run(i) == "", f"cell {i + 1}"


def test_static_mutants_are_noticed():
    import mutants
    alive = [m for m in mutants.STATIC if not mutants.static(m)]
    assert alive == []
