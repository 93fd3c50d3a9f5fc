"""The best scores of every hop as Parquet, what made them in the file's metadata.

Source:
    Apache Parquet; ``pandas.read_parquet`` reads it.
"""

from __future__ import annotations

import io

from overlay.errors import ExportError
from overlay.export.escaping import json_text
from overlay.export.formats import Format, Run
from overlay.export.hop_table import COLUMNS, rows_of
from overlay.export.json_events import header


def _write(run: Run) -> bytes:
    """A table with the columns of ``hop_table``.

    Raises:
        ExportError: pyarrow is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ExportError(
            "parquet needs pyarrow: pip install 'tag-overlay[parquet]'; --format hops writes the "
            "same as CSV"
        ) from error
    columns = list(zip(*rows_of(run), strict=True)) or [()] * len(COLUMNS)
    columns[3] = tuple(label.encode("utf-8", "replace").decode() for label in columns[3])
    words = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
    kinds = pyarrow.float64(), pyarrow.int32(), words, words, pyarrow.float32()
    arrays = [pyarrow.array(c, kind) for c, kind in zip(columns, kinds, strict=True)]
    table = pyarrow.table(dict(zip(COLUMNS, arrays, strict=True)))
    said = json_text(header(run))
    file = io.BytesIO()
    pyarrow.parquet.write_table(table.replace_schema_metadata({"run": said}), file)
    return file.getvalue()


FORMAT = Format("parquet", ".hops.parquet", "the same as Parquet (extra parquet)", _write, "scores")
