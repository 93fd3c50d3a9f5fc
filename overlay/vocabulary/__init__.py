"""Which classes there are: names, ontology, families, translations, caption words.

A track says by an id which vocabulary its columns are of; ``vocabulary_named`` gives the value.
Nothing is guessed from how many classes there are, and a label file only renames them.
"""

from __future__ import annotations

from functools import lru_cache

from overlay.vocabulary.audioset import AUDIOSET, audioset
from overlay.vocabulary.audioset_strong import AUDIOSET_STRONG, audioset_strong
from overlay.vocabulary.base import FAMILIES, Vocabulary
from overlay.vocabulary.label_file import read_labels
from overlay.vocabulary.own_labels import own_id, own_vocabulary

__all__ = [
    "AUDIOSET",
    "AUDIOSET_STRONG",
    "FAMILIES",
    "Vocabulary",
    "read_labels",
    "vocabulary_named",
    "vocabulary_of",
    "vocabulary_of_unnamed",
]

_PUBLISHED = {AUDIOSET: audioset, AUDIOSET_STRONG: audioset_strong}


@lru_cache(maxsize=16)
def vocabulary_named(vocabulary_id: str, names: tuple[str, ...]) -> Vocabulary:
    """The vocabulary that a track carries.

    Args:
        vocabulary_id: ``track.vocabulary``: ``audioset``, ``audioset-strong``, ``own:<hash>``.
        names: ``track.labels``; where they differ from the published ones they rename them.

    Returns:
        The value. An id that is not known, or whose number of classes is not that of the names, is
        not believed: they are names of one's own.
    """
    published = _PUBLISHED.get(vocabulary_id)
    if published is not None and len(published()) == len(names):
        return published().renamed(names)
    return own_vocabulary(names)


def vocabulary_of(names: tuple[str, ...]) -> str:
    """Id of the vocabulary that these names are: a published one, or one of the user's own.

    Names decide, never their count.
    """
    for vocabulary_id, published in _PUBLISHED.items():
        if names == published().names:
            return vocabulary_id
    return own_id(names)


def vocabulary_of_unnamed(n_classes: int) -> str:
    """Id of the vocabulary of a file that names no classes; empty where nobody can say.

    Only the reference demo writes such files, and its classes are AudioSet's.

    Source:
        PaddleAudio ``examples/panns/audio_tag.py``: npz of ``time`` and ``scores``.
    """
    return AUDIOSET if n_classes == len(audioset()) else ""
