"""Damaged verdicts, lists of events, state and lists of batches, presets, weights to export, and
scores, themes, fonts for the views, the review page, the contact sheet, moving pictures."""

import shutil
from pathlib import Path

import numpy as np
from campaigns import mutated_batches as batches
from campaigns.material import clip, draw, scores, warm_up
from campaigns.mutated_arrays import damaged_npz
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
    warm_up()
    made = folder / "made"
    made.mkdir()
    arrays = {"fc_audioset.bias": np.zeros(527, np.float32), "w": np.zeros((8, 3), np.float32)}
    track, root = scores(made / "s.npz"), Path(__file__).parents[2]
    return {
        "clip": clip(made, "mp4").read_bytes(), "scores": track.read_bytes(),
        "track": dict(np.load(track)),
        "theme": (root / "assets" / "themes" / "light.toml").read_bytes(),
        "font": (root / "fonts" / "Inter-SemiBold.otf").read_bytes(),
        "weights": write_torch_zip(made / "w.pt", arrays).read_bytes(), **batches.made(made),
    }  # fmt: skip


def case(number, chance, folder: Path, material) -> Case:
    make_one = draw(
        chance, (3, batches.a_state), (2, batches.a_manifest), (2, batches.a_table),
        (5, batches.verdicts), (3, batches.events), (3, _preset), (1, _export),
        (6, _shown), (2, _beside), (2, _learnt),
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


_VIEWS = ("chips", "ticker", "timeline", "list+chips", "chips+timeline")
_SHOWN = (
    (("render", "clip.mp4", "--preview", "1.1", "-o", "out.png"), "out.png"),
    (("render", "clip.mp4", "--preview", "0", "--lang", "zh", "-o", "out.png"), "out.png"),
    (("render", "clip.mp4", "--preview", "1", "--strip", "spectrogram", "-o", "out.png"),
     "out.png"),
    (("render", "clip.mp4", "-o", "out.webp"), "out.webp"),
    (("render", "clip.mp4", "--overlay-only", "-o", "out"), "out"),
    (("render", "clip.mp4", "--contact-sheet", "out.png"), "out.png"),
    (("export", "in.npz", "--format", "ass-panel", "-o", "out.ass"), "out.ass"),
    (("review", "clip.mp4", "-o", "out.html"), "out.html"),
)  # fmt: skip


def _shown(chance, folder: Path, material) -> Case:
    """Scores, a theme or a font that are damaged, drawn by every view."""
    argv, target = chance.choice(_SHOWN)
    kinds = ("scores",) if argv[0] == "review" else ("scores", "theme", "font")
    kind, more = chance.choice(kinds), ()
    (folder / "in.npz").write_bytes(material["scores"])
    if kind == "scores":
        data, how = damaged_npz(chance, material["scores"], material["track"])
        (folder / "in.npz").write_bytes(data)
    else:
        name = {"theme": "t.toml", "font": "f.otf"}[kind]
        data, how = mutated(chance, material[kind])
        (folder / name).write_bytes(data)
        more = (f"--{kind}", name)
    if argv[0] != "review":
        more = (*more, "--view", chance.choice(_VIEWS))
    if argv[0] != "export":
        more = (*more, "--tags", "in.npz")
    return Case(f"{kind}, shown: {how}", (*argv, *more, "-q"), folder, (target,))


def _beside(chance, folder: Path, material) -> Case:
    """What others say, to be judged beside the scores."""
    name = chance.choice(("b.npz", "b.txt", "b.csv", "b.toml"))
    good = material["scores"] if name == "b.npz" else batches.LISTS["a.csv"].encode()
    data, how = mutated(chance, good)
    (folder / name).write_bytes(data)
    argv = ("review", "clip.mp4", "--tags", "scores.npz", "--beside", name, "--beside", name,
            "-o", "out.html", "-q")  # fmt: skip
    return Case(f"{name} beside: {how}", argv, folder, ("out.html",))


def _learnt(chance, folder: Path, material) -> Case:
    """Labels of one's own, of what people are said to have said."""
    data, how = batches.damaged_verdicts(chance)
    (folder / "clip.verdicts.json").write_bytes(data)
    argv = ("train", "--from-verdicts", "clip.verdicts.json", "--model", "builtin", "-o",
            "m.model.npz", "-q")  # fmt: skip
    return Case(f"to learn from: {how}", argv, folder, ("m.model.npz",))
