"""Many files, one after the other: one that fails does not stop the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from overlay.errors import BatchError, OverlayError


def for_each(
    paths: Sequence[str], work: Callable[[str], None], on_failure: Callable[[str], None]
) -> None:
    """Do ``work`` for every path.

    Args:
        paths: Files.
        work: Called with each.
        on_failure: Told of each failure among several files as it happens.

    Raises:
        OverlayError: The failure itself, if there is one file.
        BatchError: Some of several files failed.
    """
    if len(paths) == 1:
        work(paths[0])
        return
    codes = []
    for path in paths:
        try:
            work(path)
        except OverlayError as error:
            on_failure(f"error: {error}")
            codes.append(error.exit_code)
    if codes:
        raise BatchError(len(codes), len(paths), codes[-1])
