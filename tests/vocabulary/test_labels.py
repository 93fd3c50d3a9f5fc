import csv
import json
from collections import deque

import pytest

from overlay.errors import LabelError
from overlay.resources import resource
from overlay.vocabulary.labels import (
    FAMILIES,
    audioset_ancestors,
    audioset_families,
    audioset_labels,
    audioset_mids,
    breadcrumb,
    families_of,
    read_labels,
)


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
    assert set(audioset_families().values()) == set(FAMILIES)
    assert audioset_families()["Speech"] == "human"
    assert audioset_families()["Chirp, tweet"] == "animal"


def test_translated_labels_keep_their_families():
    translated = tuple(f"标签 {i}" for i in range(527))
    families = families_of(translated)
    assert families["标签 0"] == audioset_families()[audioset_labels()[0]]
    assert families_of(("Speech", "my own")) == {"Speech": "human"}


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
    meow, animal = (audioset_labels().index(name) for name in ("Meow", "Animal"))
    assert breadcrumb(meow) == ("Animal", "Domestic animals, pets", "Cat", "Meow")
    assert animal in audioset_ancestors()[meow]
    assert audioset_ancestors()[animal] == frozenset()
    assert all(index not in above for index, above in enumerate(audioset_ancestors()))
    assert audioset_mids()["Speech"] == "/m/09x0r"
