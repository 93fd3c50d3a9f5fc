"""The walk from a video to what is made of it, readable top to bottom.

    open    the source, probed once; or scores that were saved
    plan    the product, with everything refused that can be refused
    score   the sound, unless that was done before
    write   the product, whole or absent

``plan`` does the first two and gives a ``Job``; ``Job.run`` does the others. Every function below
that writes a file is these two lines.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from overlay import detection
from overlay.captioning.compliance import BrokenRule, broken_rules
from overlay.captioning.styles import language_of, style_named
from overlay.datatypes import Cue, Tag, TagEvent
from overlay.detection.corrections import verdicts_for
from overlay.errors import NoAudioStream, UsageError
from overlay.export.ass_panel import DEFAULT_PICTURE
from overlay.export.subtitle_files import read_subtitles
from overlay.files import check_target, whole_or_absent
from overlay.media.fingerprint import audio_fingerprint
from overlay.media.source import Source, open_source
from overlay.products.base import Made, Plan, Product
from overlay.products.events import captions_of, events_of, silence
from overlay.products.merged_captions import Merged
from overlay.products.product_choice import PRODUCTS, asked_for, without_sound
from overlay.products.review import Review
from overlay.products.still import Still
from overlay.products.table import Table, export_formats, frame_rate_of
from overlay.reporting import SILENT, Reporter
from overlay.scoring.saved_tracks import load_track, open_saved
from overlay.scoring.score import score
from overlay.settings import CaptionSettings, Settings, override
from overlay.tagging.registry import Loader, load_network, load_tagger
from overlay.track import TagTrack, sound_of_part
from overlay.training.head_training import find_clips, train_head
from overlay.verdicts import fingerprint_of

__all__ = [
    "Job", "Rendered", "Taught", "captions", "check_captions", "export_events", "export_formats",
    "find_events", "merge_captions", "plan", "preview", "render", "review", "shown",
    "tag", "top_events", "train",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rendered:
    """What came out."""

    path: Path
    track: TagTrack | None
    """``None`` for a silent video that was copied."""
    n_frames: int | None
    """Pictures that were encoded; ``None`` where none were."""
    encoder: str
    """``copy`` where nothing was encoded, empty for text."""
    content: str
    """What is in the file, for people."""


@dataclass(frozen=True, eq=False, slots=True)
class Job:
    """A product of one source on which everything has been decided; nothing is scored yet."""

    source: Source
    settings: Settings
    track: TagTrack | None
    """The scores, where they are known already."""
    product: Plan
    instead: Callable[[Reporter], Plan] | None
    """Plans what is made if there turns out to be nothing to hear."""
    load: Loader
    """Loads what hears the sound."""

    @property
    def target(self) -> Path:
        """The file or folder that ``run`` makes."""
        return self.product.target

    def run(self, reporter: Reporter = SILENT) -> Rendered:
        """Score the sound if that is needed, and write the product.

        Raises:
            OverlayError: With one line that says what is wrong; no partial file is left.
        """
        if not self.product.needs_track:
            return _rendered(self.product.write(None, reporter), None)
        track = self.track
        try:
            track = track or _scored(self.source, self.settings, reporter, self.load)
        except NoAudioStream:
            if self.instead is None:
                raise
            return replace(self, product=self.instead(reporter)).run(reporter)
        return _rendered(self.product.write(track, reporter), track)


def _rendered(made: Made, track: TagTrack | None) -> Rendered:
    return Rendered(made.path, track, made.n_frames, made.encoder, made.content)


def plan(
    path: str | Path | Source,
    product: Product | None = None,
    out: str | Path | None = None,
    settings: Settings | None = None,
    *,
    track: TagTrack | str | Path | None = None,
    reporter: Reporter = SILENT,
    load: Loader = load_tagger,
) -> Job:
    """Open a source and find everything that would stop the work before a second is scored.

    Args:
        path: Any media file, which may be open already; for a product without a picture also the
            npz of ``TagTrack.save``.
        product: What to make, such as ``Table("csv")``; the video that the settings ask for if
            ``None``.
        out: Target or folder; the product's usual name beside the source if ``None``.
        settings: Options; the defaults if ``None``.
        track: Scores to use instead of listening, or the file that they are saved in.
        reporter: Told what a user should know.
        load: Loads what hears the sound; who makes many products may keep what it loaded.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    settings = settings or Settings()
    target = None if out is None else Path(out)
    source, track = _source(path, product, settings, track, reporter)
    sound = _check_verdicts(source, track, settings, reporter)
    instead = None
    if product is None:
        name = asked_for(source, settings.video, target, is_scored=track is not None)
        product = PRODUCTS[name]()
        if track is None and source.info.audio:
            source.sound()  # before the product has something to say of a sound that nobody hears
        instead = _instead(source, settings, target, name)
    made = product.plan(source, settings, target, reporter)
    if track is not None:
        _check_labels(track.labels, settings, sound)
    elif made.needs_track:
        source.sound()
    return Job(source, settings, track, made, instead, load)


