"""Which classes may be on at all, and the score that each must reach."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from overlay.errors import LabelError, SettingsError
from overlay.files import path_error, read_toml
from overlay.settings import EventSettings
from overlay.vocabulary import Vocabulary

NEVER = 2.0
"""A threshold that no score reaches."""


def thresholds_of(
    vocabulary: Vocabulary, settings: EventSettings, usual: float
) -> npt.NDArray[np.float32]:
    """Score that each class must reach, ``[n_classes]``; ``NEVER`` for those not wanted.

    Args:
        vocabulary: Whose labels the settings name, in any case, by its names or its own.
        settings: ``allow``, ``deny``, ``thresholds_file``.
        usual: Threshold of the classes that are not named.

    Raises:
        SettingsError: A label is none of the vocabulary's.
    """
    values = np.full(len(vocabulary), usual, np.float32)
    for label, value in read_thresholds(settings.thresholds_file).items():
        values[list(_classes(vocabulary, label, "thresholds_file"))] = value
    denied = _all_classes(vocabulary, settings.deny, "deny")
    if settings.allow:
        allowed = _all_classes(vocabulary, settings.allow, "allow")
        denied |= set(range(len(vocabulary))) - allowed
    values[list(denied)] = NEVER
    return values


def _all_classes(vocabulary: Vocabulary, labels: Iterable[str], where: str) -> set[int]:
    return {index for label in labels for index in _classes(vocabulary, label, where)}


def _classes(vocabulary: Vocabulary, label: str, where: str) -> tuple[int, ...]:
    try:
        return vocabulary.indices_of(label)
    except LabelError as error:
        raise SettingsError(f"{where}: {error}") from None


def read_thresholds(path: str | None) -> dict[str, float]:
    """Thresholds by label from a TOML file: ``"Dog" = 0.4`` a line.

    Raises:
        SettingsError: The file cannot be read, or a value is no number from 0 to 1.
    """
    if path is None:
        return {}
    content = read_toml(path, "the thresholds", path_error(SettingsError, path))
    for label, value in content.items():
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
            raise SettingsError(f"{path}: {label}: {value!r} is no threshold from 0 to 1")
    return {label: float(value) for label, value in content.items()}
