"""From events to cues: what is said, when, and that each style's own rules are kept."""

import time
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

import overlay
from overlay.captioning.compliance import broken_rules
from overlay.captioning.cues import captioned, cues_of
from overlay.captioning.styles import style_named
from overlay.datatypes import Cue, TagEvent
from overlay.resources import resource
from overlay.settings import CAPTION_STYLES, DENSITIES, LANGUAGES, CaptionSettings
from overlay.vocabulary import vocabulary_named
from overlay.vocabulary.audioset import audioset_labels
from overlay.vocabulary.audioset_strong import audioset_strong
from overlay.vocabulary.wording import LANGUAGES as WORDED

RATES = (None, Fraction(24000, 1001), Fraction(25), Fraction(30), Fraction(60))


def heard(label, onset, offset, peak=0.8):
    labels = audioset_labels()
    index = labels.index(label) if label in labels else 0
    return TagEvent(index, label, onset, offset, peak, peak)


def said(events, dialogue=(), **options):
    cues = cues_of(events, CaptionSettings(**options), dialogue=dialogue)
    return [(cue.start_s, cue.end_s, *cue.lines) for cue in cues]


def scenes(n, seed=0):
    """Random events: many and few, short and long, known labels and a user's own."""
    random = np.random.default_rng(seed)
    own = ("my own label", "门铃", "x" * 100, "Doorbell " * 12)
    for _ in range(n):
        names = random.choice(audioset_labels(), random.integers(1, 15)).tolist()
        names += random.choice(own, random.integers(0, 2)).tolist()
        onsets = np.sort(random.uniform(0, random.uniform(5, 300), random.integers(1, 60)))
        lengths = random.choice([0.05, 0.3, 1, 3, 10, 60, 200], len(onsets))
        yield [
            heard(str(random.choice(names)), onset, onset + length, random.uniform(0.3, 1))
            for onset, length in zip(onsets.tolist(), lengths.tolist(), strict=True)
        ]


def talk(seed):
    random = np.random.default_rng(seed)
    ends = np.cumsum(random.exponential(5, 30) + random.uniform(0.5, 4, 30))
    return [Cue(round(end - 1.5, 3), round(end, 3), ("hello",)) for end in ends.tolist()]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("style", CAPTION_STYLES)
def test_each_style_keeps_its_own_rules(style, language):
    rules = style_named(style, language)
    for n, events in enumerate(scenes(5)):
        rate = RATES[n % len(RATES)]
        for density in (None, *DENSITIES):
            settings = CaptionSettings(style=style, density=density, language=language)
            cues = cues_of(events, settings, frame_rate=rate)
            assert broken_rules(cues, rules, rate) == []
            assert broken_rules(cues, rules) == []


@pytest.mark.parametrize("style", CAPTION_STYLES)
def test_a_cue_comes_with_its_sound_or_while_it_is_heard(style):
    for events in scenes(5, seed=1):
        for cue in cues_of(events, CaptionSettings(style=style, density="high")):
            assert any(
                -0.01 <= cue.start_s - event.onset_s <= 0.121
                or event.onset_s <= cue.start_s <= event.offset_s + 3.0
                for event in events
            )


@pytest.mark.parametrize("style", CAPTION_STYLES)
def test_no_cue_stands_in_the_dialogue_or_too_near(style):
    gap = style_named(style, "en").gap_cs(None) / 100
    for seed, events in enumerate(scenes(5, seed=2)):
        dialogue = talk(seed)
        cues = cues_of(events, CaptionSettings(style=style, density="high"), dialogue=dialogue)
        for cue in cues:
            for line in dialogue:
                apart = max(line.start_s - cue.end_s, cue.start_s - line.end_s)
                assert apart >= gap - 1e-6
        assert all(a.end_s <= b.start_s for a, b in pairwise(cues))


def test_sounds_are_told_as_each_style_tells_them():
    dog = [heard("Bark", 2.0, 2.6), heard("Bark", 20.0, 26.0)]
    assert said(dog, style="netflix") == [
        (2.0, 2.84, "[dog barks]"),
        (20.0, 26.0, "[dog barking]"),
    ]
    assert said(dog, style="dcmp")[0] == (2.0, 4.0, "[dog barks]")
    assert said(dog, style="bbc")[1] == (20.0, 26.0, "DOG BARKS")
    assert said(dog, style="youtube")[0] == (2.0, 3.0, "[Dog bark]")
    assert said(dog, style="plain")[0] == (2.0, 2.7, "[Bark]")
    short, long = (line for *_, line in said(dog, language="zh"))
    assert "狗" in short
    assert "狗" in long
    assert short != long


