"""Fixtures that find the material beside the project."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("TAG_OVERLAY_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder ../shared; the test is skipped where it is absent."""
    if not (SHARED / "README.md").exists():
        pytest.skip(f"needs the shared material, which is not at {SHARED}")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def _local_models() -> None:
    """Find the real weights without a download where they lie beside the project."""
    if (SHARED / "weights").is_dir():
        os.environ.setdefault("TAG_OVERLAY_MODELS", str(SHARED / "weights"))
