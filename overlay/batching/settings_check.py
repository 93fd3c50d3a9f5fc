"""What no source could be made with: said once before a batch begins, not once for every source."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from fractions import Fraction

from overlay.batching.product_kinds import PANEL, RENDER, SOFT, format_of
from overlay.detection.corrections import verdicts_for
from overlay.drawing.panel import Panel
from overlay.errors import SettingsError
from overlay.export.ass_panel import DEFAULT_PICTURE
from overlay.export.formats import SourceFacts
from overlay.media.encoders import check_encoder, check_speed, choose_encoder
from overlay.media.process import ffmpeg_program
from overlay.products.events import events_of, silence, timeline_of, without_labels
from overlay.products.table import rehearsed
from overlay.settings import Settings, VideoSettings
from overlay.verdicts import files_of, read_verdicts

_ANY_SOURCE = SourceFacts("clip.mp4", DEFAULT_PICTURE, Fraction(25))
_ENDINGS = ((".mp4", 8), (".mp4", 10), (".webm", 8))
"""Of results, and bits of a colour: what the encoder is chosen by where nobody named one."""


def check_settings(kinds: Collection[str], settings: Settings, labels: tuple[str, ...]) -> None:
    """Refuse what would fail in the same way for every source.

    Args:
        kinds: Of products.
        settings: All options.
        labels: What the tagger knows.

    Raises:
        MediaError: There is no such ffmpeg.
        SettingsError: Thresholds, labels, theme, font, encoder or its speed cannot be used.
        ExportError: Verdicts cannot be read, or a format needs a package that is missing.
    """
    ffmpeg_program(settings.video.ffmpeg)
    _check_verdicts(settings)
    heard = replace(settings, events=replace(settings.events, verdicts=()))
    events_of(silence(labels), heard)
    if not {RENDER, SOFT, PANEL}.isdisjoint(kinds):
        Panel(timeline_of(silence(), without_labels(heard)), DEFAULT_PICTURE, heard.panel)
    if RENDER in kinds:
        _check_encoding(settings.video)
    for kind in kinds:
        if (text := format_of(kind)) is not None:
            rehearsed(text, _ANY_SOURCE, heard)


def _check_verdicts(settings: Settings) -> None:
    for path in files_of(settings.events.verdicts):
        verdicts_for(settings, read_verdicts(path).media.fingerprint)


def _check_encoding(video: VideoSettings) -> None:
    """Check the encoder and its speed; of those that sources may lead to, one has to know it."""
    check_encoder(video.encoder)
    refusals = []
    for ending, bits in _ENDINGS:
        encoder = choose_encoder(video.encoder, ending, bits, ffmpeg_path=video.ffmpeg)
        try:
            check_speed(encoder, video.preset, video.ffmpeg)
        except SettingsError as error:
            refusals.append(error)
        else:
            return
    raise refusals[0]
