"""What a marker's key holds: all that changes a product, and nothing else."""

import json

import pytest

from overlay import pipeline
from overlay.batching.markers import key_of
from overlay.batching.product_kinds import (
    check_kinds,
    facts_of,
    known_kinds,
    product_of,
    settings_for,
)
from overlay.errors import UsageError
from overlay.settings import Settings, TaggingSettings, override
from tests.making import two_tags

MODEL = ("builtin", "0123")
TEXTS = [
    "events", "captions", "srt", "vtt", "ttml", "ass", "sbv", "json", "rttm", "audacity", "hops",
    "review", "review-csv",
]  # fmt: skip


def key(kind, **options):
    return key_of(facts_of(kind, override(Settings(), **options), MODEL))


def changed_by(**options):
    """The kinds that another value makes again."""
    kinds = known_kinds()
    return {kind for kind in kinds if key(kind, **options) != key(kind)}


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        ({"threads": 3, "cache": False, "overwrite": True, "device": "cpu"}, ""),
        ({"ffmpeg": "/bin/ffmpeg"}, ""),
        ({"theme": "light"}, "render soft panel ass-panel"),
        ({"view": "chips"}, "render soft panel ass-panel"),
        ({"position": "top"}, "render soft panel ass-panel"),
        ({"top_k": 3}, "render soft panel ass-panel review"),
        ({"scale": 2.0}, "render soft panel ass-panel"),
        ({"style": "bbc"}, "soft captions srt vtt ttml ass sbv"),
        ({"density": "low"}, "soft captions srt vtt ttml ass sbv"),
        ({"crf": 30}, "render soft panel"),
        ({"preset": "slow"}, "render soft panel"),
        ({"language": "zh"}, "render soft panel ass-panel captions srt vtt ttml ass sbv"),
    ],
)
def test_a_setting_makes_again_what_it_changes_and_nothing_else(options, kinds):
    assert changed_by(**options) == set(kinds.split())


@pytest.mark.parametrize(
    "options",
    [{"tolerant": True}, {"from_s": 1.0}, {"audio_track": 1}, {"hop_duration": 0.5}],
)
def test_what_changes_the_scores_changes_everything(options):
    assert changed_by(**options) == set(known_kinds())


@pytest.mark.parametrize("options", [{"event_threshold": 0.5}, {"allow": ("Dog",)}, {"raw": True}])
def test_what_changes_the_events_changes_all_but_the_scores(options):
    assert changed_by(**options) == set(known_kinds()) - {"tags"}


def test_another_model_changes_everything_by_its_hash_and_not_by_how_it_was_named():
    facts = facts_of("events", Settings(), MODEL)
    assert facts != facts_of("events", Settings(), ("builtin", "4567"))
    assert facts == facts_of("events", Settings(TaggingSettings(model="builtin")), MODEL)


def test_a_file_that_is_named_counts_by_what_is_in_it(tmp_path):
    one, other = tmp_path / "one.toml", tmp_path / "other.toml"
    for path in (one, other):
        path.write_text('"Dog" = 0.4\n')
    before = key("events", thresholds_file=str(one))
    assert key("events", thresholds_file=str(other)) == before
    other.write_text('"Dog" = 0.5\n')
    assert key("events", thresholds_file=str(other)) != before


def test_verdicts_count_by_what_is_in_them_wherever_they_lie(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "clip.verdicts.json").write_text("{}")
    before = key("events", verdicts=(str(tmp_path / "a"),))
    assert key("events", verdicts=(str(tmp_path / "b"),)) == before != key("events")
    (tmp_path / "b/clip.verdicts.json").write_text("{ }")
    assert key("events", verdicts=(str(tmp_path / "b"),)) != before


def made(make_clip, tmp_path, kind, **options):
    """The bytes of a product of two sounds."""
    clip = make_clip("for-kinds.wav", "-f", "lavfi", "-i", "sine=d=6")
    out = tmp_path / str(len(list(tmp_path.iterdir())))
    out.mkdir()
    settings = settings_for(kind, override(Settings(), **options))
    job = pipeline.plan(clip, product_of(kind), out, settings, track=two_tags())
    job.run()
    return job.target.read_bytes()


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize(
    "options",
    [
        {"style": "plain"}, {"language": "zh"}, {"density": "low"}, {"event_threshold": 0.95},
        {"theme": "light", "top_k": 1}, {"allow": ("Dog",)}, {"hop_top_k": 1}, {"frames": False},
    ],
    ids=lambda options: "-".join(options),
)  # fmt: skip
def test_no_text_changes_without_its_key(make_clip, tmp_path, kind, options):
    if key(kind, **options) == key(kind):
        is_same = made(make_clip, tmp_path, kind, **options) == made(make_clip, tmp_path, kind)
        assert is_same, f"{kind} depends on {json.dumps(options)}"


def test_kinds_are_checked_and_each_counts_once():
    assert check_kinds(["render", "events", "render"]) == ("render", "events")
    with pytest.raises(UsageError, match="name at least one"):
        check_kinds([])
    with pytest.raises(UsageError, match="nonsense: not known; known are render, soft"):
        check_kinds(["events", "nonsense"])


@pytest.mark.parametrize(
    ("kind", "soft", "alone"),
    [("render", False, False), ("soft", True, False), ("panel", False, True)],
)
def test_a_kind_of_video_is_what_it_is_called_whatever_the_settings_say(kind, soft, alone):
    for options in ({}, {"soft": True}, {"overlay_only": True}):
        video = settings_for(kind, override(Settings(), **options)).video
        assert (video.soft, video.overlay_only, video.overwrite) == (soft, alone, True)
