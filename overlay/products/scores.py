"""The scores themselves, as an npz that every other product can be made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from overlay.media.source import Source
from overlay.products.base import Made
from overlay.products.target_plan import TargetPlan, target_for
from overlay.reporting import Reporter
from overlay.settings import Settings
from overlay.track import TagTrack


@dataclass(frozen=True, slots=True)
class Scores:
    """A saved track.

    Attributes:
        as_demo: Whether it is named as PaddleAudio's demo does, and as there replaces what has
            the name: ``audioset_tagging_sr_<rate>.npz``.
    """

    as_demo: bool = False

    def plan(
        self, source: Source, settings: Settings, out: Path | None, reporter: Reporter
    ) -> ScoresPlan:
        """See ``Product.plan``; the target is ``<name>.tags.npz`` if ``out`` is ``None``.

        Raises:
            NoAudioStream: There is no sound.
            OutputError: The target is an input, or exists.
        """
        name = f"{source.path.stem}.tags.npz"
        if self.as_demo:
            name = f"audioset_tagging_sr_{source.sound().sample_rate}.npz"
            settings = replace(settings, video=replace(settings.video, overwrite=True))
        return ScoresPlan(target_for(source, settings, out, name), source)


@dataclass(frozen=True, slots=True)
class ScoresPlan(TargetPlan):
    """A ``Plan``."""

    source: Source

    def write(self, track: TagTrack | None, reporter: Reporter) -> Made:
        """See ``Plan.write``.

        Raises:
            TrackError: The file cannot be written.
        """
        assert track is not None
        where, video = self.target_file, self.source.info.video
        rate = None if video is None else video.frame_rate
        track = replace(track, media=self.source.path.name, frame_rate=rate)
        track.save(where.path, overwrite=where.overwrite, inputs=where.inputs)
        return Made(self.target, f"{track.n_hops} hops, {track.n_classes} classes")
