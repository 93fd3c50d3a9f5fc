"""Folders: assets/, fonts/, samples/ in the installed package or a checkout, and the cache."""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource(*parts: str) -> Path:
    """Path of a file that ships with the project.

    Args:
        parts: Path components below the top level, for example ``("assets", "themes")``.

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    for root in (_PACKAGE, _PACKAGE.parent):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError(f"{'/'.join(parts)} is missing from the installation in {_PACKAGE}")


def cache_folder() -> Path:
    """Where downloads, prepared models and score tracks are kept."""
    import platformdirs

    folder = Path(platformdirs.user_cache_dir("tag-overlay", appauthor=False))
    # Without a home it would be a folder called "~" here; in this one nothing can be.
    return folder if folder.is_absolute() else Path(os.devnull, "tag-overlay")


def program_version() -> str:
    """The installed version; ``not installed`` in a checkout that is not."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("tag-overlay")
    except PackageNotFoundError:
        return "not installed"
