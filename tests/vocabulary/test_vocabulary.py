import csv
import json
from collections import deque

import numpy as np
import pytest

from overlay.errors import LabelError, SettingsError
from overlay.resources import resource
from overlay.track import TagTrack
from overlay.vocabulary import (
    AUDIOSET,
    AUDIOSET_STRONG,
    FAMILIES,
    read_labels,
    vocabulary_named,
    vocabulary_of,
    vocabulary_of_unnamed,
)
from overlay.vocabulary.audioset import SAY_NOTHING, UNDER_OTHERS, audioset, audioset_labels
from overlay.vocabulary.audioset_strong import audioset_strong, strong_of_audioset
from overlay.vocabulary.base import ancestors_of
from overlay.vocabulary.own_labels import own_id, own_vocabulary

OTHER_NAMES = tuple(f"标签 {i}" for i in range(527))


def family(name):
    return audioset().families[audioset().index_of(name)]


def test_the_labels_are_audiosets(shared):
    with (shared / "labels/audioset_labels.tsv").open(encoding="utf-8") as file:
        published = [line.rstrip("\n").split("\t") for line in file][1:]
    assert [name for _, _, name in published] == list(audioset_labels())
    with resource("assets", "audioset_classes.tsv").open(encoding="utf-8") as file:
        table = [line.rstrip("\n").split("\t")[:3] for line in file][1:]
    assert table == published


