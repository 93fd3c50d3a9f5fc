"""Examples and counter-examples from verdicts on media."""

import numpy as np
import pytest
from verdicts.saying import entry

import overlay
from overlay.commands import main
from overlay.errors import TrainingError
from overlay.media.audio import stream_audio
from overlay.media.fingerprint import audio_fingerprint
from overlay.media.source import open_source
from overlay.training.verdict_examples import (
    LONGEST_S,
    check_enough,
    examples_of,
    groups_of,
    media_of,
    stretches,
    train_on_verdicts,
)
from overlay.verdicts import Media, Verdicts, write_verdicts

TONES, NOISES = range(0, 40, 8), range(4, 40, 8)
"""Seconds at which a whistle, or a rumble, begins; each lasts three."""


@pytest.fixture(scope="module")
def medium(make_clip):
    """Five whistles and five rumbles in turn, with silence between them."""
    parts = []
    for n in range(10):
        source = f"sine=f={2000 + 60 * n}:d=3" if n % 2 == 0 else f"anoisesrc=d=3:c=brown:seed={n}"
        parts += ["-f", "lavfi", "-i", f"{source},aresample=32000,apad=pad_dur=1"]
    joined = "".join(f"[{n}:a]" for n in range(10)) + "concat=n=10:v=0:a=1[a]"
    return make_clip("judged.wav", *parts, "-filter_complex", joined, "-map", "[a]", "-ac", "1")


def said_of(medium, *entries, name=None):
    source = open_source(medium)
    media = Media(
        medium.name if name is None else name,
        audio_fingerprint(source.info),
        40.0,
        "builtin",
        "audioset",
    )
    return Verdicts(media).with_entries(entries)


def on(event, begin, label, **facts):
    return entry(event, label=label, onset_s=float(begin), offset_s=float(begin + 3), **facts)


def all_said():
    """The tagger took everything for a whistle; rumbles are put right, once by a new event."""
    entries = [on(f"t{n}", n, "Whistle", verdict="right", score=0.5) for n in TONES]
    entries += [
        on(f"n{n}", n, "Whistle", verdict="wrong", relabel="Rumble", score=0.4) for n in NOISES[:-1]
    ]
    entries.append(on("w", NOISES[-1], "Whistle", verdict="wrong", score=0.4))
    entries.append(on("new", NOISES[-1], "Rumble", action="add"))
    return entries


@pytest.fixture
def judged(medium, tmp_path):
    """A medium and its verdicts, side by side."""
    (tmp_path / medium.name).write_bytes(medium.read_bytes())
    return write_verdicts(tmp_path / "judged.verdicts.json", said_of(medium, *all_said()))


def test_right_ones_are_examples_and_wrong_ones_are_not(medium):
    examples = examples_of(said_of(medium, *all_said()), medium, 2.0)
    assert len(examples) == 11
    told = {(each.begin_s, each.judged, each.is_right, each.labels) for each in examples}
    assert (0.0, "Whistle", True, ("Whistle",)) in told
    assert (4.0, "Whistle", False, ("Rumble",)) in told
    assert (36.0, "Whistle", False, ("Rumble",)) in told
    assert (36.0, "Rumble", True, ("Rumble",)) in told


def test_what_nobody_was_sure_about_is_left_aside(medium):
    entries = [
        on("a", 0, "Dog", verdict="unsure"), on("b", 4, "Dog", action="comment", comment="x"),
        on("c", 8, "Dog", verdict="right"), on("d", 12, "Dog", verdict="wrong"),
        on("d", 12, "Dog", action="undo", undoes="nothing"),
        on("e", 8, "Dog", action="merge", others=("c",)),
    ]  # fmt: skip
    examples = examples_of(said_of(medium, *entries), medium, 2.0)
    assert [(each.begin_s, each.is_right, each.labels) for each in examples] == [(12.0, False, ())]


