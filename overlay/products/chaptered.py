"""Chapters of what is heard, for the file that a product writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from overlay.export.formats import format_named
from overlay.files import temporary_folder
from overlay.media.copy_command import with_chapters
from overlay.media.source import Source
from overlay.products.table import content_of, facts_of
from overlay.reporting import Reporter
from overlay.settings import Settings
from overlay.track import TagTrack


@contextmanager
def chaptered(
    command: list[str], track: TagTrack, source: Source, settings: Settings, reporter: Reporter
) -> Iterator[list[str]]:
    """A command of ffmpeg that writes chapters, too, if the settings ask for them.

    The source's own give way; where nothing is heard they stay.
    """
    if not settings.video.chapters:
        yield command
        return
    content = content_of(format_named("chapters"), track, facts_of(source), settings, reporter)
    if b"[CHAPTER]" not in content:
        reporter.note("nothing is heard that could be a chapter")
        yield command
        return
    with temporary_folder() as folder:
        file = folder / "chapters.ffmeta"
        file.write_bytes(content)
        yield with_chapters(command, file)