def test_every_family_is_one_that_the_ontology_leads_to(shared):
    nodes = {node["id"]: node for node in json.loads((shared / "labels/ontology.json").read_text())}
    roots = {
        "Human sounds": "human", "Animal": "animal", "Music": "music", "Sounds of things": "things",
        "Natural sounds": "nature", "Source-ambiguous sounds": "ambiguous",
        "Channel, environment and background": "environment",
    }  # fmt: skip
    reached = {}
    for node in nodes.values():
        if node["name"] in roots:
            queue = deque([node["id"]])
            while queue:
                mid = queue.popleft()
                reached.setdefault(mid, set()).add(roots[node["name"]])
                queue.extend(nodes[mid]["child_ids"])
    with resource("assets", "audioset_classes.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert len(rows) == 527
    for row in rows:
        assert row["family"] in reached[row["mid"]], row
    assert set(audioset().families) == set(FAMILIES)
    assert family("Speech") == "human"
    assert family("Chirp, tweet") == "animal"


def test_names_decide_what_a_vocabulary_is_and_their_count_never():
    assert vocabulary_of(audioset_labels()) == AUDIOSET
    assert vocabulary_of(audioset_strong().names) == AUDIOSET_STRONG
    assert vocabulary_of(OTHER_NAMES) == own_id(OTHER_NAMES)
    own = vocabulary_named(own_id(OTHER_NAMES), OTHER_NAMES)
    assert set(own.families) == {""}
    assert not own.descendants
    assert own.breadcrumb(83) == ("标签 83",)


def test_a_label_file_only_renames():
    renamed = vocabulary_named(AUDIOSET, OTHER_NAMES)
    assert renamed.id == AUDIOSET
    assert renamed.names == OTHER_NAMES
    assert renamed.families == audioset().families
    assert renamed.ancestors == audioset().ancestors
    assert renamed.breadcrumb(83) == ("标签 72", "标签 73", "标签 81", "标签 83")
    assert renamed.in_language("zh") == OTHER_NAMES
    assert renamed.index_of("Meow") == renamed.index_of("标签 83") == 83
    with pytest.raises(LabelError, match="526 names do not fit 527"):
        audioset().renamed(OTHER_NAMES[1:])


def test_a_track_carries_its_vocabulary_through_its_file(tmp_path):
    scores = np.zeros((2, 527), np.float32)
    track = TagTrack(scores, audioset_labels(), 2.0, 0.3, 1.0)
    path = track.save(tmp_path / "t.npz")
    renamed = TagTrack.load(path, labels=OTHER_NAMES)
    assert renamed.vocabulary == AUDIOSET
    assert TagTrack.load(renamed.save(tmp_path / "r.npz")).vocabulary == AUDIOSET
    own = TagTrack(scores, OTHER_NAMES, 2.0, 0.3, 1.0)
    assert TagTrack.load(own.save(tmp_path / "o.npz")).vocabulary == own_id(OTHER_NAMES)


def test_the_reference_demos_file_is_audiosets_by_definition(tmp_path):
    path = tmp_path / "audioset_tagging_sr_32000.npz"
    np.savez(path, time=np.arange(3) / 3, scores=np.zeros((3, 527), np.float32))
    assert TagTrack.load(path, labels=OTHER_NAMES, duration_s=3.0).vocabulary == AUDIOSET
    assert vocabulary_of_unnamed(527) == AUDIOSET
    assert vocabulary_of_unnamed(447) == ""


@pytest.mark.parametrize("vocabulary_id", ["", "audioset", "audioset-strong", "own:0", "../x", "é"])
def test_an_id_that_does_not_fit_is_not_believed(vocabulary_id):
    names = ("Speech", "my own", "Speech")
    vocabulary = vocabulary_named(vocabulary_id, names)
    assert vocabulary.id == own_id(names)
    assert vocabulary.families == ("human", "", "human")
    assert vocabulary.mid_by_name == {"Speech": "/m/09x0r"}
    assert vocabulary.indices_of("SPEECH") == (0, 2)
    with pytest.raises(LabelError, match="'Dragon' is no label"):
        vocabulary.index_of("Dragon")


def test_labels_in_chinese_are_found_and_shown():
    assert audioset().in_language("en") == audioset_labels()
    assert audioset().in_language("zh")[audioset().index_of("Rain")] == "雨声"
    assert audioset().index_of("雨声") == audioset().index_of("rain")
    with pytest.raises(SettingsError, match=r"'fr'; known are en, zh"):
        audioset().in_language("fr")


def test_twenty_thousand_odd_labels_are_no_more_work_than_twenty():
    turned = "\u202e"
    names = tuple(i % 3 * turned + i % 400 * "long " + str(i % 15000) for i in range(20_000))
    vocabulary = vocabulary_named(vocabulary_of(names), names)
    assert len(vocabulary) == 20_000
    assert all(i in vocabulary.indices_of(name) for i, name in enumerate(names[:500]))


def test_a_ring_of_parents_is_refused():
    assert ancestors_of([(), (0,), (1, 0)]) == ({*()}, {0}, {0, 1})
    with pytest.raises(ValueError, match="own ancestor"):
        ancestors_of([(1,), (0,)])


def test_what_says_nothing_is_named_as_audioset_names_it():
    assert {audioset().names[i] for i in audioset().say_nothing} == set(SAY_NOTHING)
    assert {audioset().names[i] for i in audioset().under_others} == set(UNDER_OTHERS)
    assert own_vocabulary(("Silence", "a")).say_nothing == {0}


def test_strong_classes_are_those_of_the_published_taggers(shared):
    with (shared / "golden/strong_labels.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    strong = audioset_strong()
    assert [(row["mid"], row["name"]) for row in rows] == list(
        zip(strong.mids, strong.names, strict=True)
    )
    for place, row in enumerate(rows):
        if row["index_527"]:
            assert strong_of_audioset()[int(row["index_527"])] == place


def test_strong_classes_have_kinds_families_and_words():
    strong = audioset_strong()
    assert len(strong) == 447
    assert set(strong.families) <= set(FAMILIES)
    assert strong.breadcrumb(strong.index_of("Bark"))[-2:] == ("Dog", "Bark")
    assert strong.wordings[strong.index_of("Stream, river")].en == "stream"
    assert all(wording is not None for wording in strong.wordings)
    assert {strong.names[i] for i in strong.say_nothing} >= {"Sound effect", "Unknown sound"}
    assert sum(place is not None for place in strong_of_audioset()) == 376


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "no label"), (b"\n\n", "no label"), (b"\xff\xfe\xff", "UTF-8")]
)
def test_unusable_label_files_are_said(tmp_path, content, said):
    path = tmp_path / "labels.txt"
    path.write_bytes(content)
    with pytest.raises(LabelError, match=said):
        read_labels(path)


def test_a_label_file_keeps_its_order(tmp_path):
    path = tmp_path / "labels.txt"
    path.write_text("\ufeffДождь\nword, word\n 雨 \n\n", encoding="utf-8")
    assert read_labels(path) == ("Дождь", "word, word", "雨")


def test_the_way_up_is_the_ontologys():
    meow, animal = map(audioset().index_of, ("Meow", "Animal"))
    assert audioset().breadcrumb(meow) == ("Animal", "Domestic animals, pets", "Cat", "Meow")
    assert animal in audioset().ancestors[meow]
    assert meow in audioset().descendants[animal]
    assert audioset().ancestors[animal] == frozenset()
    assert audioset().mid_by_name["Speech"] == "/m/09x0r"
