"""Files on disk: one door for reading what others wrote, one way to write whole or not at all.

reading    regular files of bounded size only: bytes, text, TOML
npz        arrays, every claimed size checked before memory is taken (imports NumPy)
targets    what may be written where; files and folders that appear only when they are whole
leftovers  temporary names, and what killed runs left of them
paths      questions about paths that never raise, and the one wording of every ``OSError``
"""

from overlay.files.paths import (
    brief,
    entries,
    files_below,
    fitting,
    is_file,
    is_folder,
    is_there,
    look_anew,
    named_after,
    reason,
    same,
    status,
    takes_nothing,
)
from overlay.files.reading import opened, path_error, read_bytes, read_csv, read_text, read_toml
from overlay.files.targets import (
    check_folder_target,
    check_target,
    make_folder,
    temporary_folder,
    temporary_place,
    whole_folder_or_absent,
    whole_or_absent,
    write_bytes,
)

__all__ = [
    "brief",
    "check_folder_target",
    "check_target",
    "entries",
    "files_below",
    "fitting",
    "is_file",
    "is_folder",
    "is_there",
    "look_anew",
    "make_folder",
    "named_after",
    "opened",
    "path_error",
    "read_bytes",
    "read_csv",
    "read_text",
    "read_toml",
    "reason",
    "same",
    "status",
    "takes_nothing",
    "temporary_folder",
    "temporary_place",
    "whole_folder_or_absent",
    "whole_or_absent",
    "write_bytes",
]
