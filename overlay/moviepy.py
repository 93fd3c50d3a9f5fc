"""The panel as an effect for moviepy 2: ``clip.with_effects([TagOverlay(track)])``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from moviepy import Effect

from overlay.detection import detect
from overlay.drawing.panel import Panel
from overlay.settings import PanelSettings, Settings
from overlay.track import TagTrack

Frame = npt.NDArray[np.uint8]


@dataclass
class TagOverlay(Effect):  # type: ignore[misc]
    """Draw the tags of a track on a clip, the same panel as the command line draws.

    Args:
        track: Scores, from ``overlay.tag`` or ``TagTrack.load``.
        settings: How the panel looks and what it shows.
        start_s: Second of the track that belongs to the clip's second 0, for a clip cut from a
            longer video.
    """

    track: TagTrack
    settings: PanelSettings = field(default_factory=PanelSettings)
    start_s: float = 0.0

    def apply(self, clip: Any) -> Any:
        """A clip with the panel on every frame; moviepy calls this."""
        timeline = detect(self.track, Settings(panel=self.settings)).timeline
        panel = Panel(
            timeline,
            (clip.w, clip.h),
            self.settings,
            families=timeline.family_by_label,
            duration_s=self.start_s + (clip.duration or 0.0),
        )
        return clip.transform(
            lambda get_frame, t: with_panel(get_frame(t), panel, t + self.start_s)
        )


def with_panel(frame: Frame, panel: Panel, t: float) -> Frame:
    """A copy of the frame, ``[height, width, 3]``, with the panel for second ``t`` on it."""
    sheet, result = panel.rgba(t), frame.copy()
    for box, row in panel.places:
        area = np.s_[box.y : box.bottom, box.x : box.right]
        height, width = result[area].shape[:2]
        tile = sheet[row : row + height, :width]
        alpha = tile[..., 3:].astype(np.uint16)
        mixed = frame[area] * (255 - alpha) + tile[..., :3] * alpha
        result[area] = (mixed + 127) // 255
    return result