def test_proper_nouns_keep_their_capitals():
    horn = [heard("French horn", 1, 5), heard("Christmas music", 10, 15)]
    lines = [line for *_, line in said(horn, style="netflix")]
    assert lines[0].startswith("[French")
    assert lines[1].startswith("[Christmas")


def test_a_long_sound_is_captioned_once_then_said_to_go_on():
    rain = heard("Rain", 1.0, 200.0)
    cues = said([rain], density="medium")
    assert cues[0] == (1.0, 8.0, "[rain falling]")
    assert cues[1] == (68.0, 71.0, "[rain continues]")
    assert len(cues) == 4
    assert len(said([heard("Siren", 1.0, 200.0)], density="low")) == 1
    chinese = said([rain], language="zh")
    assert chinese[1][2] == "[雨声持续]"


def test_a_sound_goes_on_after_another_has_interrupted_it():
    cues = said([heard("Music", 0.0, 60.0), heard("Bark", 30.0, 30.5)])
    assert [line for *_, line in cues] == [
        "[music playing]", "[dog barks]", "[music continues]"
    ]  # fmt: skip
    assert cues[2][0] == pytest.approx(cues[1][1] + 0.08)


def test_repeats_of_a_sound_are_one_caption():
    barks = [heard("Bark", t, t + 0.4) for t in (1.0, 2.0, 3.5, 5.0)]
    assert said(barks) == [(1.0, 5.4, "[dog barking]")]


def test_sounds_that_begin_together_share_a_cue():
    cues = said([heard("Gunshot, gunfire", 3.0, 3.3), heard("Shatter", 3.2, 4.0)])
    assert len(cues) == 1
    assert len(cues[0][2:]) == 2


def test_speech_is_left_to_the_dialogue_except_in_plain():
    events = [heard("Speech", 1, 5), heard("Siren", 7, 9)]
    assert len(said(events)) == 1
    assert [line for *_, line in said(events, style="plain")] == ["[Speech]", "[Siren]"]


def test_density_keeps_what_matters():
    events = [
        heard(label, 4.0 * n, 4.0 * n + 2, peak)
        for n, (label, peak) in enumerate(
            [("Wind", 0.5), ("Siren", 0.7), ("Bark", 0.5), ("Rain", 0.9), ("Explosion", 0.65)]
        )
    ]
    kept = {density: [c[2] for c in said(events, density=density)] for density in DENSITIES}
    assert len(kept["low"]) == 2
    assert "[siren wailing]" in kept["low"]
    assert set(kept["low"]) < set(kept["medium"]) < set(kept["high"])
    assert len(kept["high"]) == 5
    crowd = [heard("Siren", float(t), t + 0.5) for t in range(0, 300, 5)]
    for density, most in (("low", 5), ("medium", 12)):
        starts = [start for start, *_ in said(crowd, density=density)]
        assert all(sum(s <= x < s + 60 for x in starts) <= most for s in starts)


def test_sounds_of_one_kind_at_one_time_are_captioned_once():
    band = [heard("Drum kit", 1, 5, 0.7), heard("Snare drum", 1.4, 5, 0.5)]
    assert len(said(band)) == 1
    assert sum(len(cue[2:]) for cue in said(band, density="high")) == 2


def test_a_label_of_ones_own_is_captioned_as_it_is():
    assert said([heard("My gate", 1, 3)])[0][2] == "[My gate]"
    long = said([heard("word " * 40, 1, 3)])[0][2:]
    assert len(long) == 2
    assert long[1].endswith("…]")


def test_the_sample_keeps_every_styles_rules():
    source = resource("samples", "sounds.mp4")
    for style in CAPTION_STYLES:
        for language in LANGUAGES:
            options = {"model": "builtin", "device": "cpu", "style": style, "language": language}
            cues = overlay.captions(source, **options)
            assert len(cues) >= 3
            assert broken_rules(cues, style_named(style, language), Fraction(25)) == []


def test_the_languages_of_settings_are_those_of_the_wording():
    assert LANGUAGES == WORDED


