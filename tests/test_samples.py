"""The sample that ships is what README says it is."""

import csv

import numpy as np
import pytest

import overlay
from overlay.media.probe import probe
from overlay.resources import resource
from overlay.vocabulary.audioset import audioset_labels


@pytest.fixture(scope="module")
def timeline():
    with resource("samples", "sounds.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_samples_are_small_and_match_their_timeline(timeline):
    folder = resource("samples")
    shipped = [path for path in folder.iterdir() if path.is_file() and ".tagged" not in path.name]
    assert sum(path.stat().st_size for path in shipped) < 2e6  # README's command adds its result
    info = probe(folder / "sounds.mp4")
    assert 20 <= info.duration_s <= 50
    assert info.duration_s == pytest.approx(float(timeline[-1]["offset_s"]), abs=0.1)
    assert len({row["label"] for row in timeline}) >= 8
    assert {row["label"] for row in timeline} <= set(audioset_labels())


@pytest.mark.parametrize(
    ("model", "at_least"),
    [("builtin", 8), pytest.param("mn04", 10, marks=pytest.mark.weights)],
)
def test_the_taggers_name_the_sounds(timeline, model, at_least, request):
    if model == "mn04":
        request.getfixturevalue("shared")
    track = overlay.tag(resource("samples", "sounds.mp4"), model=model, device="cpu")
    named = []
    for row in timeline:
        onset, offset = float(row["onset_s"]), float(row["offset_s"])
        inside = (track.times >= onset + 1) & (track.times <= offset - 1)
        best = np.argsort(-track.scores[inside].mean(axis=0))[:3]
        named.append(row["label"] in [track.labels[i] for i in best])
    assert len(named) == 10
    assert sum(named) >= at_least
