"""Bad files, bad networks: one sentence with the cure, and nothing lost."""
import gzip
import http.server
import os
import shutil
import signal
import socket
import threading
import time

import pytest

IMAGES, LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"
TRAIN = "train-images-idx3-ubyte.gz"


@pytest.fixture(scope="session")
def good(functions, tmp_path_factory):
    """Return a folder with the four good files."""
    folder = tmp_path_factory.mktemp("good")
    for name in functions["SHA256"]:
        functions["load_file"](name, functions["FOLDERS"])
        source = next(f / name for f in functions["FOLDERS"] if (f / name).exists())
        shutil.copy(source, folder / name)
    return folder


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "datasets" / "fashion-mnist"


@pytest.fixture
def load(functions, cache):
    """Return load_file bound to an empty cache and a patience of one second."""
    return lambda name, *more: functions["load_file"](name, [cache, *more], 1)


def blanked(path):
    data = gzip.decompress(path.read_bytes())
    return gzip.compress(data[:16] + bytes(len(data) - 16), 1)


def relabelled(path):
    data = bytearray(gzip.decompress(path.read_bytes()))
    data[-1] = 10
    return gzip.compress(data)


@pytest.mark.parametrize("name, damage", [
    (IMAGES, lambda good: (good / IMAGES).read_bytes()[:-1000]),
    (IMAGES, lambda good: b"<!DOCTYPE html><title>Sign in to the network</title>"),
    (IMAGES, lambda good: b""),
    (IMAGES, lambda good: blanked(good / IMAGES)),
    (IMAGES, lambda good: (good / TRAIN).read_bytes()),
    (LABELS, lambda good: relabelled(good / LABELS)),
], ids=["truncated", "html", "empty", "blanked", "swapped", "label out of range"])
def test_damaged_file_is_named_and_kept(load, good, cache, name, damage):
    cache.mkdir(parents=True)
    (cache / name).write_bytes(damage(good))
    with pytest.raises(ValueError, match="Delete or replace it") as error:
        load(name)
    assert str(cache / name) in str(error.value)
    assert (cache / name).read_bytes() == damage(good)


def test_recompressed_file_is_accepted(load, good, cache):
    cache.mkdir(parents=True)
    data = gzip.decompress((good / LABELS).read_bytes())
    (cache / LABELS).write_bytes(gzip.compress(data, 1))
    assert load(LABELS).tobytes() == data


def test_package_is_used_when_the_cache_is_empty(load, good, cache):
    assert len(load(LABELS, good)) == 10_008
    assert not cache.exists()


@pytest.fixture
def server(functions, good, monkeypatch):
    """Serve the good files on loopback; `server.cut` bytes of each at most."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            data = (good / self.path.strip("/")).read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:server.cut])
            server.sent.set()
            server.more.wait(20)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.cut, server.sent, server.more = None, threading.Event(), threading.Event()
    server.more.set()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setitem(functions, "ORIGIN",
                        f"http://127.0.0.1:{server.server_port}/")
    yield server
    server.shutdown()
    server.server_close()


def assert_cure(error, cache):
    assert str(cache) in str(error.value) and "KERAS_HOME" in str(error.value)


def test_download_is_kept(load, server, cache, good):
    assert len(load(LABELS)) == 10_008
    server.shutdown()
    assert len(load(LABELS)) == 10_008
    assert [path.name for path in cache.iterdir()] == [LABELS]


def test_broken_download_leaves_nothing_and_the_next_recovers(load, server, cache):
    server.cut = 1000
    with pytest.raises(RuntimeError) as error:
        load(LABELS)
    assert_cure(error, cache)
    assert list(cache.iterdir()) == []
    server.cut = None
    assert len(load(LABELS)) == 10_008


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_download_is_not_trusted(load, server, cache):
    server.cut = 1000
    server.more.clear()
    child = os.fork()
    if not child:
        try:
            load(LABELS)
        finally:
            os._exit(0)
    assert server.sent.wait(20)
    os.kill(child, signal.SIGKILL)
    assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
    server.cut = None
    server.more.set()
    assert len(load(LABELS)) == 10_008


def test_two_downloads_at_once_both_succeed(load, server, cache):
    sizes = []
    threads = [threading.Thread(target=lambda: sizes.append(len(load(IMAGES))))
               for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes == [7_840_016] * 2
    assert [path.name for path in cache.iterdir()] == [IMAGES]


def test_offline_with_an_empty_cache(functions, load, cache, monkeypatch):
    monkeypatch.setitem(functions, "ORIGIN", "http://127.0.0.1:9/")
    with pytest.raises(RuntimeError) as error:
        load(LABELS)
    assert_cure(error, cache)


def test_server_that_never_answers(functions, load, cache, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setitem(functions, "ORIGIN", f"http://127.0.0.1:{port}/")
        start = time.monotonic()
        with pytest.raises(RuntimeError) as error:
            load(LABELS)
    assert time.monotonic() - start < 5
    assert_cure(error, cache)
    assert socket.getdefaulttimeout() is None


def test_cache_that_cannot_be_made(load, server, cache):
    cache.parent.write_text("a file, not a folder")
    with pytest.raises(RuntimeError) as error:
        load(LABELS)
    assert_cure(error, cache)


def test_full_disk(functions, load, cache, monkeypatch):
    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(functions, "urlretrieve", fail)
    with pytest.raises(RuntimeError, match="No space left") as error:
        load(LABELS)
    assert_cure(error, cache)
    assert list(cache.iterdir()) == []


def test_read_only_cache_with_good_data_is_used(load, good, cache):
    shutil.copytree(good, cache)
    cache.chmod(0o555)
    assert len(load(LABELS)) == 10_008
    cache.chmod(0o755)
