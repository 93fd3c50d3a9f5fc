"""Damaged data files: scores, cache, models, TOML, labels, fonts, subtitles, state of a batch."""

import os
from pathlib import Path

import numpy as np
import pysubs2
from campaigns import mutated_batches, mutated_models
from campaigns.material import clip, draw, in_child, scores, warm_up
from campaigns.mutated_arrays import damaged_npz
from campaigns.mutating import mutated
from campaigns.trying import Case

_SRT = "".join(
    f"{n + 1}\n00:00:0{n // 4},{n % 4}00 --> 00:00:0{n // 4},{n % 4}90\n<i>Line</i> {n}\n\n"
    for n in range(8)
)
_ASS = (
    "[Script Info]\nScriptType: v4.00+\nPlayResX: 640\nPlayResY: 360\n\n[V4+ Styles]\n"
    "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, "
    "Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, "
    "Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\nStyle: Default,Arial,20,&H00FFFFFF,"
    "&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,2,2,10,10,10,1\n\n[Events]\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:00.10,0:00:01.00,Default,,0,0,0,,{\\an8}Hello\\Nthere\n"
)
_TEXTS = {
    "srt": _SRT,
    "vtt": "WEBVTT\n\nSTYLE\n::cue { color: red }\n\n" + _SRT.replace(",", "."),
    "ass": _ASS,
    "ttml": '<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="0s" end="1s">x</p></div>'
    "</body></tt>",
    "sbv": "0:00:00.000,0:00:01.000\nHello\n\n",
}
_CONFIG = (
    '[tagging]\nmodel = "builtin"\nhop_duration = 0.3\nthreads = 1\n[panel]\ntop_k = 3\n'
    'threshold = 0.1\ntheme = "dark"\nsmoothing = "none"\nscale = 1.2\n[video]\ncrf = 20\n'
    '[events]\nallow = ["Speech", "Dog"]\nevent_threshold = 0.2\n[captions]\nstyle = "bbc"\n'
)
_VALUES = (
    "nan", "-nan", "inf", "-inf", "1e308", "-1", "0", "9" * 5000, "9223372036854775807", "1e-320",
    '""', '"\\u0000"', '"' + "x" * 5000 + '"', "[]", "[[]]", "{}", "true", "1979-05-27T07:32:00Z",
    "[" * 2000 + "]" * 2000, "{a=" * 500 + "1" + "}" * 500, '"../../etc/passwd"', '"/dev/zero"',
    '["a", 1]', "0x7fffffffffffffff", '"\\U0001F600"', "'''\n'''", "07:32:00", '"\\uD7FF"',
)  # fmt: skip
_PREVIEW = ("render", "clip.mp4", "--preview", "1", "-o", "out.png", "-q")
_SCORED = ("--tags", "scores.npz")


def prepare(folder: Path):
    warm_up()
    made = folder / "made"
    made.mkdir()
    video = clip(made, "mp4").rename(made / "clip.mp4")
    track = scores(made / "scores.npz")
    cached, expected = _cached(made, video)
    theme = Path(__file__).parents[2] / "assets" / "themes" / "dark.toml"
    font = Path(__file__).parents[2] / "fonts" / "Inter-Medium.otf"
    return {
        "clip": video.read_bytes(), "scores": track.read_bytes(), "cache": cached,
        "expected": expected, "theme": theme.read_bytes(), "font": font.read_bytes(),
        "arrays": dict(np.load(track)), **mutated_models.made(made), **mutated_batches.made(made),
    }  # fmt: skip


def _cached(made: Path, video: Path):
    """The name and bytes of the cache's entry for the clip, and the scores that are right."""
    target = made / "expected.npz"
    in_child(["tag", video, "--model", "builtin", "-o", target, "-q"])
    entries = list(Path(os.environ["XDG_CACHE_HOME"]).rglob("tracks/*.npz"))
    entry = max(entries, key=lambda each: each.stat().st_mtime)
    return (entry.name, entry.read_bytes()), np.load(target)["scores"]


def case(number, chance, folder: Path, material) -> Case:
    make_one = draw(
        chance, (4, _npz), (3, _cache), (3, mutated_models.a_head), (4, mutated_models.checkpoint),
        (2, mutated_models.an_onnx_file), (3, _toml), (1, _labels), (3, _font), (4, _subtitles),
        (1, mutated_batches.a_state), (1, mutated_batches.a_manifest), (1, mutated_batches.a_table),
        (2, mutated_batches.verdicts),
        (1, mutated_batches.events),
    )  # fmt: skip
    (folder / "clip.mp4").write_bytes(material["clip"])
    (folder / "scores.npz").write_bytes(material["scores"])
    return make_one(chance, folder, material)


def _npz(chance, folder, material) -> Case:
    data, how = damaged_npz(chance, material["scores"], material["arrays"])
    (folder / "in.npz").write_bytes(data)
    return Case(f"scores: {how}", *_reading_npz(chance, folder))


def _reading_npz(chance, folder):
    kind = chance.choice(("csv", "json", "vtt", "ass", "hops", "ass-panel", "eaf"))
    argv, target = chance.choice((
        (("render", "clip.mp4", "--tags", "in.npz", "--preview", "1", "-o", "out", "-q"), "out"),
        (("export", "in.npz", "--format", kind, "-o", "out", "-q"), "out"),
        (("captions", "in.npz", "-o", "out.srt", "-q"), "out.srt"),
        (("parse", "--tagging_file", "in.npz", "--output_dir", "out"), "out"),
    ))  # fmt: skip
    if target == "out" and argv[0] == "render":
        argv, target = (*argv[:-2], "out.png", "-q"), "out.png"
    return argv, folder, (target,)


