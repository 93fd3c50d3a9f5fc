"""What people said of events, and what follows from it.

file        the file: entries that only ever grow; read as what a stranger wrote
finding     which of several files are on a sound
state       what holds of them: the last word on each event
learning    how often a label is right at a score, and the threshold for a wanted precision
agreement   of two reviewers, and of two lists of events
"""

from overlay.verdicts.matching import files_of, verdicts_on
from overlay.verdicts.state import Said, fold
from overlay.verdicts.verdict_file import (
    Entry,
    Media,
    Verdicts,
    entry_dict,
    event_id,
    fingerprint_of,
    read_verdicts,
    union,
    verdicts_file,
    verdicts_of,
    verdicts_text,
    write_verdicts,
)

__all__ = [
    "Entry",
    "Media",
    "Said",
    "Verdicts",
    "entry_dict",
    "event_id",
    "files_of",
    "fingerprint_of",
    "fold",
    "read_verdicts",
    "union",
    "verdicts_file",
    "verdicts_of",
    "verdicts_on",
    "verdicts_text",
    "write_verdicts",
]
