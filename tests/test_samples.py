"""The sample that ships is what README says it is."""

import csv

import numpy as np
import pytest

import overlay
from overlay.detection import detect
from overlay.media.probe import probe
from overlay.resources import resource
from overlay.vocabulary.audioset import audioset, audioset_labels


@pytest.fixture(scope="module")
def timeline():
    with resource("samples", "sounds.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_samples_are_small_and_match_their_timeline(timeline):
    folder = resource("samples")
    shipped = [path for path in folder.iterdir() if path.is_file() and ".tagged" not in path.name]
    assert sum(path.stat().st_size for path in shipped) < 3e6  # README's command adds its result
    info = probe(folder / "sounds.mp4")
    assert 30 <= info.duration_s <= 41
    assert info.duration_s == pytest.approx(float(timeline[-1]["offset_s"]), abs=0.1)
    assert len({row["label"] for row in timeline}) == 10
    assert {row["label"] for row in timeline} <= set(audioset_labels())


def kinds_of(label):
    """The label and all that are kinds of it."""
    known = audioset()
    index = known.index_of(label)
    return {label, *(known.names[kind] for kind in known.descendants.get(index, ()))}


def is_named(heard, row):
    """Whether the first row is right in most of a scene, where it says anything."""
    times = np.arange(float(row["onset_s"]) + 0.8, float(row["offset_s"]) - 0.3, 0.2)
    first = [tags[0].label for t in times if (tags := heard.shown(float(t)))]
    return bool(first) and 2 * sum(each in kinds_of(row["label"]) for each in first) > len(first)


@pytest.mark.parametrize("model", ["builtin", pytest.param("mn04", marks=pytest.mark.weights)])
def test_the_taggers_name_the_sounds_in_the_first_row(timeline, model, request):
    if model == "mn04":
        request.getfixturevalue("shared")
    track = overlay.tag(resource("samples", "sounds.mp4"), model=model, device="cpu", threads=1)
    heard = detect(track)
    wrong = [row["label"] for row in timeline if not is_named(heard, row)]
    assert len(wrong) <= 1, wrong
