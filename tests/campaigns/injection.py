"""Hostile text and references: labels, metadata, playlists, in every output format.

The structure of every file is that of the same scores with harmless labels. Where strace is, no
file that a source names is opened, no network is asked, and no other program is run than ffmpeg.
"""

import csv
import io
import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import av
import pysubs2
from campaigns.material import clip, make, scores, warm_up
from campaigns.trying import Case

from overlay.media.probe import LENIENT

_HOSTILE = (
    "two\nlines", "a\r\n\r\n1\n00:00:00,000 --> 00:00:09,000\nx", "-->", "{\\an8}{\\p1}m 0 0 l 9 9",
    "\\N\\h", "]]>", "<!-- ", "&amp;&lt;", "<script>alert(1)</script>", "a\tb", '"', "'", ",", ";",
    "=1+1", "+cmd|' /C calc'!A0", "-1", "@SUM(A1)", "\u202eturn", "\x1b[31mred\x07", "nul\x00",
    "\x85\u2028\u2029", "\ufeff", "", " ", "#", "[Events]\nDialogue: 0,0:00:00,0:00:09,,,,,,,x",
    "NOTE", "STYLE", "WEBVTT", "0:00:01.000,0:00:02.000", "a" * 3000, "é\u0301" * 200, "狗" * 900,
    "[CHAPTER]\nSTART=0", "a=b;c#d\\e", "%s%n{0}", "🇩🇪👩\u200d👧", "file:/etc/passwd",
    "http://127.0.0.1:9/x", "$(touch injected)", "`touch injected`", "; touch injected", "|x",
    "../../x", "<?xml version='1.0'?>", "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]>&b;",
)  # fmt: skip
_FORMATS = (
    "ass", "ass-panel", "audacity", "chapters", "csv", "dcase", "eaf", "hops", "json", "jsonl",
    "labelstudio", "raven", "rttm", "sbv", "srt", "ttml", "vtt",
)  # fmt: skip
_CAPTIONS = ("ass", "sbv", "srt", "ttml", "vtt")
_REFERENCES = (
    "{secret}", "file:{secret}", "file://{secret}", "movie={secret}", "subtitles={secret}",
    "#EXTM3U\n#EXTINF:1,\n{secret}", "ffconcat version 1.0\nfile '{secret}'", "concat:{secret}",
    "textfile={secret}", "{{\\fn{secret}}}", "<img src='file://{secret}'>", "@import '{secret}'",
    "<!DOCTYPE a [<!ENTITY b SYSTEM 'file://{secret}'>]>&b;", "fontfile={secret}", "@{secret}",
    "subfile,,start,0,end,9,,:{secret}", "<?xml-stylesheet href='file://{secret}'?>", "/{secret}",
    "'; cat {secret}; '", "$(cat {secret})", "`cat {secret}`", "[Fonts]\nfontname: {secret}",
    "http://127.0.0.1:9/{secret}", "tcp://127.0.0.1:9?{secret}", "rtp://127.0.0.1:9",
    "|cat {secret}",
)  # fmt: skip
_TAGS = ("--tags", "s.npz")
_PRODUCTS = (
    (("render", "in.mkv", *_TAGS, "--preset", "ultrafast", "-o", "out.mp4"), "out.mp4"),
    (("render", "in.mkv", *_TAGS, "--preset", "ultrafast", "-o", "out.mkv"), "out.mkv"),
    (("render", "in.mkv", *_TAGS, "--encoder", "libvpx-vp9", "-o", "out.mkv"), "out.mkv"),
    (("render", "in.mkv", *_TAGS, "--soft", "-o", "out.mkv"), "out.mkv"),
    (("render", "in.mkv", *_TAGS, "--soft", "-o", "out.mp4"), "out.mp4"),
    (("render", "in.mkv", *_TAGS, "--overlay-only", "-o", "out.mov"), "out.mov"),
    (("render", "in.mkv", *_TAGS, "--overlay-only", "-o", "out"), "out"),
    (("render", "in.mkv", *_TAGS, "--preview", "1", "-o", "out.png"), "out.png"),
    (("captions", "s.npz", "--style", "plain", "--merge", "in.srt", "-o", "out.srt"), "out.srt"),
    (("captions", "s.npz", "--check", "in.srt"), ""),
    (("parse", "--tagging_file", "s.npz", "--label_file", "l.txt", "--output_dir", "out"), "out"),
    (("tag", "in.mkv", "--model", "builtin", "-o", "out.npz"), "out.npz"),
    (("review", "in.mkv", *_TAGS, "--proxy", "always", "-o", "out.html"), "out.html"),
    (("batch", ".", "--do", "events,captions,soft,review", "--model", "builtin", "--jobs", "1",
      "--report", "r.html", "-o", "out"), "out"),
)  # fmt: skip
_PLAIN = ("Aaaa", "Bbbb", "Cccc")
_SECRET = "secret-that-nobody-names"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_STRACE = shutil.which("strace")
_PLAYLISTS = (
    ("in.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{secret}\n#EXT-X-ENDLIST\n"),
    ("in.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile:{secret}\n#EXT-X-ENDLIST\n"),
    ("in.mkv", "ffconcat version 1.0\nfile '{secret}'\n"),
    ("in.ts", "ffconcat version 1.0\nfile file:{secret}\n"),
    ("in.txt", "ffconcat version 1.0\nfile 'concat:{secret}|{secret}'\n"),
    ("in.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
               "m=audio 9999 RTP/AVP 0\n"),
    ("in.mpd", "<MPD xmlns='urn:mpeg:dash:schema:mpd:2011' type='static' mediaPresentationDuration="
               "'PT2S'><Period><AdaptationSet><Representation id='1' bandwidth='1'><BaseURL>"
               "{secret}</BaseURL></Representation></AdaptationSet></Period></MPD>"),
    ("in.svg", "<svg xmlns='http://www.w3.org/2000/svg'><image href='file://{secret}'/></svg>"),
    ("in.avi", ";FFMETADATA1\ntitle=x\n"),
    ("in.smi", "<SAMI><BODY><SYNC Start=0><P>x</BODY></SAMI>"),
    ("in.cue", 'FILE "{secret}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n'),
    ("in.vpy", "import os; os.system('touch injected')"),
    ("in.avs", 'FFmpegSource2("{secret}")'),
    ("img%03d.png", "x"),
    ("concat:in.mp4", "x"),
    ("in.pls", "[playlist]\nFile1={secret}\n"),
)  # fmt: skip


