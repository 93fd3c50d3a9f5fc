"""From scores to which tags are on when: one rule for panel, captions, tables and summary.

The walk, each step a file: thresholds and lists (``class_filter``), smoothing, hysteresis, onsets
and offsets, the gate of the loudness, the ontology, the order of the rows (``ranking``), all of it
(``detect``).
"""

from overlay.detection.detect import Detection, detect, shown, vocabulary_shown

__all__ = ["Detection", "detect", "shown", "vocabulary_shown"]
