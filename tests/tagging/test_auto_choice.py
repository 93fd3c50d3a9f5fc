"""Which model ``auto`` is, and what is said of it."""

import http.server
import socket
import threading

import pytest

from overlay.reporting import Reporter
from overlay.settings import TaggingSettings
from overlay.tagging.registry import load_tagger
from overlay.tagging.weights import auto_choice
from overlay.tagging.weights import published as weights
from overlay.tagging.weights.published import MODELS_VARIABLE


@pytest.fixture
def nothing_here(monkeypatch, tmp_path):
    """No weights on this machine, and nobody answers at their address."""
    monkeypatch.delenv(MODELS_VARIABLE, raising=False)
    monkeypatch.delenv(auto_choice.OFFLINE_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    auto_choice._fetched.cache_clear()

    def publish(url, digest=None):
        monkeypatch.setitem(weights.WEIGHTS, "mn04", weights.Weights("w.pt", url, digest, "MIT", 4))

    publish("http://127.0.0.1:9/w.pt")
    yield publish
    auto_choice._fetched.cache_clear()


def test_a_name_is_exact(nothing_here):
    for name in ("builtin", "mn04", "cnn14", "anything"):
        assert auto_choice.choose(name) == (name, None)


@pytest.mark.usefixtures("nothing_here")
def test_without_network_it_is_the_builtin_one_and_that_is_said(tmp_path):
    notes = []
    tagger = load_tagger(TaggingSettings(device="cpu"), reporter=Reporter(on_note=notes.append))
    assert tagger.name == "builtin"
    assert len(notes) == 1
    assert "small built-in model" in notes[0]
    assert "mn04" in notes[0]
    assert "\n" not in notes[0]
    assert not any((tmp_path / "tag-overlay/models").glob("*"))


def test_weights_that_are_here_are_taken(nothing_here, tmp_path):
    (tmp_path / "tag-overlay/models").mkdir(parents=True)
    (tmp_path / "tag-overlay/models/w.pt").write_bytes(b"weights")
    name, note = auto_choice.choose("auto")
    assert (name, "on this machine" in note) == ("mn04", True)


def test_auto_has_a_name_by_which_others_load_the_same(nothing_here, tmp_path):
    models = tmp_path / "tag-overlay/models"
    models.mkdir(parents=True)
    assert auto_choice.exact(TaggingSettings()) == "builtin"
    (models / "w.pt").write_bytes(b"weights")
    assert auto_choice.exact(TaggingSettings()) == "mn04"
    (models / weights.WEIGHTS["frame_mn10"].file).write_bytes(b"weights")
    assert auto_choice.exact(TaggingSettings()) == "fine"
    assert auto_choice.exact(TaggingSettings(model="mine.onnx")) == "mine.onnx"


def test_weights_that_come_quickly_are_taken(nothing_here, tmp_path):
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "7")
            self.end_headers()
            self.wfile.write(b"weights")

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        nothing_here(f"http://127.0.0.1:{server.server_port}/w.pt")
        name, note = auto_choice.choose("auto")
        server.shutdown()
    assert (name, "fetched" in note) == ("mn04", True)
    assert (tmp_path / "tag-overlay/models/w.pt").read_bytes() == b"weights"


def test_a_server_that_keeps_one_waiting_is_given_up(nothing_here, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        nothing_here(f"http://127.0.0.1:{silent.getsockname()[1]}/w.pt")
        assert auto_choice.choose("auto", patience_s=0.2)[0] == "builtin"
    assert not any((tmp_path / "tag-overlay/models").glob("*"))
