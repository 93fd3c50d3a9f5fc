"""CPU threads of decoders, filters and encoders, as the commands hold them."""

import hashlib
import re
import shlex

import pytest

from overlay import pipeline
from overlay.media.encoders import ENCODERS
from overlay.media.process import codec_threads, ffmpeg_program, filtering_threads
from overlay.products.review import Review
from overlay.settings import Settings, TaggingSettings, VideoSettings
from tests.making import PANEL, two_tags

SHARE = {
    "libx264": {"threads": "3"},
    "libx265": {"threads": "3", "x265-params": "log-level=error:pools=3"},
    "libvpx-vp9": {"threads": "3"},
    "libsvtav1": {"svtav1-params": "lp=3"},
}
FLAGS = {"threads", "svtav1-params"}


@pytest.mark.parametrize("name", SHARE)
def test_an_encoder_is_told_its_threads_in_its_own_words(name):
    options = ENCODERS[name].options(None, None, threads=3)
    assert options.items() >= SHARE[name].items()
    alone = ENCODERS[name].options(None, None, threads=0)
    assert not FLAGS & alone.keys()
    assert alone.get("x265-params", "") in ("", "log-level=error")
    assert alone == ENCODERS[name].options(None, None)


@pytest.mark.parametrize(
    ("n_threads", "codec", "filtering"),
    [(0, {}, {}), (1, {"threads": 1}, {"filter_complex_threads": 1})],
)
def test_without_a_number_of_threads_ffmpeg_decides(n_threads, codec, filtering):
    assert codec_threads(n_threads) == codec
    assert filtering_threads(n_threads) == filtering


@pytest.fixture(scope="module")
def clip(make_clip):
    return make_clip(
        "for-threads.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=1", "-f", "lavfi",
        "-i", "sine=d=1", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac",
    )  # fmt: skip


def made(clip, tmp_path, out, threads, product=None, **video):
    """Make a product with an ffmpeg that writes down how it is called; target and calls."""
    log, program = tmp_path / "calls", tmp_path / "ffmpeg"
    program.write_text(
        f'#!/bin/sh\necho "$*" >> {shlex.quote(str(log))}\n'
        f'exec {shlex.quote(ffmpeg_program())} "$@"\n'
    )
    program.chmod(0o755)
    settings = Settings(
        TaggingSettings(model="builtin", threads=threads, cache=False), PANEL,
        video=VideoSettings(ffmpeg=str(program), **video),
    )  # fmt: skip
    target = tmp_path / out
    pipeline.plan(clip, product, target, settings, track=two_tags()).run()
    return target, log.read_text().splitlines()


@pytest.mark.parametrize(
    ("out", "product", "video", "n_codecs"),
    [
        ("o.mp4", None, {}, 2),  # decoder and encoder
        ("o.mkv", None, {"encoder": "libx265", "preset": "ultrafast"}, 2),
        ("o.gif", None, {}, 1),  # decoder
        ("o.mov", None, {"overlay_only": True}, 2),
        ("o.html", Review(proxy="always"), {}, 2),
    ],
)
def test_the_command_of_a_product_holds_the_threads(
    clip, tmp_path, monkeypatch, out, product, video, n_codecs
):
    for threads in (0, 1):
        folder = tmp_path / str(threads)
        folder.mkdir()
        monkeypatch.setenv("XDG_CACHE_HOME", str(folder))  # small copies are kept there
        _, calls = made(clip, folder, out, threads, product, **video)
        call = next(each for each in calls if "-progress" in each)
        assert len(re.findall(r"-threads(?::v:0)? 1\b", call)) == n_codecs * threads
        assert len(re.findall(r"-filter_complex_threads 1\b", call)) == threads
        assert ("pools=1" in call) == (threads == 1 and video.get("encoder") == "libx265")


def test_on_one_thread_the_same_bytes_come_twice(clip, tmp_path):
    hashes = set()
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        target, _ = made(clip, folder, "o.mp4", 1, preset="ultrafast")
        hashes.add(hashlib.sha256(target.read_bytes()).hexdigest())
    assert len(hashes) == 1