def opened(path: str | Path, settings: Settings, reporter: Reporter = SILENT) -> Source:
    """Open a media file, for several products of the same settings of tagging.

    Args:
        path: Any media file.
        settings: Which tracks, which part, and whether timestamps are mended.
        reporter: Told what was chosen.

    Raises:
        MediaError: It cannot be read.
        UsageError: The part begins behind its end.
    """
    wanted = settings.tagging
    source = open_source(
        path, video_track=wanted.video_track, audio_track=wanted.audio_track,
        excerpt=wanted.excerpt, mended=settings.video.tolerant,
    )  # fmt: skip
    for note in source.notes:
        reporter.note(note)
    return source


def _source(
    path: str | Path | Source,
    product: Product | None,
    settings: Settings,
    track: TagTrack | str | Path | None,
    reporter: Reporter,
) -> tuple[Source, TagTrack | None]:
    """The source, and its scores where they are known."""
    if not isinstance(path, Source):
        saved = None if product is None else _saved(path, settings)
        if saved is not None:
            return saved
        path = opened(path, settings, reporter)
    return path, _known(track, path, settings, reporter)


def _saved(path: str | Path, settings: Settings) -> tuple[Source, TagTrack] | None:
    return open_saved(path, settings.panel.label_file, settings.tagging.excerpt)


def _known(
    track: TagTrack | str | Path | None, source: Source, settings: Settings, reporter: Reporter
) -> TagTrack | None:
    """Scores that were given: as they are, or read from their file."""
    if track is None or isinstance(track, TagTrack):
        return track
    return load_track(track, source, settings.panel.label_file, reporter=reporter)


def _instead(
    source: Source, settings: Settings, out: Path | None, name: str
) -> Callable[[Reporter], Plan]:
    """Plans what a video becomes whose audio track turns out to be empty."""

    def planned(reporter: Reporter) -> Plan:
        kind = PRODUCTS[without_sound(source, settings.video, name)]
        return kind().plan(source, settings, out, reporter)

    return planned


def _scored(source: Source, settings: Settings, reporter: Reporter, load: Loader) -> TagTrack:
    tagger = load(settings.tagging, reporter=reporter)
    _check_labels(tagger.labels, settings, _sound_of(source, None, settings))
    return score(source, tagger, settings, reporter=reporter)


def _check_labels(labels: tuple[str, ...], settings: Settings, sound: str | None) -> None:
    """Detect on silence with these labels and this name: it refuses what does not go with them.

    Raises:
        SettingsError: Thresholds, ``allow`` or ``deny`` name other labels.
        LabelError: The label file does not fit.
    """
    if sound is None:
        settings = override(settings, verdicts=())
    events_of(silence(labels, sound or ""), settings)


def _sound_of(source: Source, track: TagTrack | None, settings: Settings) -> str | None:
    """What verdicts are known by; ``None`` where none are named, or it cannot be told."""
    if not settings.events.verdicts:
        return None
    if track is not None:
        return fingerprint_of(track)
    whole = audio_fingerprint(source.info, source.audio_track) if source.info.audio else None
    return whole and sound_of_part(whole, source.info.excerpt)


