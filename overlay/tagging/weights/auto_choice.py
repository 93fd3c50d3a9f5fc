"""Which model ``auto`` means here and now."""

from __future__ import annotations

import os
from functools import cache

from overlay.errors import DownloadError
from overlay.resources import cache_folder
from overlay.settings import TaggingSettings
from overlay.tagging.weights.published import WEIGHTS, download_within, find

OFFLINE_VARIABLE = "TAG_OVERLAY_OFFLINE"
"""Environment variable: if it is set, ``auto`` does not try to download."""
BEST, SHIPPED = "mn04", "builtin"
FINE, OF_FRAMES = "fine", "frame_mn10"
"""``mn04``, the built-in one, and one that learnt from labels with times, together."""


def choose(wanted: str, *, patience_s: float = 6.0) -> tuple[str, str | None]:
    """The exact model to use.

    ``auto`` is ``mn04`` if its weights are here or come within a few seconds, else the built-in
    one. Every other name stays what it is.

    Args:
        wanted: Name of a model, or ``auto``.
        patience_s: How long a server may take.

    Returns:
        Name of the model, and one line that says which and why if there was a choice.
    """
    if wanted != "auto":
        return wanted, None
    if find(BEST) is not None:
        return BEST, f"model {BEST}: its weights are on this machine"
    if not os.environ.get(OFFLINE_VARIABLE) and _fetched(patience_s):
        return BEST, f"model {BEST}: fetched its weights into {cache_folder() / 'models'}"
    return SHIPPED, (
        f"using the small built-in model; for better tags: tag-overlay models fetch {BEST}, "
        f"{WEIGHTS[BEST].megabytes:.0f} MB"
    )


def exact(settings: TaggingSettings) -> str:
    """The model by the name that means the same everywhere, where ``auto`` might not."""
    return FINE if takes_fine(settings) else choose(settings.model)[0]


@cache
def _fetched(patience_s: float) -> bool:
    """Whether the best model's weights could be fetched; tried once a process."""
    try:
        download_within(patience_s, WEIGHTS[BEST], cache_folder() / "models")
    except DownloadError:
        return False
    return True


def takes_fine(settings: TaggingSettings) -> bool:
    """Whether ``fine`` is asked for, or ``auto`` is and all that it needs is on this machine."""
    if settings.model != "auto" or settings.weights or settings.windows != "auto":
        return settings.model == FINE
    return find(BEST) is not None and find(OF_FRAMES) is not None