def prepare(folder: Path):
    warm_up()
    made = folder / "made"
    made.mkdir()
    video = clip(made, "mp4")
    video.rename(made / f"{_SECRET}.mp4")
    shutil.copy(made / f"{_SECRET}.mp4", made / "clip.mp4")
    return made


def case(number, chance, folder: Path, made: Path) -> Case:
    kind = (_in_labels, _traced_product, _in_metadata, _playlist)[number % 4]
    return kind(chance, folder, made)


def _structure(name: str, content: bytes) -> object:
    """What there is of a file, whatever is said in it."""
    text = content.decode("utf-8")
    if _CONTROL.search(text) and name not in ("csv", "hops", "eaf"):
        return "control characters"  # a quoted cell holds all but NUL, and XML what XML 1.0 allows
    if name in ("csv", "hops"):
        rows = list(csv.reader(io.StringIO(text)))
        bad = [cell for row in rows for cell in row if cell[:1] in "=+@" and cell[:1]]
        return [len(row) for row in rows], bad
    if name in ("audacity", "dcase", "raven", "rttm"):
        lines = text.rstrip("\n").split("\n")
        return [len(line.split("\t" if name != "rttm" else " ")) for line in lines]
    if name in ("eaf", "ttml"):
        return [each.tag for each in ElementTree.fromstring(text).iter()]
    if name in ("json", "labelstudio"):
        return _shape(json.loads(text))
    if name == "jsonl":
        return [_shape(json.loads(line)) for line in text.rstrip("\n").split("\n")]
    if name == "chapters":
        return re.findall(r"^\[\w+\]$|^\w+(?==)", text, re.MULTILINE)
    if name in ("srt", "vtt", "ass", "ass-panel"):
        read = pysubs2.SSAFile.from_string(text, format_=name.partition("-")[0])
        times = [(cue.start, cue.end) for cue in read]
        return (
            times
            if name != "ass-panel"
            else [len({(t, cue.type) for t, cue in zip(times, read, strict=True)}) > 0]
        )
    return len(re.findall(r"^\d+:\d\d:\d\d\.\d+,", text, re.MULTILINE))