def _check_verdicts(
    source: Source, track: TagTrack | None, settings: Settings, reporter: Reporter
) -> str | None:
    """Refuse verdicts on another sound before it is scored; say it if there are none on this one.

    Returns:
        The sound, as ``_sound_of``.

    Raises:
        ExportError: They cannot be read, or the only file is of another sound.
    """
    sound = _sound_of(source, track, settings)
    if sound is not None and verdicts_for(settings, sound) is None:
        named = ", ".join(settings.events.verdicts)
        reporter.note(f"{source.path.name}: no verdicts on its sound in {named:.200}")
    return sound


def tag(
    path: str | Path,
    settings: Settings | None = None,
    *,
    reporter: Reporter = SILENT,
    **options: Any,
) -> TagTrack:
    """Score the sound of a media file.

    Args:
        path: Any media file with sound.
        settings: Options; the defaults if ``None``.
        reporter: Told how far it is, and which model is used if that was a choice.
        options: Single fields of ``settings`` to change, such as ``model="cnn14"``.

    Returns:
        The score track, on the picture's clock.

    Raises:
        MediaError: The file cannot be read, or has no sound.
        TaggerError: The model cannot be loaded.
    """
    settings = override(settings or Settings(), **options)
    source = opened(path, settings, reporter)
    source.sound()
    return _scored(source, settings, reporter, load_tagger)


def find_events(
    path: str | Path,
    settings: Settings | None = None,
    *,
    reporter: Reporter = SILENT,
    **options: Any,
) -> tuple[list[TagEvent], TagTrack]:
    """What is heard from when to when, in a media file or a saved score track.

    Args:
        path: Any media file with sound, or the npz of ``TagTrack.save``.
        settings: Options; the defaults if ``None``.
        reporter: Told how far it is, and what a user should know.
        options: Single fields of ``settings`` to change, such as ``event_threshold=0.5``.

    Returns:
        The events by onset, and the scores behind them.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    settings = override(settings or Settings(), **options)
    found, track, _ = _heard(path, settings, reporter)
    return found, track


def _heard(
    path: str | Path, settings: Settings, reporter: Reporter
) -> tuple[list[TagEvent], TagTrack, Source]:
    saved = _saved(path, settings)
    if saved is not None:
        source, track = saved
    else:
        source = opened(path, settings, reporter)
        source.sound()
        _check_verdicts(source, None, settings, reporter)
        track = _scored(source, settings, reporter, load_tagger)
    return events_of(track, settings), track, source


def render(
    path: str | Path,
    out: str | Path | None = None,
    settings: Settings | None = None,
    *,
    track: TagTrack | str | Path | None = None,
    reporter: Reporter = SILENT,
    **options: Any,
) -> Rendered:
    """Write the same video with live sound tags.

    Args:
        path: The video.
        out: Target; ``<name>.tagged.mp4`` beside the video if ``None``.
        settings: Options; the defaults if ``None``.
        track: Scores to draw, or the file that they are saved in; the video's sound is scored if
            ``None``.
        reporter: Told how far each step is, and what a user should know.
        options: Single fields of ``settings`` to change, such as ``theme="light"``.

    Raises:
        OverlayError: With one line that says what is wrong; no partial file is left.
    """
    settings = override(settings or Settings(), **options)
    return plan(path, None, out, settings, track=track, reporter=reporter).run(reporter)


def preview(
    path: str | Path,
    at_s: float,
    out: str | Path | None = None,
    settings: Settings | None = None,
    *,
    track: TagTrack | str | Path | None = None,
    reporter: Reporter = SILENT,
    **options: Any,
) -> Path:
    """Write one PNG: the frame at second ``at_s`` as it would look in the video.

    Args:
        path: The video.
        at_s: Seconds from its start.
        out: Target; ``<name>.<second>s.png`` beside the video if ``None``.
        settings: Options; the defaults if ``None``.
        track: As for ``render``.
        reporter: Told how far it is, and what a user should know.
        options: Single fields of ``settings`` to change.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    settings = override(settings or Settings(), **options)
    return plan(path, Still(at_s), out, settings, track=track, reporter=reporter).run(reporter).path


