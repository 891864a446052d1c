"""The page's own loading cells on bad data: one error, in time, and nothing lost."""
import errno
import gzip
import os
import shutil
import socket
import threading
import time
from unittest.mock import patch
from urllib.request import urlretrieve

import numpy as np
import pytest

from conftest import Page
from truth import FOLDER, TEST, TRAIN

IMAGES, LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"
DOWNLOAD = "keras.src.utils.file_utils.urlretrieve"


def archive(array, header=16):
    return gzip.compress(bytes(header) + np.ascontiguousarray(array).tobytes(), 1, mtime=0)


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Return a function that runs the loading cells, with tmp_path's package and home."""
    page = Page()
    page.run("imports")
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path / "home"))

    def run(seconds=10):
        page.run("source", page.cells["source"].replace("/usr/share/datasets/fashion-mnist", str(tmp_path / "package")))
        page.run("load", page.cells["load"].replace("timeout(10)", f"timeout({seconds})"))
        return page.shown["load"]

    return run


def assert_cure(load, folder, reason="", **seconds):
    with pytest.raises(RuntimeError, match="Replace or delete its files, .* try again") as error:
        load(**seconds)
    assert str(folder) in str(error.value) and reason in str(error.value)


DAMAGE = {"truncated": (IMAGES, (FOLDER / IMAGES).read_bytes()[:-1000]), "empty": (IMAGES, b""),
          "html": (IMAGES, b"<!DOCTYPE html><title>Sign in to the network</title>"),
          "blanked": (IMAGES, archive(0 * TEST[0])), "swapped": (IMAGES, archive(TRAIN[0])),
          "label of 10": (LABELS, archive(np.append(TEST[1][:-1], np.uint8(10)), 8)), "missing": (LABELS, None)}


@pytest.mark.parametrize("place", ["package", "home/datasets/fashion-mnist"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_off_line_is_named_and_the_cure_works(load, tmp_path, place, damage):
    (name, damaged), folder = DAMAGE[damage], shutil.copytree(FOLDER, tmp_path / place)
    (folder / name).unlink()
    if damaged is not None:
        (folder / name).write_bytes(damaged)
    with patch(DOWNLOAD, side_effect=OSError("off line")):
        assert_cure(load, folder)
    assert damaged is None or (folder / name).read_bytes() == damaged
    shutil.copy(FOLDER / name, folder / name)
    load()


def test_download_shows_progress_and_is_kept(load, tmp_path):
    with patch(DOWNLOAD, lambda url, path, report: (
            report(1, 8192, 16384), shutil.copy(FOLDER / os.path.basename(url), path))):
        assert "Downloading data" in load() and load() == ""
    assert len(os.listdir(tmp_path / "home/datasets/fashion-mnist")) == 4


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.0 200 OK\r\nContent-Length: 9999\r\n\r\nhalf of it"],
                         ids=["never answers", "stalls half-way"])
def test_silent_server_is_given_up(load, tmp_path, sent):
    def answer():
        client = server.accept()[0]
        client.sendall(sent)
        time.sleep(5)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=answer, daemon=True).start()
        address, start = f"http://127.0.0.1:{server.getsockname()[1]}/", time.monotonic()
        with patch(DOWNLOAD, lambda url, *more: urlretrieve(address, *more)):
            assert_cure(load, tmp_path / "home", "timed out", seconds=1)
    assert time.monotonic() - start < 3  # so below 30 with the page's 10 seconds


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES], ids=errno.errorcode.get)
def test_full_disk_and_forbidden_folder(load, tmp_path, number):
    with patch(DOWNLOAD, side_effect=OSError(number, os.strerror(number))):
        assert_cure(load, tmp_path / "home", os.strerror(number))
    assert os.listdir(tmp_path / "home/datasets/fashion-mnist") == []
