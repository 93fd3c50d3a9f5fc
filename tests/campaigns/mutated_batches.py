"""Damaged state of a batch, lists of sources, tables of labels, verdicts of reviewers."""

import json
import os
import shutil
from pathlib import Path

from campaigns.material import clip, in_child, make
from campaigns.mutating import mutated
from campaigns.trying import Case, traces

_BATCH = ("batch", "many", "-o", "out", "--do", "events", "--jobs", "1", "--model", "builtin")
_STATE = Path("out") / ".tag-overlay"
_ODD = (
    None, True, -1, 0, 1e308, float("nan"), float("-inf"), 10**400, "", "x", "\0", "\ud800", "../a",
    "/etc/passwd", "a" * 5000, [], [[]], {}, {"a": 1}, ["\x1b[31m"], "done", "failed",
)  # fmt: skip
_LINES = (
    "many", "many/a.mp4", "nothing", "", "#", "\0", "/dev/zero", "/", "../" * 50, "n" * 300,
    "狗" * 90, ".", "many/../many", "/proc/self", "scores.npz", "x" * 200_000, '"', "a,b", "~",
    "\ufeffmany",
)  # fmt: skip
_ROWS = (
    "hum/0.wav,hum", "nothing.wav,hum", "hum/0.wav,", ",hum", "hum/0.wav,a;b;c", "hum/0.wav,\0",
    "/dev/zero,hum", "../clip.mp4,hum", "hum,hum", "hum/0.wav,\x1b[31m", f"hum/0.wav,{'x' * 9999}",
    f'"{"y" * 200_000}",hum', "hum/0.wav,;;;", 'hum/0.wav,"', "hum/0.wav,hum,more",
)  # fmt: skip


def made(folder: Path) -> dict[str, object]:
    many, own = folder / "many", folder / "own"
    many.mkdir()
    for name in ("a.mp4", "b.mp4"):
        clip(folder, "mp4", "-t", "1").rename(many / name)
    in_child([*_BATCH, "-q"], folder)
    for label, sound in (("hum", "sine=200:d=1"), ("hiss", "anoisesrc=d=1:a=0.5")):
        own.joinpath(label).mkdir(parents=True)
        for n in range(3):
            make(own / label / f"{n}.wav", "-f", "lavfi", "-i", sound, "-ss", str(n / 10))
    return {"batch": folder}


def _copied(material, folder: Path, *names: str) -> None:
    for name in names:
        shutil.copytree(material["batch"] / name, folder / name)


def a_state(chance, folder, material) -> Case:
    _copied(material, folder, "many", "out")
    markers = sorted((folder / _STATE / "markers").rglob("*.json"))
    wanted = {path.name: path.read_bytes() for path in (folder / "out").glob("*.csv")}
    marker = chance.choice(markers)
    way = chance.choice((_bytes, _bytes, _value, _value, _other_kind, _claim))
    how = way(chance, marker)
    reports = ("--report", "r.html", "--jsonl", "l.jsonl") if chance.random() < 0.5 else ()

    def check(outcome):
        there = {path.name: path.read_bytes() for path in (folder / "out").glob("*.csv")}
        return [f"{name} is another" for name in there if there[name] != wanted[name]]

    return Case(
        f"state of a batch: {how}", (*_BATCH, *reports, "-q"), folder,
        ("out", "cache", "r.html", "l.jsonl"), check, allowed=(0, 3, 6, 7), may_replace=("out",),
        any_console=True, also_new=("r.html", "l.jsonl"),
        environment={"XDG_CACHE_HOME": str(folder / "cache")},
        always=lambda outcome: ["the worker ended"] * (b"worker ended" in outcome.err)
        + traces(outcome),
    )  # fmt: skip


def _bytes(chance, marker: Path) -> str:
    data, how = mutated(chance, marker.read_bytes())
    marker.write_bytes(data)
    return how


def _value(chance, marker: Path) -> str:
    content = json.loads(marker.read_text())
    name, value = chance.choice([*content, "more"]), chance.choice(_ODD)
    content[name] = value
    text = json.dumps(content) if chance.random() < 0.9 else "[" * chance.choice((500, 100_000))
    marker.write_text(text)
    return f"{name}: {value!r}"[:80]


def _other_kind(chance, marker: Path) -> str:
    """Something else in the place of a marker, its folder, or all of the state."""
    place = chance.choice((marker, marker.parent, marker.parents[1], marker.parents[2]))
    shutil.rmtree(place) if place.is_dir() else place.unlink()
    kind = chance.choice(("a file", "a pipe", "a folder", "/dev/zero", "a circle"))
    if kind == "a file":
        place.touch()
    elif kind == "a pipe":
        os.mkfifo(place)
    elif kind == "a folder":
        place.mkdir()
    else:
        place.symlink_to("/dev/zero" if kind == "/dev/zero" else place.name)
    return f"{kind} instead of {place.name}"


