"""Own labels: heads for the classes of ../shared/audio/esc_dev, tested on clips never heard.

    python tests/benchmarks/own_labels.py [MODEL...]

Trains on the ESC-50 clips of ../shared/audio/train, tests on those of esc_dev, as
``tag-overlay train`` does it. Classes with fewer than three clips to train on are left out.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections import Counter
from pathlib import Path

from overlay import tag
from overlay.settings import TaggingSettings
from overlay.tagging.registry import load_network
from overlay.training.head_training import MIN_CLIPS, Clip, train_head

AUDIO = Path(__file__).parents[3] / "shared/audio"
ESC_50 = (
    "dog", "rooster", "pig", "cow", "frog", "cat", "hen", "insects", "sheep", "crow",
    "rain", "sea_waves", "crackling_fire", "crickets", "chirping_birds", "water_drops",
    "wind", "pouring_water", "toilet_flush", "thunderstorm", "crying_baby", "sneezing",
    "clapping", "breathing", "coughing", "footsteps", "laughing", "brushing_teeth",
    "snoring", "drinking_sipping", "door_wood_knock", "mouse_click", "keyboard_typing",
    "door_wood_creaks", "can_opening", "washing_machine", "vacuum_cleaner", "clock_alarm",
    "clock_tick", "glass_breaking", "helicopter", "chainsaw", "siren", "car_horn", "engine",
    "train", "church_bells", "airplane", "fireworks", "hand_saw",
)  # fmt: skip


def rows(table: Path) -> list[dict[str, str]]:
    """All rows of a CSV table."""
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def clips(classes: set[str]) -> list[Clip]:
    """The clips to train on; ESC-50 tells the class in the file name."""
    known = []
    for row in rows(AUDIO / "train/manifest.csv"):
        if row["source_repo"].endswith("ESC-50"):
            name = ESC_50[int(Path(row["path"]).stem.rsplit("-", 1)[1])]
            known.append(Clip(AUDIO / "train" / row["file"], (name,)))
    counts = Counter(clip.labels[0] for clip in known)
    return [c for c in known if c.labels[0] in classes and counts[c.labels[0]] >= MIN_CLIPS]


def main(models: list[str]) -> None:
    """Train and test a head on each model."""
    dev = rows(AUDIO / "esc_dev/labels.csv")
    training = clips({row["esc_class"] for row in dev})
    for model in models:
        base = load_network(TaggingSettings(model=model, device="cpu"))
        trained = train_head(training, base, 2.0, 0.3)
        labels = set(trained.head.labels)
        tested = [row for row in dev if row["esc_class"] in labels]
        with tempfile.TemporaryDirectory() as folder:
            file = f"{folder}/head.npz"
            trained.head.save(file)
            best = [tag(AUDIO / "esc_dev" / row["file"], model=file).top_k(1) for row in tested]
        n_right = sum(b[0].label == row["esc_class"] for b, row in zip(best, tested, strict=True))
        print(f"{model}: {len(labels)} labels from {trained.n_clips} clips; right for "
              f"{trained.n_right} of {trained.n_tested} clips while left out, "
              f"{n_right} of {len(tested)} of esc_dev")  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:] or ["mn04", "builtin"])