def review(
    path: str | Path,
    out: str | Path | None = None,
    settings: Settings | None = None,
    *,
    reviewer: str = "",
    track: TagTrack | str | Path | None = None,
    reporter: Reporter = SILENT,
    **options: Any,
) -> Path:
    """Write one HTML page on which a person judges what was heard, one key a verdict.

    Args:
        path: The media file, which the page plays from where it is.
        out: Target; ``<name>.review.html`` beside the file if ``None``.
        settings: Options; the defaults if ``None``.
        reviewer: Who judges; may be changed on the page.
        track: As for ``render``.
        reporter: Told how far it is, and what a user should know.
        options: Single fields of ``settings`` to change, such as ``event_threshold=0.1``.

    Raises:
        OverlayError: With one line that says what is wrong; no partial file is left.
    """
    settings = override(settings or Settings(), **options)
    product = Review(reviewer)
    return plan(path, product, out, settings, track=track, reporter=reporter).run(reporter).path


def captions(
    path: str | Path,
    settings: Settings | None = None,
    *,
    reporter: Reporter = SILENT,
    **options: Any,
) -> list[Cue]:
    """What a caption file of a media file or a saved score track holds.

    Args:
        path: As for ``find_events``.
        settings: Options; the defaults if ``None``.
        reporter: Told how far it is, and what a user should know.
        options: Single fields of ``settings`` to change, such as ``style="bbc"``.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    settings = override(settings or Settings(), **options)
    found, track, source = _heard(path, settings, reporter)
    return captions_of(found, track, settings, frame_rate=frame_rate_of(source)).cues


def export_events(
    path: str | Path,
    format_name: str,
    out: str | Path | None = None,
    settings: Settings | None = None,
    *,
    picture: tuple[int, int] = DEFAULT_PICTURE,
    reporter: Reporter = SILENT,
    **options: Any,
) -> Path:
    """Write the events of a media file or a saved score track as a text file.

    Args:
        path: As for ``find_events``.
        format_name: One of ``export_formats()``.
        out: Target; ``<name>`` with the format's extension beside the file if ``None``.
        settings: Options; the defaults if ``None``.
        picture: Width and height of the video that the panel of a saved track is to lie on.
        reporter: Told how far it is, and what a user should know.
        options: Single fields of ``settings`` to change.

    Raises:
        OverlayError: With one line that says what is wrong; no partial file is left.
    """
    settings = override(settings or Settings(), **options)
    product = Table(format_name, picture)
    return plan(path, product, out, settings, reporter=reporter).run(reporter).path


def merge_captions(
    path: str | Path,
    subtitles: str | Path,
    out: str | Path | None = None,
    settings: Settings | None = None,
    *,
    reporter: Reporter = SILENT,
    **options: Any,
) -> Path:
    """Write a copy of a subtitle file with captions of the sounds between its dialogue.

    The dialogue is not touched: no caption stands while it does, and all of it stays to the byte,
    but for the numbers of SubRip cues.

    Args:
        path: As for ``find_events``.
        subtitles: SubRip, WebVTT, ASS or SSA.
        out: Target; ``<name>.sounds`` with the file's own extension beside it if ``None``.
        settings: Options; the defaults if ``None``.
        reporter: Told how far it is, and what a user should know.
        options: Single fields of ``settings`` to change.

    Raises:
        OverlayError: With one line that says what is wrong; no partial file is left.
    """
    settings = override(settings or Settings(), **options)
    product = Merged(Path(subtitles))
    return plan(path, product, out, settings, reporter=reporter).run(reporter).path


def check_captions(
    path: str | Path,
    style: str = "netflix",
    *,
    language: str | None = None,
    video: str | Path | None = None,
) -> list[BrokenRule]:
    """The rules of a style that the cues of a subtitle file break, by cue.

    Args:
        path: SubRip, WebVTT, ASS, SSA, TTML or SBV.
        style: One of ``overlay.settings.CAPTION_STYLES``.
        language: ``en`` or ``zh``; what most lines are in if ``None``.
        video: Where it is shown: some rules are in frames. Without it, what is right at any usual
            frame rate is right.

    Raises:
        SettingsError: There is no such style or language.
        ExportError: The file cannot be read.
    """
    cues = read_subtitles(path).cues
    asked = CaptionSettings(style=style, language=language or language_of(cues))
    rate = None
    if video is not None and open_saved(video) is None:
        rate = frame_rate_of(open_source(video))
    return broken_rules(cues, style_named(asked.style, asked.language), rate)


def shown(
    track: TagTrack, at_s: float, settings: Settings | None = None, **options: Any
) -> list[Tag]:
    """The tags that a panel shows at a second, best first.

    They are those of ``find_events`` that cover the second, the best ``top_k`` of them.

    Args:
        track: Scores, from ``tag`` or ``TagTrack.load``.
        at_s: Second on the picture's clock.
        settings: Options; the defaults if ``None``.
        options: Single fields of ``settings`` to change, such as ``top_k=3``.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    return detection.shown(track, at_s, override(settings or Settings(), **options))