def _claim(chance, marker: Path) -> str:
    claim = marker.parents[2] / "claims" / marker.parent.name / f"{marker.stem}.claim"
    claim.parent.mkdir(parents=True, exist_ok=True)
    owner = f"{os.uname().nodename}:{chance.choice((1, 2**31, 2**80, 0))}:x"
    content = chance.choice((
        b"", b"[" * 4000, b"3", json.dumps({"owner": owner}).encode(), b"\xff", b"x" * 9999,
    ))  # fmt: skip
    claim.write_bytes(content)
    if chance.random() < 0.3:
        claim.unlink()
        os.mkfifo(claim)
        content = b"a pipe"
    marker.unlink()
    return f"a claim, {content[:40]!r}"


_ENTRY = {
    "id": "1", "at": "2026-11-26T02:00:00.000Z", "event": "e", "action": "edit", "reviewer": "A",
    "label": "Dog", "onset_s": 0.5, "offset_s": 1.5, "score": 0.5, "verdict": "right",
    "relabel": "Cat", "comment": "what?", "undoes": "0", "others": ["f"],
}  # fmt: skip
_VERDICTS = {
    "format": "tag-overlay verdicts", "version": 1,
    "media": {"name": "clip.mp4", "fingerprint": "x"},
}  # fmt: skip


def damaged_verdicts(chance) -> tuple[bytes, str]:
    entries = [dict(_ENTRY, id=str(n)) for n in range(3)]
    content = dict(_VERDICTS, entries=entries)
    place = chance.choice((content, content["media"], *entries, *entries))
    name, value = chance.choice([*place, "more"]), chance.choice(_ODD)
    place[name] = value
    data, how = json.dumps(content).encode(), f"{name}: {value!r}"[:80]
    return mutated(chance, data) if chance.random() < 0.3 else (data, how)


def verdicts(chance, folder, material) -> Case:
    data, how = damaged_verdicts(chance)
    (folder / "v.json").write_bytes(data)
    if chance.random() < 0.4:
        return Case(f"verdicts: {how}", *_said(chance, folder, data))
    judged = ("--tags", "scores.npz", "--verdicts", "v.json", "--proxy", "never")
    argv = ("review", "clip.mp4", *judged, "-o", "p.html", "-q")

    def check(outcome):
        return [] if b"</html>" in (folder / "p.html").read_bytes() else ["no whole page"]

    return Case(f"verdicts: {how}", argv, folder, ("p.html",), check)


LISTS = {
    "a.txt": "0.5\t1.5\tDog\n2.000000\t3.000000\tCat\n",
    "a.csv": "onset,offset,label\n0.5,1.5,Dog\n2,3,Cat\n",
    "r.txt": "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tAnnotation\n"
    "1\tWaveform 1\t1\t0.5\t1.5\tDog\n",
}


def _said(chance, folder, data: bytes):
    """Commands that read what reviewers said, and where the results go."""
    (folder / "w.json").write_bytes(data)
    return chance.choice((
        (("learn", "v.json", "w.json", "--plot", "p.svg", "-o", "t.toml", "-q"), folder,
         ("t.toml", "p.svg")),
        (("agree", "v.json", "w.json", "-o", "both.json"), folder, ("both.json",)),
        (("export", "scores.npz", "--format", "review-csv", "--verdicts", "v.json", "-o", "o"),
         folder, ("o",)),
        (("captions", "scores.npz", "--verdicts", "v.json", "-o", "o.srt"), folder, ("o.srt",)),
    ))  # fmt: skip


def events(chance, folder, material) -> Case:
    """Two lists of events to compare, one of them damaged."""
    name, other = chance.choice(list(LISTS)), chance.choice(("scores.npz", "good.txt"))
    (folder / "good.txt").write_text(LISTS["a.txt"])
    text = LISTS[name]
    odd = chance.choice(("nan", "inf", "-1", "1e308", "9" * 5000, "", "x", "\0", '"', "a\tb"))
    data, how = text.replace(chance.choice(("0.5", "1.5", "Dog")), odd, 1).encode(), odd[:20]
    if chance.random() < 0.4:
        data, how = mutated(chance, text.encode())
    (folder / name).write_bytes(data)
    return Case(f"list of events, {name}: {how!r}"[:200], ("agree", name, other), folder)


def a_manifest(chance, folder, material) -> Case:
    _copied(material, folder, "many")
    name = chance.choice(("list.txt", "list.csv"))
    lines = [*(["file,note"] if name == "list.csv" else []), *chance.choices(_LINES, k=5)]
    data = "\n".join(lines).encode()
    if chance.random() < 0.3:
        data, _ = mutated(chance, data)
    (folder / name).write_bytes(data)
    argv = ("batch", "--manifest", name, "-o", "out", "--do", "events", "--dry-run")
    return Case(f"list of sources: {lines!r}"[:200], argv, folder, ("out",))


def a_table(chance, folder, material) -> Case:
    _copied(material, folder, "own")
    good = [f"{label}/{n}.wav,{label}" for label in ("hum", "hiss") for n in range(3)]
    lines = ["file,label", *good, *chance.choices(_ROWS, k=2)]
    data = "\n".join(lines).encode()
    if chance.random() < 0.4:
        data, _ = mutated(chance, data)
    (folder / "t.csv").write_bytes(data)
    argv = ("train", "own", "--labels", "t.csv", "--model", "builtin", "-o", "m.model.npz", "-q")
    return Case(f"table of labels: {lines[-2:]!r}"[:200], argv, folder, ("m.model.npz",))
