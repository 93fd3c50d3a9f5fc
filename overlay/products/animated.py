"""The tagged picture as a GIF or an animated WebP, for pages and chats that show no video."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from overlay.errors import EncodeError, OutputError, UsageError
from overlay.files import temporary_folder
from overlay.media.animation import ANIMATIONS, animation_commands, small_command, small_size
from overlay.media.panel_stream import panel_frames
from overlay.media.process import ffmpeg_program
from overlay.media.source import Source
from overlay.products.base import Made
from overlay.products.events import timeline_of
from overlay.products.output_check import check_run
from overlay.products.panel_feed import (
    check_part,
    drawable,
    drawn_on,
    fed,
    lasting_s,
    planar_panel,
    shaped,
)
from overlay.products.target_plan import TargetPlan, target_for
from overlay.reporting import SILENT, Reporter
from overlay.settings import Settings
from overlay.track import TagTrack

LONGEST_S = 60.0
_LONGEST_PX, _LEAST_PX = 640, 240
_RATES = (Fraction(25, 2), Fraction(10), Fraction(5))
"""Pictures a second: whole hundredths of a second, which GIF counts in."""
_TRIES = 6
_MB = 1_000_000


class Animated:
    """A moving picture without sound."""

    def plan(
        self, source: Source, settings: Settings, out: Path | None, reporter: Reporter
    ) -> AnimatedPlan:
        """See ``Product.plan``; the target is ``<name>.tagged.gif`` if ``out`` is ``None``.

        Raises:
            NoVideoStream: There is no picture.
            OutputError: The target is an input, exists, or is no GIF or WebP.
            SettingsError: The theme or the font cannot be used.
            UsageError: It would be too long.
        """
        video, _ = shaped(source, settings)
        target = target_for(source, settings, out, f"{source.path.stem}.tagged.gif")
        if target.path.suffix.lower() not in ANIMATIONS:
            known = " or ".join(ANIMATIONS)
            raise OutputError(f"a moving picture is {known}", path=target.path)
        length_s = source.duration_s
        if length_s is not None and length_s > LONGEST_S:
            raise UsageError(
                f"{source.path}: {length_s:.0f} s are too long for a {target.path.suffix[1:]}; "
                f"choose at most {LONGEST_S:.0f} s with --from and --to"
            )
        program = ffmpeg_program(settings.video.ffmpeg)
        check_part(source, program)
        source = drawn_on(source, reporter)
        return AnimatedPlan(target, source, drawable(video, settings, reporter), program)


@dataclass(frozen=True, slots=True)
class AnimatedPlan(TargetPlan):
    """A ``Plan``."""

    source: Source
    settings: Settings
    program: str

    def write(self, track: TagTrack | None, reporter: Reporter) -> Made:
        """See ``Plan.write``.

        Raises:
            DecodeError: The source is damaged and ``tolerant`` is off.
            EncodeError: ffmpeg failed, or no size is small enough.
        """
        assert track is not None
        size = small_size(shaped(self.source, self.settings)[0], _LONGEST_PX)
        with temporary_folder() as folder, self.target_file.opened() as temporary:
            small = folder / "small.mkv"
            length_s = self._draw(track, small, size, reporter)
            size, rate = self._encode(small, temporary, size)
            n_bytes = temporary.stat().st_size
        content = (
            f"a moving picture of {length_s:.1f} s, {size[0]}x{size[1]}, {float(rate):g} pictures "
            f"a second, {n_bytes / _MB:.1f} MB"
        )
        return Made(self.target, content, round(length_s * rate), self.target.suffix[1:].lower())

    def _draw(
        self, track: TagTrack, small: Path, size: tuple[int, int], reporter: Reporter
    ) -> float:
        """The small picture without loss; returns its seconds."""
        source, (video, shape) = self.source, shaped(self.source, self.settings)
        until_s = lasting_s(source, track, reporter)
        planar, panel = planar_panel(
            timeline_of(track, self.settings, reporter), video, self.settings.panel, 8, until_s
        )
        command = small_command(
            source.info, panel, small, self.program, size=size, rate=_RATES[0],
            longest_s=LONGEST_S, deinterlace=self.settings.video.deinterlace, shape=shape,
            threads=self.settings.tagging.threads,
        )  # fmt: skip
        run = fed(command, panel, panel_frames(planar, panel), reporter, source.duration_s)
        check_run(run, source, self.target, tolerant=self.settings.video.tolerant)
        if not run.log.frames_encoded:
            raise EncodeError("there is no picture to show", path=self.target)
        return float(run.log.frames_encoded / _RATES[0])

    def _encode(
        self, small: Path, out: Path, size: tuple[int, int]
    ) -> tuple[tuple[int, int], Fraction]:
        """Smaller, then slower, until it is small enough; returns the size and rate that were."""
        limit = self.settings.video.max_mb * _MB
        longest, rates, kind = max(size), list(_RATES), self.target.suffix.lower()
        for _ in range(_TRIES):
            now = small_size(shaped(self.source, self.settings)[0], longest)
            for command in animation_commands(
                small, out, self.program, size=now, rate=rates[0], kind=kind
            ):
                run = fed(command, None, (), SILENT)
                check_run(run, self.source, self.target, tolerant=True)
            n_bytes = out.stat().st_size
            if n_bytes <= limit:
                return now, rates[0]
            shrink = (limit / n_bytes) ** 0.5 * 0.95
            if longest * shrink < _LEAST_PX and len(rates) > 1:
                shrink *= float(rates[0] / rates[1]) ** 0.5
                rates.pop(0)
            longest = max(_LEAST_PX // 2, int(longest * shrink))
        raise EncodeError(
            f"is {n_bytes / _MB:.1f} MB even at {max(now)} pixels; choose a shorter part with "
            "--from and --to, or a larger --max-mb",
            path=self.target,
        )
