"""The panel changes when the sound changes."""

from itertools import pairwise

import numpy as np
import pytest
from making import from_zero

from overlay.detection import detect
from overlay.media.audio import stream_audio
from overlay.media.probe import probe
from overlay.settings import PanelSettings, Settings, TaggingSettings
from overlay.tagging.registry import load_tagger
from overlay.tagging.track_building import score_stream
from overlay.tagging.window_plan import Windows

RATE, CLIP_S = 32000, 5


@pytest.fixture(scope="module")
def heard(shared):
    """Thirty real clips one after the other, cut hard every five seconds, by model and windows."""
    clips = sorted((shared / "audio/esc_dev").glob("*.flac"))
    sounds = [np.concatenate(list(stream_audio(probe(clip), RATE))) for clip in clips]
    exact = [np.resize(sound, CLIP_S * RATE) for sound in sounds]

    def by(model, way):
        tagger = load_tagger(TaggingSettings(model=model, device="cpu", threads=1))
        return score_stream(from_zero(exact, RATE), tagger, Windows(2.0, 0.3, way))

    return by


@pytest.mark.weights
@pytest.mark.parametrize("model", ["mn04", "builtin"])
def test_the_top_tag_changes_at_the_cut(heard, model):
    track = heard(model, "auto")
    timeline = detect(track).timeline
    top = timeline.classes[:, 0]
    changes = (timeline.times[1:] + timeline.times[:-1])[top[1:] != top[:-1]] / 2
    cuts = np.arange(CLIP_S, track.duration_s - 1, CLIP_S)
    late = np.array([np.abs(changes - cut).min() for cut in cuts])
    print(f"top tag to cut, {len(cuts)} cuts: median {np.median(late):.2f} s, max {late.max():.2f}")
    assert np.median(late) <= 0.35


@pytest.mark.weights
def test_the_new_sound_overtakes_the_old_at_the_cut(heard):
    """Stricter: the two clips' own main tags change places there, not just any two tags.

    This holds the clock of windows and smoothing to the sound, so nothing is decided on the way.
    """
    track = heard("mn04", "isolated")
    timeline = detect(track, Settings(panel=PanelSettings(raw=True))).timeline
    means = [
        timeline.scores[(timeline.times > i + 1) & (timeline.times < i + CLIP_S - 1)].mean(axis=0)
        for i in np.arange(0, track.duration_s, CLIP_S)
    ]
    offsets = []
    for number, (before, after) in enumerate(pairwise(means), start=1):
        old, new = before.argmax(), after.argmax()
        if old == new:
            continue
        ahead = timeline.scores[:, new] - timeline.scores[:, old]
        crossings = np.flatnonzero((ahead[:-1] < 0) & (ahead[1:] >= 0))
        share = -ahead[crossings] / (ahead[crossings + 1] - ahead[crossings])
        seconds = timeline.times[crossings] + share * track.hop_s
        offsets.append(seconds[np.abs(seconds - number * CLIP_S).argmin()] - number * CLIP_S)
    offset = np.array(offsets)
    print(f"{len(offset)} cuts: median {np.median(offset):+.2f} s, |median| "
          f"{np.median(np.abs(offset)):.2f} s")  # fmt: skip
    assert len(offset) >= 20
    assert np.median(np.abs(offset)) <= 0.75
    assert abs(np.median(offset)) <= 0.25  # neither ahead of the sound nor behind it
