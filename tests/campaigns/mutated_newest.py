"""Damaged verdicts, lists of events, state and lists of batches, presets, weights to export."""

import shutil
from pathlib import Path

from campaigns import mutated_batches as batches
from campaigns.material import clip, draw, scores, warm_up
from campaigns.mutating import mutated
from campaigns.trying import Case
from tagging_checkpoints import write_torch_zip

_PRESETS = ("social", "phone", "stage", "review", "ultrafast", "", "\0", "x" * 5000, "../a", "狗",
            "\x1b[31m", "-1", "list|chips")  # fmt: skip
_PRESET = (
    '[video]\npreset = "stage"\nframe = "9:16"\nfit = "pad"\n[panel]\nviews = ["list", "chips"]\n'
    'theme = "light"\nscale = 1.1\n'
)
_VALUES = ('"social"', '"stage"', "3", "[]", '["social"]', "{}", "nan", '""',
           '"' + "x" * 5000 + '"', '"\\u0000"', '"9:0"', '"0:9"', '"1e308:1"',
           '["list", "list"]', '["none", "chips"]',
           "1e308", "-1")  # fmt: skip


def prepare(folder: Path):
    import numpy as np

    warm_up()
    made = folder / "made"
    made.mkdir()
    arrays = {"fc_audioset.bias": np.zeros(527, np.float32), "w": np.zeros((8, 3), np.float32)}
    return {
        "clip": clip(made, "mp4").read_bytes(), "scores": scores(made / "s.npz").read_bytes(),
        "weights": write_torch_zip(made / "w.pt", arrays).read_bytes(), **batches.made(made),
    }  # fmt: skip


def case(number, chance, folder: Path, material) -> Case:
    make_one = draw(
        chance, (3, batches.a_state), (2, batches.a_manifest), (2, batches.a_table),
        (5, batches.verdicts), (3, batches.events), (3, _preset), (1, _export),
    )  # fmt: skip
    (folder / "clip.mp4").write_bytes(material["clip"])
    (folder / "scores.npz").write_bytes(material["scores"])
    return make_one(chance, folder, material)


def _preset(chance, folder: Path, material) -> Case:
    """A preset that a file or the command line names, and what is said beside it."""
    lines = _PRESET.splitlines()
    places = [n for n, line in enumerate(lines) if "=" in line]
    at = chance.choice(places)
    lines[at] = f"{lines[at].partition('=')[0]}= {chance.choice(_VALUES)}"
    data, how = "\n".join(lines).encode(), lines[at][:60]
    if chance.random() < 0.4:
        data, how = mutated(chance, _PRESET.encode())
    (folder / "s.toml").write_bytes(data)
    named = chance.choice(_PRESETS).replace("\0", "")
    by_name = () if chance.random() < 0.5 else ("--preset", named)
    argv = ("render", "clip.mp4", "--preview", "1", "--tags", "scores.npz", "--config", "s.toml",
            *by_name, "-o", "out.png", "-q")  # fmt: skip
    return Case(f"preset: {how} {named[:20]!r}", argv, folder, ("out.png",))


def _export(chance, folder: Path, material) -> Case:
    """A model whose weights are damaged, or odd names of one, on the way to ONNX."""
    place = folder / "models"
    place.mkdir()
    data, how = mutated(chance, material["weights"])
    (place / "mn04_as_mAP_432.pt").write_bytes(data)
    if chance.random() < 0.2:
        shutil.rmtree(place)
    name = chance.choice(("mn04", "mn04", "mn04", "builtin", "x" * 5000, "\x1b[31m", "../a", ""))
    target = chance.choice(("o.onnx", "o", "clip.mp4", "models", "n" * 300, "no/o.onnx"))
    argv = ("models", "export", name, "-o", target)
    return Case(
        f"export of {name[:20]!r} to {target[:20]}: {how}", argv, folder, (target,),
        environment={"TAG_OVERLAY_MODELS": str(place)},
    )  # fmt: skip
