"""Verdicts as reviewers say them."""

import itertools

from overlay.verdicts import Entry, Media, Verdicts

MEDIA = Media("clip.mp4", "f" * 64, 12.5, "builtin", "audioset")
_count = itertools.count()


def entry(event="e1", action="judge", at=0, **facts):
    """An entry of its own id; ``at`` is a second of one minute, or a whole time."""
    number = next(_count)
    time = at if isinstance(at, str) else f"2026-11-26T02:00:{at:02}.000Z"
    edges = {} if action == "undo" else {"onset_s": 1.0, "offset_s": 2.5}
    own = {"label": "Dog", **edges} | facts
    return Entry(own.pop("id", f"id-{number:06}"), time, event, action, **own)


def verdicts(*entries, media=MEDIA):
    return Verdicts(media).with_entries(entries)
