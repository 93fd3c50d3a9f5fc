"""Fetching published weights, against a server of the test's own."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from overlay.errors import CheckpointError, DownloadError
from overlay.tagging.weights.published import (
    MODELS_VARIABLE,
    Weights,
    download,
    fetch,
    find,
    verify,
)

CONTENT = bytes(range(256)) * 400
DIGEST = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server():
    """Serves ``/good``, ``/other`` and ``/cut``, which ends half way."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/missing":
                self.send_error(404)
                return
            content = b"something else" if self.path == "/other" else CONTENT
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if self.path == "/cut" else content)

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def published(url, digest=DIGEST):
    return Weights("w.pt", url, digest, "MIT", 1)


def test_a_download_is_checked_and_put_in_place(server, tmp_path):
    path = download(published(f"{server}/good"), tmp_path / "models")
    assert path == tmp_path / "models/w.pt"
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("other", "not the published file"),
        ("cut", "cannot be downloaded|not the published file"),
        ("missing", "cannot be downloaded"),
    ],
)
def test_a_bad_download_says_what_to_fetch_and_leaves_nothing(server, tmp_path, page, said):
    with pytest.raises(DownloadError, match=said) as caught:
        download(published(f"{server}/{page}"), tmp_path)
    message = str(caught.value)
    assert f"{server}/{page}" in message
    assert str(tmp_path) in message
    assert "\n" not in message
    assert list(tmp_path.iterdir()) == []
    assert download(published(f"{server}/good"), tmp_path).read_bytes() == CONTENT


def test_offline_says_what_to_fetch(tmp_path):
    with pytest.raises(DownloadError, match=r"fetch http://127.0.0.1:9/x"):
        download(published("http://127.0.0.1:9/x"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_named_folder_goes_first(tmp_path, monkeypatch):
    named, cache = tmp_path / "named", tmp_path / "tag-overlay"
    monkeypatch.setenv(MODELS_VARIABLE, str(named))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert find("cnn14") is None
    for folder in (cache / "models", named):
        folder.mkdir(parents=True)
        (folder / "panns_cnn14.pdparams").write_bytes(b"w")
        assert fetch("cnn14").parent == folder


def test_another_file_under_the_published_name_is_refused(tmp_path):
    path = tmp_path / "mn04_as_mAP_432.pt"
    path.write_bytes(b"not it")
    with pytest.raises(CheckpointError, match="not the published file"):
        verify(path, "mn04")