def test_a_short_sound_is_captioned_in_time_or_not_at_all():
    blast = heard("Explosion", 1.0, 1.3)
    assert said([blast, heard("Bark", 1.8, 2.1)], style="dcmp") == [(1.0, 3.0, "[explosion booms]")]
    late = said([blast, heard("Bark", 1.8, 9.0)], style="dcmp")
    assert late[1] == (3.0, 9.0, "[dog barking]")
    under = [Cue(0.0, 4.0, ("hello",))]
    assert said([blast], under) == []
    assert said([heard("Siren", 1.0, 9.0)], under)[0][0] == pytest.approx(4.08)


def test_where_the_tagger_is_unsure_the_general_word_is_said():
    assert said([heard("Bark", 1, 4, 0.9)])[0][2] == "[dog barking]"
    unsure = said([heard("Bark", 1, 4, 0.6)], style="youtube")[0][2]
    assert unsure == said([heard("Dog", 1, 4, 0.9)], style="youtube")[0][2]
    assert said([heard("Dog", 1, 4, 0.6)], style="youtube")[0][2] == unsure  # no "pets"


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("Bark", "[dog barking]"), ("Marimba, xylophone", "[mallet percussion playing]"),
        ("Crowing, cock-a-doodle-doo", "[rooster crowing]"), ("Purr", "[cat purring]"),
        ("Shatter", "[glass shattering]"), ("Train horn", "[train horn blaring]"),
        ("Dial tone", "[dial tone humming]"), ("Bicycle bell", "[bicycle bell ringing]"),
    ],
)  # fmt: skip
def test_an_unsure_kind_is_not_called_by_what_it_does_not_do(label, words):
    assert said([heard(label, 1, 5, 0.66)])[0][2] == words
    assert said([heard("Bark", 1, 4, 0.3)]) == []
    assert said([heard("Bark", 1, 4, 0.3)], style="plain")[0][2] == "[Bark]"
    assert said([heard("My gate", 1, 4, 0.5)], density="high")[0][2] == "[My gate]"


def test_two_unsure_kinds_of_one_thing_are_one_caption():
    both = [heard("Tick", 1, 4, 0.5), heard("Tick-tock", 1.1, 4.2, 0.5)]
    cues = said(both, style="youtube", density="high")
    assert len(cues) == 1
    assert len(cues[0][2:]) == 1


def test_music_is_called_by_what_plays():
    both = [heard("Music", 1, 9, 0.95), heard("Piano", 1.2, 9, 0.6)]
    assert [line for *_, line in said(both)] == ["[piano playing]"]
    assert said(both[:1])[0][2] == "[music playing]"


def test_nothing_starts_that_was_there_before():
    short = [heard("Rain", 5.0, 5.9, 0.9), heard("Rain", 20.0, 20.9, 0.9)]
    first, second = (line for *_, line in said(short))
    assert first == "[rain starts to fall]"
    assert second == "[rain falling]"
    assert said([heard("Rain", 0.1, 0.9, 0.9)])[0][2] == "[rain falling]"


def test_a_users_own_names_are_said_as_they_are():
    names = list(audioset_labels())
    bark = names.index("Bark")
    names[bark] = "Wuff"
    vocabulary = vocabulary_named("audioset", tuple(names))
    event = TagEvent(bark, "Wuff", 1.0, 4.0, 0.9, 0.9)
    assert cues_of([event], CaptionSettings(), vocabulary=vocabulary)[0].lines == ("[Wuff]",)
    strong = vocabulary_named("audioset-strong", audioset_strong().names)
    place = strong.index_of("Stream, river")
    event = TagEvent(place, "Stream, river", 1.0, 4.0, 0.9, 0.9)
    said_of_it = cues_of([event], CaptionSettings(style="youtube"), vocabulary=strong)
    assert said_of_it[0].lines == ("[Stream]",)


def test_letters_that_turn_a_line_around_are_left_out():
    assert said([heard("a\u202egate\u2066 b\x07", 1, 3)])[0][2] == "[agate b]"


