"""Which model ``auto`` means here and now."""

from __future__ import annotations

from functools import cache

from overlay.errors import DownloadError
from overlay.tagging.weights import WEIGHTS, cache_folder, download_within, find

BEST, SHIPPED = "mn04", "builtin"
_PATIENCE_S = 6.0


def choose(wanted: str) -> tuple[str, str | None]:
    """The exact model to use.

    ``auto`` is ``mn04`` if its weights are here or come within a few seconds, else the built-in
    one. Every other name stays what it is.

    Returns:
        Name of the model, and one line that says which and why if there was a choice.
    """
    if wanted != "auto":
        return wanted, None
    if find(BEST) is not None:
        return BEST, f"model {BEST}: its weights are on this machine"
    if _fetched():
        return BEST, f"model {BEST}: fetched its weights into {cache_folder() / 'models'}"
    return SHIPPED, (
        f"model {SHIPPED}, which came with the program; {BEST} names more sounds right but could "
        f"not be fetched within {_PATIENCE_S:g} s ('tag-overlay models fetch {BEST}' tries longer)"
    )


@cache
def _fetched() -> bool:
    """Whether the best model's weights could be fetched; tried once a process."""
    try:
        download_within(_PATIENCE_S, WEIGHTS[BEST], cache_folder() / "models")
    except DownloadError:
        return False
    return True