def top_events(track: TagTrack, n: int, settings: Settings) -> list[TagEvent]:
    """The ``n`` strongest events, at most one a label, in the order of their onsets."""
    best: dict[int, TagEvent] = {}
    for event in events_of(track, settings):
        known = best.get(event.index)
        if known is None or event.peak > known.peak:
            best[event.index] = event
    strongest = sorted(best.values(), key=lambda event: -event.peak)[:n]
    return sorted(strongest, key=lambda event: event.onset_s)


def strongest_events(track: TagTrack, n: int, settings: Settings) -> tuple[list[TagEvent], int]:
    """The ``n`` strongest events by onset, and how many more there are."""
    found = events_of(track, settings)
    strongest = sorted(found, key=lambda event: -event.peak)[:n]
    return sorted(strongest, key=lambda event: event.onset_s), len(found) - len(strongest)


@dataclass(frozen=True, slots=True)
class Taught:
    """A model of a person's own labels."""

    path: Path
    """To be named as ``model``."""
    labels: tuple[str, ...]
    base: str
    """Name of the model below."""
    n_clips: int
    n_right: int
    """Clips whose best label was right while they were left out of the training."""
    n_tested: int


def train(
    folder: str | Path,
    out: str | Path | None = None,
    settings: Settings | None = None,
    *,
    table: str | Path | None = None,
    reporter: Reporter = SILENT,
    **options: Any,
) -> Taught:
    """Teach a model your own labels.

    Args:
        folder: One folder of clips for each label.
        out: Target, ending in ``.npz``; ``<folder>.model.npz`` here if ``None``.
        settings: ``tagging`` says on which model, and with which windows.
        table: CSV with the columns ``file`` (below ``folder``) and ``label`` instead of folders;
            several labels are separated by ``;``, none means "none of these".
        reporter: Told how many clips are heard, and which cannot be used.
        options: Single fields of ``settings`` to change, such as ``model="mn04"``.

    Raises:
        OverlayError: With one line that says what is wrong; no partial file is left.
    """
    settings = override(settings or Settings(), **options)
    folder = Path(folder)
    target = Path(out) if out is not None else Path(f"{folder.resolve().name}.model.npz")
    if target.suffix != ".npz":
        raise UsageError(f"{target}: the file of a model ends in .npz")
    inputs = [folder] if table is None else [folder, Path(table)]
    check_target(target, *inputs, overwrite=settings.video.overwrite)
    clips = find_clips(folder, None if table is None else Path(table))
    trained = train_head(
        clips, load_network(settings.tagging, reporter=reporter),
        settings.tagging.sample_duration, settings.tagging.hop_duration, on_note=reporter.note,
        on_progress=lambda done, total: reporter.progress("train", done, total),
    )  # fmt: skip
    with whole_or_absent(target, overwrite=settings.video.overwrite, inputs=inputs) as temporary:
        trained.head.save(temporary)
    head = trained.head
    return Taught(
        target, head.labels, head.base, trained.n_clips, trained.n_right, trained.n_tested
    )
