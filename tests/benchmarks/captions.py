"""The default captions of labelled clips, one by one: right, general or wrong.

    python tests/benchmarks/captions.py [--models builtin mn04] [--clips FOLDER] [--style netflix]

FOLDER has ``labels.csv`` as ../shared/audio/esc_dev. Each clip is heard alone. A caption is judged
by the classes whose events begin or go on at its start and whose wording it is: right, if one of
them is a strict label of the clip; general, if it is a lenient one or what a label is a kind of;
else wrong: then listen, since a clip holds more than its label.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

from screen import ESC_DEV

from overlay.captioning.cues import cues_of
from overlay.captioning.phrasing import mentions_of
from overlay.captioning.styles import style_named
from overlay.datatypes import Cue, TagEvent
from overlay.detection import detect
from overlay.detection.detect import Detection
from overlay.media.audio import stream_sound
from overlay.media.probe import probe
from overlay.settings import CaptionSettings, TaggingSettings
from overlay.tagging.registry import load_tagger
from overlay.tagging.track_building import score_stream
from overlay.tagging.window_plan import Windows
from overlay.vocabulary.audioset import audioset


def told(cue: Cue, detection: Detection, settings: CaptionSettings) -> set[str]:
    """Names of the classes that a cue is made of."""
    style = style_named(settings.style, settings.language)
    names = set()
    for line in cue.lines:
        for event in detection.events:
            for index in (event.index, *audioset().ancestors[event.index]):
                label = audioset().names[index]
                for length_s in (0.5, 60.0):  # short and long sounds are worded otherwise
                    whole = TagEvent(index, label, 60.0, 60.0 + length_s, 1.0, 1.0)
                    for mention in mentions_of([whole], style, settings.language):
                        if line in (*mention.lines, *mention.going_on):
                            names.add(label)
    return names


def judged(names: set[str], strict: set[str], lenient: set[str]) -> str:
    """How right a caption is."""
    known = audioset()
    above = {known.names[a] for label in strict for a in known.ancestors[known.index_of(label)]}
    if names & strict:
        return "right"
    return "general" if names & (lenient | above) else "wrong"


def main() -> None:
    """Print a table for each model."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", nargs="+", default=["builtin", "mn04"])
    parser.add_argument("--clips", type=Path, default=ESC_DEV)
    parser.add_argument("--style", default="netflix")
    args = parser.parse_args()
    settings = CaptionSettings(style=args.style)
    with (args.clips / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for model in args.models:
        tagger = load_tagger(TaggingSettings(model=model, device="cpu"))
        counts: Counter[str] = Counter()
        print(f"\n| clip | captions of {tagger.name} | |\n|---|---|---|")
        for row in rows:
            sound = stream_sound(probe(args.clips / row["file"]), tagger.sample_rate)
            track = score_stream(sound, tagger, Windows())
            detection = detect(track)
            strict = set(row["strict_labels"].split(";"))
            lenient = set(row["lenient_extra_labels"].split(";")) - {""}
            cues = cues_of(detection.events, settings, vocabulary=detection.vocabulary)
            said = [(c, judged(told(c, detection, settings), strict, lenient)) for c in cues]
            counts.update(verdict for _, verdict in said)
            counts["none"] += not said
            texts = "; ".join(f"{' '.join(cue.lines)} {cue.start_s:.1f}" for cue, _ in said)
            verdicts = ", ".join(verdict for _, verdict in said)
            print(f"| {row['esc_class']} | {texts or '-'} | {verdicts} |", flush=True)
        print(f"\n{tagger.name}: " + ", ".join(f"{n} {what}" for what, n in counts.items()))


if __name__ == "__main__":
    main()