@pytest.mark.parametrize("style", CAPTION_STYLES)
def test_ten_thousand_events_and_long_names_take_seconds(style):
    random = np.random.default_rng(0)
    onsets = np.sort(random.uniform(0, 3000, 10_000)).tolist()
    names = ["Bark", "Rain", "Music", "x" * 5000, *(f"{'word ' * 800}{i}" for i in range(200))]
    events = [heard(names[i % len(names)], t, t + 1000, 0.9) for i, t in enumerate(onsets)]
    start = time.process_time()
    for density in ("medium", "high"):
        cues_of(events, CaptionSettings(style=style, density=density))
    assert time.process_time() - start < 30


def test_music_is_named_by_an_instrument_that_is_too_unsure_for_a_caption():
    music = heard("Music", 1, 9, 0.9)
    assert said([music, heard("Piano", 1.5, 9, 0.45)]) == [(1.0, 8.0, "[piano music playing]")]
    assert said([music, heard("Drum kit", 1, 9, 0.4)])[0][2] == "[drum kit music playing]"
    assert said([music, heard("Piano", 1.5, 9, 0.2)])[0][2] == "[music playing]"
    assert said([music, heard("Piano", 1.5, 2.5, 0.4)])[0][2] == "[music playing]"
    assert said([music, heard("Bark", 1.5, 9, 0.4)], density="low")[0][2] == "[music playing]"
    assert "钢琴" in said([music, heard("Piano", 1, 9, 0.45)], language="zh")[0][2]


def test_nothing_starts_that_was_there_under_another_name():
    rain = [heard("Rain", 1, 20), heard("Rain", 25, 25.8)]
    assert [line for *_, line in said(rain)] == ["[rain falling]", "[rain falling]"]
    late = [heard("Rain", 1, 20), heard("Rain", 60, 60.8)]
    assert said(late)[-1][2] == "[rain starts to fall]"
    named = [heard("Raindrop", 1, 20), heard("Rain on surface", 12, 22), heard("Rain", 25, 25.8)]
    assert "[rain starts to fall]" not in [line for *_, line in said(named, density="high")]
    music = [heard("Piano", 1, 20), heard("Music", 25, 25.8)]
    lines = [line for *_, line in said(music, language="zh", density="high")]
    assert not any("响起" in line for line in lines)


def test_of_two_captions_that_say_one_thing_the_fuller_one_stands():
    clock = [heard("Tick", 1, 6, 0.9), heard("Clock", 2, 6, 0.6)]
    assert said(clock, density="high") == [(1.0, 6.0, "[clock ticking]")]
    siren = [heard("Siren", 1, 9, 0.9), heard("Police car (siren)", 1, 9, 0.85)]
    assert said(siren, density="high") == [(1.0, 8.0, "[police siren wailing]")]
    apart = [heard("Tick", 1, 4, 0.9), heard("Clock", 10, 16, 0.6)]
    assert len(said(apart, density="high")) == 2


def test_what_finds_no_room_is_named():
    talk_all_the_time = [Cue(0.0, 10.0, ("blah",))]
    events = [heard("Bark", 2, 3), heard("Siren", 12, 14)]
    for style in ("netflix", "plain"):
        made = captioned(events, CaptionSettings(style=style), dialogue=talk_all_the_time)
        assert [mention.onset_s for mention in made.left_out] == [2]
        assert len(made.cues) == 1


def gaps_are_right(cues, style, rate):
    broken = broken_rules(sorted(cues, key=lambda cue: cue.start_s), style, rate)
    return [each for each in broken if each.rule in ("gap", "overlap")]


@pytest.mark.parametrize("style", CAPTION_STYLES)
def test_cues_and_dialogue_together_keep_the_rule_of_gaps(style):
    rules = style_named(style, "en")
    rate = Fraction(25)
    for seed, events in enumerate(scenes(8, seed=4)):
        spoken = [Cue(20.0 * n, 20.0 * n + 1.52, ("hello",)) for n in range(1 + seed, 15)]
        settings = CaptionSettings(style=style, density="high")
        cues = cues_of(events, settings, frame_rate=rate, dialogue=spoken)
        if style == "plain":
            rules = style_named("plain", "en")
        assert gaps_are_right([*spoken, *cues], rules, rate) == []


def test_a_sound_just_behind_a_line_of_dialogue_waits_until_the_gap_is_right():
    spoken = [Cue(1.0, 2.0, ("hello",))]
    assert said([heard("Siren", 2.4, 9)], dialogue=spoken)[0][0] == 2.5
    assert said([heard("Siren", 1.5, 9)], dialogue=spoken)[0][0] == 2.08