def _cache(chance, folder, material) -> Case:
    name, data = material["cache"]
    place = folder / "cache" / "tag-overlay" / "tracks"
    place.mkdir(parents=True)
    data, how = chance.choice((
        mutated(chance, data), mutated(chance, data), (b"", "empty"),
        (material["scores"], "another clip's"), (material["head"], "a head"),
    ))  # fmt: skip
    (place / name).write_bytes(data)
    if chance.random() < 0.1:
        (place / name).unlink()
        make_odd, how = chance.choice((
            (lambda: os.mkfifo(place / name), "a pipe"),
            (lambda: (place / name).mkdir(), "a folder"),
            (lambda: (place / name).symlink_to("/dev/zero"), "/dev/zero"),
            (lambda: (place / name).symlink_to(name), "a circle"),
        ))  # fmt: skip
        make_odd()

    def check(outcome):
        if np.array_equal(np.load(folder / "out.npz")["scores"], material["expected"]):
            return []
        return ["scores that are not the clip's"]

    return Case(
        f"cache entry: {how}", ("tag", "clip.mp4", "--model", "builtin", "-o", "out.npz", "-q"),
        folder, ("out.npz", "cache"), check, allowed=(0,),
        environment={"XDG_CACHE_HOME": str(folder / "cache")},
        may_replace=(f"cache/tag-overlay/tracks/{name}",),
    )  # fmt: skip


def _toml(chance, folder, material) -> Case:
    flag, text, name = chance.choice((
        ("--config", _CONFIG, "settings.toml"), ("--theme", material["theme"].decode(), "t.toml"),
        ("--thresholds", '"Dog" = 0.4\n"Speech" = 0.2\n', "t.toml"),
    ))  # fmt: skip
    if chance.random() < 0.4:
        data, how = mutated(chance, text.encode())
    else:
        lines = text.splitlines()
        places = [i for i, line in enumerate(lines) if "=" in line]
        at, value = chance.choice(places), chance.choice(_VALUES)
        key = lines[at].partition("=")[0]
        lines[at] = f"{key}= {value}"
        if chance.random() < 0.2:
            lines[at] = ".".join(["a"] * chance.choice((50, 5000))) + " = 1"
        data, how = "\n".join(lines).encode(), lines[at][:80]
    (folder / name).write_bytes(data)
    argv, target = (*_PREVIEW, *_SCORED, flag, name), "out.png"
    if flag == "--thresholds" or (chance.random() < 0.2 and flag == "--config"):
        argv, target = ("export", "scores.npz", "--format", "csv", "-o", "o", flag, name, "-q"), "o"
    return Case(f"{flag}: {how}", argv, folder, (target,))


def _labels(chance, folder, material) -> Case:
    names = [f"name {n}" for n in range(527)]
    for _ in range(chance.randrange(1, 5)):
        names[chance.randrange(527)] = chance.choice(
            ("", "x" * 100_000, "\x1b[31m", "a\u2028b", "name 1", "\u202e", "=1", "\0", "狗" * 999)
        )
    data = "\n".join(names[: chance.choice((527, 527, 526, 1, 600))]).encode()
    if chance.random() < 0.4:
        data, _ = mutated(chance, data)
    (folder / "l.txt").write_bytes(data)
    argv, target = chance.choice((
        ((*_PREVIEW, *_SCORED, "--label-file", "l.txt"), "out.png"),
        (("export", "scores.npz", "--format", "csv", "--label-file", "l.txt", "-o", "o"), "o"),
        (("parse", "--tagging_file", "scores.npz", "--label_file", "l.txt", "--output_dir", "o"),
         "o"),
    ))  # fmt: skip
    return Case("labels", argv, folder, (target,))


def _font(chance, folder, material) -> Case:
    data, how = mutated(chance, material["font"])
    (folder / "f.otf").write_bytes(data)
    argv, target = chance.choice((
        ((*_PREVIEW, *_SCORED, "--font", "f.otf"), "out.png"),
        (("export", "scores.npz", "--format", "ass-panel", "--font", "f.otf", "-o", "o"), "o"),
        (("render", "clip.mp4", "--soft", "--font", "f.otf", *_SCORED, "-o", "o.mkv"), "o.mkv"),
    ))  # fmt: skip
    return Case(f"font: {how}", argv, folder, (target,))


def _subtitles(chance, folder, material) -> Case:
    kind = chance.choice(list(_TEXTS))
    text = _TEXTS[kind]
    data, how = mutated(chance, text.encode(chance.choice(("utf-8", "utf-8", "utf-16"))))
    if chance.random() < 0.2:
        odd = chance.choice(("99999999:00:00,000", "-1:00:00,000", "00:00:00,9999999999", "nan",
                             "{\\p1}" * 3000, "<" * 5000, "1" * 9999, "\r" * 3000))  # fmt: skip
        data, how = text.replace("00:00:01", odd, 1).encode(), f"{odd[:20]!r}"
    name = f"in.{kind}"
    (folder / name).write_bytes(data)
    if chance.random() < 0.4:
        argv = ("captions", "--check", name, *(["clip.mp4"] if chance.random() < 0.5 else []))
        return Case(f"{kind}, checked: {how}", argv, folder)
    argv = ("captions", "scores.npz", "--merge", name, "-o", f"o.{kind}", "-q")

    def check(outcome):
        written = folder.joinpath(f"o.{kind}").read_bytes()
        wide = written.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = written.decode("utf-16" if wide else "utf-8-sig", "replace")
        return [] if len(pysubs2.SSAFile.from_string(text)) else ["no cue"]

    return Case(f"{kind}, merged: {how}", argv, folder, (f"o.{kind}",), check)