def _shape(value: object) -> object:
    if isinstance(value, dict):
        return {key: _shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shape(each) for each in value]
    return type(value).__name__


def _in_labels(chance, folder: Path, made: Path) -> Case:
    name = chance.choice(_FORMATS)
    labels = tuple(chance.sample(_HOSTILE, 3))
    scores(folder / "in.npz", labels)
    scores(folder / "plain.npz", _PLAIN)
    style = ("--style", "plain")
    argv = ("export", "in.npz", "--format", name, "-o", "out", *style, "-q")

    def check(outcome):
        from overlay import pipeline
        from overlay.products.table import Table
        from overlay.settings import resolve

        settings = resolve({"style": "plain"})
        job = pipeline.plan(folder / "plain.npz", Table(name), folder / "plain", settings)
        job.run()
        wanted = _structure(name, (folder / "plain").read_bytes())
        got = _structure(name, (folder / "out").read_bytes())
        if name in _CAPTIONS:  # a long label may leave no room for another
            return (
                [] if _is_within(got, wanted) else [f"{name} has {got!r} beside {wanted!r}"[:400]]
            )
        return [] if wanted == got else [f"{name} is {got!r}, not {wanted!r}"[:400]]

    return Case(f"{name}: {labels!r}"[:200], argv, folder, ("out",), check, allowed=(0,))


def _is_within(got, wanted) -> bool:
    """Whether captions begin and end when others may, and nothing else is there."""
    if isinstance(got, int):
        return 0 < got <= wanted
    if got and isinstance(got[0], str):
        return set(got) <= set(wanted)
    moments = {moment for span in wanted for moment in span}
    return bool(got) and all(moment in moments for span in got for moment in span)


def _traced_product(chance, folder: Path, made: Path) -> Case:
    """Every product, of a source and labels that name a file beside it: nothing of it is opened."""
    secret = made / f"{_SECRET}.mp4"
    names = [each.format(secret=secret) for each in chance.sample(_REFERENCES, 3)]
    make(folder / "in.mkv", "-i", str(made / "clip.mp4"), "-c", "copy",
         *(part for name in names for part in ("-metadata", f"title={name}")))  # fmt: skip
    scores(folder / "s.npz", tuple(names))
    folder.joinpath("in.srt").write_text(f"1\n00:00:00,000 --> 00:00:00,100\n{names[0]}\n\n")
    folder.joinpath("l.txt").write_text("\n".join(name.replace("\n", " ") for name in names))
    argv, target = chance.choice(_PRODUCTS + tuple(
        (("export", "s.npz", "--format", name, "--style", "plain", "-o", "out"), "out")
        for name in _FORMATS
    ))  # fmt: skip
    trace = folder / "trace"
    return Case(
        f"{names!r}"[:200], argv, folder,
        (target or "trace", "trace", "cache", "r.html", "out.mp4"),
        lambda outcome: [] if (folder / target).exists() else ["no target"],
        under=_under(trace), fresh=True, allowed=(0, 6) if "--check" in argv else (0,),
        also_new=("trace",),
        always=lambda outcome: _traced(trace) if trace.exists() else [],
        environment={"XDG_CACHE_HOME": str(folder / "cache")},
    )  # fmt: skip


