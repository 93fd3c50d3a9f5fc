"""What follows from verdicts, readable top to bottom: thresholds, labels, agreement."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from overlay.errors import UsageError
from overlay.export.threshold_plots import curves_page, curves_svg
from overlay.export.thresholds_file import thresholds_text
from overlay.files import check_target, whole_or_absent, write_bytes
from overlay.products.lanes import lane_of
from overlay.reporting import SILENT, Reporter
from overlay.settings import Settings, override
from overlay.tagging.registry import load_network
from overlay.training import verdict_examples
from overlay.training.verdict_examples import check_enough, examples_of, media_of
from overlay.verdicts import Verdicts, files_of, learning, read_verdicts, write_verdicts
from overlay.verdicts.agreement import (
    Agreement,
    Conflict,
    agreements,
    agreements_in_time,
    conflicts,
    named_union,
    raters,
)
from overlay.verdicts.learning import Curve, judgements

__all__ = [
    "Agreed", "Corrected", "Learned", "agreement", "agreement_of_events", "learn",
    "train_on_verdicts",
]  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class Learned:
    """Thresholds from verdicts."""

    path: Path
    """To be named as ``thresholds_file``."""
    together: Curve
    """Of all labels; its threshold is for those without verdicts."""
    curves: list[Curve]
    """One for each label, by name."""
    plot: Path | None = None


def learn(
    verdicts: str | Path | Sequence[str | Path],
    out: str | Path | None = None,
    settings: Settings | None = None,
    *,
    precision: float = 0.9,
    plot: str | Path | None = None,
    **options: Any,
) -> Learned:
    """Learn from verdicts which score each label needs to be right as often as is wanted.

    Args:
        verdicts: Files of ``tag-overlay review``, or folders of them, on events of one model.
        out: Target; ``thresholds.toml`` here if ``None``.
        settings: ``video.overwrite`` counts.
        precision: Wanted share of right ones among the events that are shown, in (0, 1).
        plot: Where to draw what was learnt: ``.html``, or ``.svg`` alone.
        options: Single fields of ``settings`` to change.

    Raises:
        OverlayError: With one line that says what is wrong; no partial file is left.
    """
    settings = override(settings or Settings(), **options)
    files = _paths(verdicts)
    if not 0 < precision < 1:
        raise UsageError(f"a precision of {precision} is not between 0 and 1")
    target = Path("thresholds.toml" if out is None else out)
    drawn = None if plot is None else Path(plot)
    if drawn is not None and drawn.suffix.lower() not in (".html", ".svg"):
        raise UsageError(f"{drawn}: the plot is an .html or an .svg")
    overwrite = settings.video.overwrite
    for each in (target, drawn):
        if each is not None:
            check_target(each, *files, overwrite=overwrite)
    found = judgements([said for _, said in together(files)])
    everything, curves = learning.learn(found, precision)
    text = thresholds_text(everything, curves, precision)
    write_bytes(target, text.encode(), overwrite=overwrite, inputs=files)
    if drawn is not None:
        draw = curves_page if drawn.suffix.lower() == ".html" else _all_curves_svg
        picture = draw(everything, curves, precision).encode("utf-8", "replace")
        write_bytes(drawn, picture, overwrite=overwrite, inputs=[*files, target])
    return Learned(target, everything, curves, drawn)


def _paths(files: str | Path | Sequence[str | Path]) -> list[Path]:
    return files_of([files] if isinstance(files, str | Path) else files)


def _all_curves_svg(everything: Curve, curves: Sequence[Curve], precision: float) -> str:
    return curves_svg((everything, *curves), precision)


@dataclass(frozen=True, slots=True)
class Corrected:
    """A model of labels that people judged."""

    path: Path
    """To be named as ``model``."""
    labels: tuple[str, ...]
    base: str
    """Name of the model below."""
    n_right: int
    """Examples of its labels."""
    n_wrong: int
    """Counter-examples."""
    n_held_back: int
    """Verdicts that models gave as well which had not heard the events."""
    n_before: int
    """How many of these say that an event was right as it was shown."""
    n_after: int
    """How many of these such a model gives as people did."""


def train_on_verdicts(
    verdicts: str | Path | Sequence[str | Path],
    out: str | Path | None = None,
    settings: Settings | None = None,
    *,
    media: str | Path | None = None,
    reporter: Reporter = SILENT,
    **options: Any,
) -> Corrected:
    """Teach a model the labels that people judged: right events are examples, wrong ones none.

    A label that would be worse than what was shown is left out (``verdict_examples``).

    Args:
        verdicts: Files of ``tag-overlay review``, or folders of them.
        out: Target, ending in ``.npz``; ``verdicts.model.npz`` here if ``None``.
        settings: ``tagging`` says on which model, and with which windows.
        media: Folder of the media that were judged; that of each file if ``None``.
        reporter: Told how many media are heard, and what is left out.
        options: Single fields of ``settings`` to change, such as ``model="mn04"``.

    Raises:
        OverlayError: With one line that says what is wrong; no partial file is left.
    """
    settings = override(settings or Settings(), **options)
    tagging, overwrite = settings.tagging, settings.video.overwrite
    files = _paths(verdicts)
    target = Path("verdicts.model.npz" if out is None else out)
    if target.suffix != ".npz":
        raise UsageError(f"{target}: the file of a model ends in .npz")
    check_target(target, *files, overwrite=overwrite)
    examples = []
    for path, said in together(files):
        source = media_of(said, path, None if media is None else Path(media), tagging.audio_track)
        own = examples_of(said, source.path, tagging.sample_duration)
        examples.append((source, own))
    inputs = [*files, *(source.path for source, _ in examples)]
    check_target(target, *inputs, overwrite=overwrite)
    check_enough([each for _, own in examples for each in own], lambda note: None)
    made = verdict_examples.train_on_verdicts(
        examples, load_network(tagging, reporter=reporter),
        tagging.sample_duration, tagging.hop_duration, on_note=reporter.note,
        on_progress=lambda done, total: reporter.progress("train", done, total),
    )  # fmt: skip
    with whole_or_absent(target, overwrite=overwrite, inputs=inputs) as temporary:
        made.head.save(temporary)
    head = made.head
    return Corrected(
        target, head.labels, head.base, made.n_right, made.n_wrong, made.n_held_back,
        made.n_before, made.n_after,
    )  # fmt: skip


def together(files: Sequence[str | Path]) -> list[tuple[Path, Verdicts]]:
    """Verdicts with the first of their files; those on one sound and model are one.

    Raises:
        ExportError: A file cannot be read.
    """
    made: dict[tuple[str, str], tuple[Path, Verdicts]] = {}
    for each in files:
        said = read_verdicts(each)
        key = said.media.fingerprint, said.media.model
        path, known = made.get(key, (Path(each), said))
        made[key] = path, known.with_entries(said.entries)
    return list(made.values())


@dataclass(frozen=True, slots=True)
class Agreed:
    """How far reviewers agree."""

    pairs: dict[tuple[str, str], list[Agreement]]
    """For each two, on all labels together, then on each."""
    conflicts: list[Conflict]
    path: Path | None = None
    """Where all verdicts are, if that was wanted."""


def agreement(
    verdicts: Sequence[str | Path],
    out: str | Path | None = None,
    settings: Settings | None = None,
    **options: Any,
) -> Agreed:
    """Say how far reviewers agree (Cohen's kappa), and on what they do not.

    Args:
        verdicts: Files of ``tag-overlay review``, of one reviewer each or of several; who has no
            name is called by the file.
        out: Where to write all of them as one file of verdicts, whose conflicts the page lists.
        settings: ``video.overwrite`` counts.
        options: Single fields of ``settings`` to change.

    Raises:
        OverlayError: With one line that says what is wrong; no partial file is left.
    """
    settings = override(settings or Settings(), **options)
    overwrite = settings.video.overwrite
    if out is not None:
        check_target(out, *verdicts, overwrite=overwrite)
    files = {_reviewer_by(each): read_verdicts(each) for each in verdicts}
    if len(files) < len(verdicts):
        raise UsageError("two of the files have one name; give each reviewer's its own")
    said = raters(files)
    pairs = {
        (one, other): agreements(said[one], said[other])
        for one, other in itertools.combinations(said, 2)
    }
    if out is not None:
        write_verdicts(out, named_union(files), overwrite=overwrite, inputs=verdicts)
    return Agreed(pairs, conflicts(said), None if out is None else Path(out))


def _reviewer_by(path: str | Path) -> str:
    """What somebody without a name is called."""
    return Path(path).name.removesuffix(".json").removesuffix(".verdicts")


def agreement_of_events(
    one: str | Path, other: str | Path, settings: Settings | None = None, **options: Any
) -> list[Agreement]:
    """How far two lists of what was heard agree, label by label, second by second.

    Args:
        one: The npz of ``TagTrack.save``, Audacity labels, a Raven table, or CSV.
        other: The same.
        settings: Options for what is on in a track; the defaults if ``None``.
        options: Single fields of ``settings`` to change.

    Raises:
        OverlayError: With one line that says what is wrong.
    """
    settings = override(settings or Settings(), **options)
    lists = [lane_of(each, settings) for each in (one, other)]
    lengths = [lane.length_s for lane in lists if lane.length_s is not None]
    ends = [event.offset_s for lane in lists for event in lane.events]
    length_s = min(lengths) if lengths else max(ends, default=0.0)
    return agreements_in_time(lists[0].events, lists[1].events, length_s)
