"""What was learnt of labels as the TOML file that ``--thresholds`` takes.

Source:
    TOML 1.0, "Keys" and "String".
"""

from __future__ import annotations

from collections.abc import Sequence

from overlay.verdicts.learning import Curve, thresholds_of


def thresholds_text(together: Curve, curves: Sequence[Curve], precision: float) -> str:
    """A line a label, and beside it what stands behind it.

    Args:
        together: Of all labels.
        curves: Of each label.
        precision: What was wanted.
    """
    others = thresholds_of([together])[together.label]
    lines = [
        f"# Scores from which on {precision:g} of the events are expected to be right, learnt from",
        f"# {together.n} verdicts. Labels that are not here: --event-threshold {others}",
    ]
    values = thresholds_of(curves)
    for curve in curves:
        low, high = curve.interval
        lines.append(
            f"{_key(curve.label)} = {values[curve.label]}"
            f"  # {curve.n_right} of {curve.n} right; {low:.2f} to {high:.2f}"
        )
    return "\n".join(lines) + "\n"


def _key(label: str) -> str:
    """A label in quotes; half letters, which UTF-8 has no way to write, are replaced."""
    text = label.encode("utf-8", "replace").decode()
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(letter: str) -> str:
    if letter in ('"', "\\"):
        return f"\\{letter}"
    return f"\\u{ord(letter):04x}" if letter < " " or letter == "\x7f" else letter