def test_short_events_are_heard_with_what_is_around_them_and_long_ones_in_part(medium):
    entries = [
        entry("a", verdict="right", onset_s=10.0, offset_s=10.5),
        entry("b", verdict="right", onset_s=0.0, offset_s=0.5),
        entry("c", verdict="right", onset_s=0.0, offset_s=500.0),
    ]  # fmt: skip
    spans = [(e.begin_s, e.end_s) for e in examples_of(said_of(medium, *entries), medium, 2.0)]
    assert spans == [(0.0, 2.0), (9.25, 11.25), (250 - LONGEST_S / 2, 250 + LONGEST_S / 2)]


def test_what_overlaps_is_left_out_together(medium):
    examples = examples_of(said_of(medium, *all_said()), medium, 4.5)
    groups = list(groups_of(examples))
    assert len(set(groups)) < len(groups)
    for one, group in zip(examples, groups, strict=True):
        for other, its_group in zip(examples, groups, strict=True):
            if one.begin_s < other.end_s and other.begin_s < one.end_s:
                assert group == its_group


class Listener:
    sample_rate = 8000


def test_stretches_are_cut_where_they_are(medium):
    source = open_source(medium)
    whole = np.concatenate(list(stream_audio(source.info, 8000)))
    spans = [(0.0, 2.0), (0.5, 9.25), (4.99, 5.01), (30.0, 45.0), (50.0, 52.0)]
    cut = stretches(source, spans, Listener())
    for (begin, end), sound in zip(spans, cut, strict=True):
        np.testing.assert_array_equal(sound, whole[round(begin * 8000) : round(end * 8000)])


def test_a_model_of_verdicts_tells_what_people_told(judged, tmp_path, capsys):
    out = tmp_path / "own.npz"
    assert (
        main(["train", "--from-verdicts", str(judged), "-o", str(out), "--model", "builtin"]) == 0
    )
    printed = capsys.readouterr().out
    assert "2 labels on builtin: Rumble, Whistle" in printed
    assert "of 11 verdicts that were held back it gives 11" in printed
    assert "before, 5 were right as they were shown" in printed
    track = overlay.tag(next(tmp_path.glob("*.wav")), model=str(out), device="cpu")
    assert track.top_k(1, at_s=1.5)[0].label == "Whistle"
    assert track.top_k(1, at_s=5.5)[0].label == "Rumble"


class ToneOrNoise:
    """Hears whether there is a tone, and nothing else."""

    name, sample_rate, model_hash = "ear", 8000, ""

    def embed(self, segment, window_length, hop_length):
        windows = np.lib.stride_tricks.sliding_window_view(segment, window_length)[::hop_length]
        turns = np.abs(np.diff(np.signbit(windows), axis=1)).mean(axis=1)
        return np.stack([turns > 0.3, np.ones(len(turns))], axis=1).astype(np.float32)


def taught(medium, *entries):
    """What is learnt of these, and what was said of it."""
    source, notes = open_source(medium), []
    examples = examples_of(said_of(medium, *entries), medium, 2.0)
    made = train_on_verdicts([(source, examples)], ToneOrNoise(), 2.0, 0.5, on_note=notes.append)
    return made, notes


def tones():
    return [on(f"t{n}", n, "Whistle", verdict="right", score=0.5) for n in TONES]


def test_a_label_that_would_be_worse_than_what_was_shown_is_left_out(medium):
    noises = [on(f"n{n}", n, "Hiss", verdict="right", score=0.5) for n in NOISES[:3]]
    others = [on(f"o{n}", n, "Wind", verdict="right", score=0.5) for n in NOISES[2:]]
    made, notes = taught(medium, *tones(), *noises, *others)
    assert made.head.labels == ("Whistle",) and made.worse == ("Hiss", "Wind")
    assert made.head.weight.shape == (2, 1) and made.head.bias.shape == (1,)
    assert notes == ["left out, since they would be worse than what was shown: Hiss, Wind"]
    assert (made.n_held_back, made.n_before, made.n_after) == (5, 5, 5)
    assert (made.n_right, made.n_wrong) == (5, 0)