def _under(trace: Path) -> list[str]:
    watched = "trace=open,openat,openat2,execve,execveat,connect,sendto,sendmsg"
    return (
        [_STRACE, "-f", "--seccomp-bpf", "-qq", "-e", watched, "-o", str(trace)] if _STRACE else []
    )


def _in_metadata(chance, folder: Path, made: Path) -> Case:
    texts = [each.replace("\0", "") or "x" for each in chance.sample(_HOSTILE, 3)]
    kind = chance.choice(("mp4", "mkv", "webm", "avi", "flv", "nut"))
    keys = ("title", "artist", "comment")
    more = [part for key, text in zip(keys, texts, strict=True)
            for part in ("-metadata", f"{key}={text}", "-metadata:s", f"title={text}")]  # fmt: skip
    codecs = ("-c:v", "libvpx", "-c:a", "libopus") if kind == "webm" else ("-c", "copy")
    make(folder / f"in.{kind}", "-i", str(made / "clip.mp4"), *codecs, *more)
    scores(folder / "s.npz")
    product = chance.choice(((), ("--soft",), ("--overlay-only",)))
    target = chance.choice(("out.mkv", "out.mp4")) if "--overlay-only" not in product else "out.mov"
    argv = ("render", f"in.{kind}", "--tags", "s.npz", "--preset", "ultrafast", *product,
            "-o", target, "-q")  # fmt: skip

    def check(outcome):
        with av.open(str(folder / target), **LENIENT) as made_file:
            n_video = sum(1 for _ in made_file.decode(video=0))
        with av.open(str(folder / f"in.{kind}"), **LENIENT) as source:
            n_frames = sum(1 for _ in source.decode(video=0))
        return [] if n_video == n_frames else [f"{n_video} frames of {n_frames}"]

    return Case(f"{kind}, metadata {texts!r}"[:300], argv, folder, (target,), check,
                allowed=(0, 3))  # fmt: skip


def _playlist(chance, folder: Path, made: Path) -> Case:
    name, text = chance.choice(_PLAYLISTS)
    secret = made / f"{_SECRET}.mp4"
    named = chance.choice((name, name, "in.mp4"))
    (folder / named).write_text(text.format(secret=secret))
    scores(folder / "s.npz")
    good = str(made / "clip.mp4")
    argv = chance.choice((
        ("render", f"./{named}", "--tags", "s.npz", "-o", "out.mkv"),
        ("tag", f"./{named}", "--model", "builtin", "-o", "out.npz"),
        ("render", f"./{named}", "--tags", "s.npz", "--soft", "-o", "out.mkv"),
        ("render", f"./{named}", "--tags", "s.npz", "--preview", "1", "-o", "out.png"),
        ("captions", "s.npz", "--merge", f"./{named}", "-o", "out.srt"),
        ("render", good, "--tags", f"./{named}", "-o", "out.mkv"),
        ("render", good, "--tags", "s.npz", "--theme", f"./{named}", "-o", "out.mkv"),
    ))  # fmt: skip
    trace = folder / "trace"
    under = _under(trace) if chance.random() < 0.4 else []

    def always(outcome):
        return _traced(trace) if trace.exists() else []

    return Case(f"{named}: {text[:60]!r}", argv, folder, ("out.srt", "trace"), under=under,
                fresh=bool(under), allowed=(2, 3, 4, 5, 6), always=always, may_replace=(),
                also_new=("trace",))  # fmt: skip


def _traced(trace: Path) -> list[str]:
    text = trace.read_text(errors="replace")
    found = [
        f"opened what a file names: {line}"
        for line in text.splitlines()
        if _SECRET in line and re.match(r"\d+ +open", line)
    ]
    found += [f"network: {line}" for line in text.splitlines()
              if "connect(" in line and "AF_INET" in line]  # fmt: skip
    for program in re.findall(r'execve\("([^"]+)".* = 0', text):
        if not re.search(r"python|ffmpeg|uname|ldconfig|gcc|/ld$", program):
            found.append(f"ran {program}")
    return found[:3]