def test_where_every_label_would_be_worse_nothing_is_made(medium):
    entries = [on(f"n{n}", n, "Hiss", verdict="right", score=0.5) for n in NOISES[:3]]
    entries += [on(f"o{n}", n, "Wind", verdict="right", score=0.5) for n in NOISES[2:]]
    with pytest.raises(TrainingError, match=r"of 6 verdicts .* 6 of these events were right as"):
        taught(medium, *entries)


def test_a_label_that_silences_wrong_events_is_better_than_what_was_shown(medium):
    wrong = [on(f"n{n}", n, "Whistle", verdict="wrong", score=0.4) for n in NOISES]
    made, notes = taught(medium, *tones(), *wrong)
    assert (made.n_held_back, made.n_before, made.n_after) == (10, 5, 10)
    assert made.worse == () and notes == []


def test_media_may_be_elsewhere(medium, tmp_path, capsys):
    said = said_of(medium, *all_said())
    path = write_verdicts(tmp_path / "v.json", said)
    arguments = ["--from-verdicts", str(path), "-o", str(tmp_path / "m.npz")]
    assert main(["train", *arguments, "--model", "builtin"]) == 4
    assert "--media" in capsys.readouterr().err
    assert media_of(said, path, medium.parent, 0).path == medium


def test_labels_of_few_are_left_out_with_a_note(medium):
    said = said_of(medium, *all_said(), on("f", 0, "Flute", verdict="right"))
    notes = []
    assert check_enough(examples_of(said, medium, 2.0), notes.append) == {"Whistle", "Rumble"}
    assert "less than 3 times: Flute" in notes[0]


@pytest.mark.parametrize("name", ["../judged.wav", "/etc/passwd", "", ".", "..", "a/b.wav", "x\0"])
def test_a_medium_is_only_looked_for_where_it_should_be(medium, tmp_path, name):
    folder = tmp_path / "below"
    folder.mkdir()
    (tmp_path / "judged.wav").write_bytes(medium.read_bytes())
    said = said_of(medium, name=name)
    with pytest.raises(TrainingError, match="its medium"):
        media_of(said, folder / "v.json", None, 0)


def test_another_sound_is_refused(judged, make_clip, tmp_path):
    other = make_clip("other.wav", "-f", "lavfi", "-i", "sine=d=3")
    next(tmp_path.glob("*.wav")).write_bytes(other.read_bytes())
    with pytest.raises(TrainingError, match="not the sound"):
        overlay.train_on_verdicts(judged, tmp_path / "m.npz", model="builtin")
    assert not (tmp_path / "m.npz").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["train"], 2, "--from-verdicts"),
        (["train", "DIR", "--from-verdicts", "V"], 2, "folder of clips, or"),
        (["train", "DIR", "--media", "DIR"], 2, "--media"),
        (["train", "--from-verdicts", "V", "--labels", "x.csv"], 2, "--labels"),
        (["train", "--from-verdicts", "V", "-o", "m.txt"], 2, ".npz"),
        (["train", "--from-verdicts", "V", "-o", "V"], 2, ".npz"),
        (["train", "--from-verdicts", "none.json"], 6, "none.json"),
        (["train", "--from-verdicts", "FEW"], 4, "judge more"),
    ],
)
def test_mistakes_are_one_line(
    judged, medium, tmp_path, monkeypatch, capsys, arguments, code, said
):
    few = write_verdicts(tmp_path / "few.json", said_of(medium, *all_said()[:2]))
    monkeypatch.chdir(tmp_path)
    known = {"V": str(judged), "DIR": str(tmp_path), "FEW": str(few)}
    assert main([known.get(each, each) for each in arguments]) == code
    assert said in capsys.readouterr().err
    assert not list(tmp_path.glob("*.npz"))
