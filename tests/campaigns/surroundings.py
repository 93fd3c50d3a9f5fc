"""Commands in bad surroundings: no room, no rights, no home, few means, odd names and consoles."""

import os
import resource
import shutil
import signal
from pathlib import Path

from campaigns.material import clip, damage_of, has_mn04, make, scores, warm_up
from campaigns.trying import FINE, Case, traces

_NOBODY = 65534
_TAGS = ("--tags", "scores.npz")
_NEW = ("--model", "builtin")
_COMMANDS = (
    (("render", "{source}", "--preset", "ultrafast", *_TAGS, "-o", "{out}.mp4"), ".mp4"),
    (("render", "{source}", "--preset", "ultrafast", *_NEW, "-o", "{out}.mkv"), ".mkv"),
    (("render", "{source}", "--soft", *_TAGS, "-o", "{out}.mkv"), ".mkv"),
    (("render", "{source}", "--overlay-only", *_TAGS, "-o", "{out}.mov"), ".mov"),
    (("render", "{source}", "--overlay-only", *_TAGS, "-o", "{out}"), ""),
    (("render", "{source}", "--preview", "1", *_TAGS, "-o", "{out}.png"), ".png"),
    (("tag", "{source}", *_NEW, "-o", "{out}.npz"), ".npz"),
    (("captions", "{source}", *_NEW, "-o", "{out}.srt"), ".srt"),
    (("captions", "scores.npz", "--merge", "in.srt", "-o", "{out}.srt"), ".srt"),
    (("export", "{source}", "--format", "json", *_NEW, "-o", "{out}.json"), ".json"),
    (("export", "scores.npz", "--format", "hops", "-o", "{out}.csv"), ".csv"),
    (("parse", "--tagging_file", "scores.npz", "--output_dir", "{out}"), ""),
    (("review", "{source}", *_TAGS, "--proxy", "always", "-o", "{out}.html"), ".html"),
    (("batch", "many", "--do", "events", "--jobs", "1", *_NEW, "-o", "{out}"), ""),
    (("batch", "many", "--do", "render", "--jobs", "1", *_NEW, "-o", "{out}"), ""),
    (("train", "own", *_NEW, "-o", "{out}.model.npz"), ".model.npz"),
    (("render", "{source}", "--preview", "1", *_TAGS, "--lang", "zh", "-o", "{out}.png"), ".png"),
    (("render", "{source}", "--preview", "1", "--tags", "odd.npz", "-o", "{out}.png"), ".png"),
    (("export", "odd.npz", "--format", "ass-panel", "-o", "{out}.ass"), ".ass"),
    (("tag", "{source}", "--model", "mn04", "--windows", "isolated", "-o", "{out}.npz"), ".npz"),
    (("doctor",), None),
    (("cache", "show"), None),
    (("cache", "clear"), None),
    (("models",), None),
    (("export", "--format", "list"), None),
)  # fmt: skip
_NAMES = (
    b"n" * 251, b"-", b"-o", b"--tags", b" ", b"a b", b"two\nlines", b"tab\t", b"\xff\xfe\x80",
    b"caf\xe9", "🎬".encode() * 62, "狗".encode() * 83, b"%d", b"img%03d", b"a:b", b"file:x",
    b"http:x", b"[x]", b"*", b"?", b"a\\b", b"'", b'"', b"$HOME", b"~", b"CON", b".", b"..x",
    b".hidden", b"pipe:1", b"concat:a|b", b"\x1b[31m", "a\u202eb".encode(), b"x;y", b"#", b"@f",
    b"subfile,,start,0,end,9,,:x", b"crypto:x", b"a" * 240 + b".b", b"{source}", b"&amp;", b"\x7f",
    "e\u0301".encode(), b"x.tags", b"truncated partial file",
)  # fmt: skip


def prepare(folder: Path):
    warm_up()
    made = folder / "made"
    made.mkdir()
    clip(made, "mp4")
    scores(made / "scores.npz")
    scores(made / "odd.npz", ("狗叫", "🎬 film", "صفارة"))
    (made / "many").mkdir()
    shutil.copy2(made / "clip.mp4", made / "many" / "a.mp4")
    (made / "in.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n\n")
    for label, sound in (("hum", "sine=200:d=1"), ("hiss", "anoisesrc=d=1:a=0.5")):
        made.joinpath("own", label).mkdir(parents=True)
        for n in range(3):
            make(made / "own" / label / f"{n}.wav", "-f", "lavfi", "-i", sound, "-ss", f"{n / 10}")
    return made


def case(number, chance, folder: Path, made: Path) -> Case:
    shutil.copytree(made, folder, dirs_exist_ok=True)
    folder.chmod(0o777)
    command, ending = chance.choice(_COMMANDS)
    around = _AROUND[number % len(_AROUND)]
    if command[0] == "batch" and around in (_no_rights, _no_home, _few_processes, _mask):
        command, ending = _COMMANDS[0]  # a worker may find no Python that everybody may start
    if "mn04" in command and (around in _TOO_LITTLE or not has_mn04()):
        command, ending = _COMMANDS[1]  # Paddle ends itself where it gets no memory or thread
    environment: dict[str, str | None] = {"XDG_CACHE_HOME": str(folder / "cache")}
    made_case = Case("", (), folder, environment=environment)
    source, out = "clip.mp4", "out"
    names = around(chance, made_case)
    if names:
        source, out = names
    made_case.argv = [each.format(source=source, out=out) for each in command]
    if ending is not None:
        target = out + ending
        made_case.targets = (*made_case.targets, target.removeprefix("./"), "cache")
        if ending == ".html":  # the page's small copy
            made_case.targets = (*made_case.targets, f"{out}.mp4".removeprefix("./"))
            made_case.new_if_whole = made_case.targets
    else:
        made_case.targets = (*made_case.targets, "cache")
    if command[0] == "batch":
        made_case.allowed = (*made_case.allowed, 7)
        made_case.any_console = True  # a line for each that failed
        made_case.new_if_whole = made_case.targets  # and it is remembered
        made_case.always = traces
    made_case.check = lambda outcome: damage_of(folder / target) if ending is not None else []
    made_case.recipe = f"{around.__name__.strip('_')} {made_case.recipe}"
    return made_case


# Each changes the case, and may give other names for source and target


def _full_disk(chance, case):
    disk = case.folder / "disk"
    disk.mkdir(mode=0o777)
    size = chance.choice(("4k", "16k", "64k"))
    if os.system(f"mount -t tmpfs -o size={size} tmpfs '{disk}' 2>/dev/null") == 0:
        case.after = lambda: os.system(f"umount -l '{disk}'")
    if chance.random() < 0.3:
        case.environment["XDG_CACHE_HOME"] = str(disk)
        case.targets = ("disk",)
        return "clip.mp4", "out"
    if chance.random() < 0.3:
        case.environment["TMPDIR"] = str(disk)
        return "clip.mp4", "out"
    case.recipe = size
    return "clip.mp4", "disk/out"


def _file_size(chance, case):
    most = chance.choice((0, 1, 100, 4096, 20_000))
    case.recipe = f"{most} bytes"
    case.any_console = True  # it is a file, too
    case.inside = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def _read_only_disk(chance, case):
    disk = case.folder / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o ro tmpfs '{disk}' 2>/dev/null") == 0:
        case.after = lambda: os.system(f"umount -l '{disk}'")
    return "clip.mp4", "disk/out"


def _nobody() -> None:
    os.setgroups([])
    os.setgid(_NOBODY)
    os.setuid(_NOBODY)


def _no_rights(chance, case):
    if os.getuid():
        return None
    case.inside = _nobody
    which = chance.choice(("target", "source", "folder", "home", "cache", "tmp", "all", "scores"))
    case.recipe = which
    closed = case.folder / "closed"
    closed.mkdir(mode=0o700)
    if which == "target":
        return "clip.mp4", "closed/out"
    if which == "source":
        (case.folder / "clip.mp4").chmod(0)
    if which == "scores":
        (case.folder / "scores.npz").chmod(0)
    if which == "folder":
        (case.folder / "clip.mp4").rename(closed / "clip.mp4")
        return "closed/clip.mp4", "out"
    if which in ("home", "all"):
        case.environment |= {"HOME": str(closed), "XDG_CACHE_HOME": None}
    if which in ("cache", "all"):
        case.environment["XDG_CACHE_HOME"] = str(closed)
    if which in ("tmp", "all"):
        case.environment["TMPDIR"] = str(closed)
    if which == "all":
        case.folder.chmod(0o755)
    return None


def _no_home(chance, case):
    home = chance.choice((None, "", "/nonexistent", "/dev/null", "relative", "/proc/1"))
    case.environment |= {"HOME": home, "XDG_CACHE_HOME": None}
    case.recipe = repr(home)
    case.targets = ("relative",)
    if os.getuid() == 0:
        case.inside = _nobody


def _few_descriptors(chance, case):
    most = chance.choice((4, 6, 8, 9, 10, 11, 12, 14, 16, 20, 32))
    case.recipe = f"{most}"
    case.any_console = most < 6
    case.allowed = (*FINE, 1)
    case.inside = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _little_memory(chance, case):
    more = chance.choice((8, 16, 32, 64, 128, 256)) << 20
    case.recipe = f"{more >> 20} MiB more"
    case.allowed = (*FINE, 1)

    def inside():
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + more
        resource.setrlimit(resource.RLIMIT_AS, (most, most))

    case.inside = inside


def _few_processes(chance, case):
    if os.getuid():
        return
    case.recipe, case.allowed = "no more processes or threads", (*FINE, 1)

    def inside():
        resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
        _nobody()

    case.inside = inside


def _console(chance, case):
    case.fresh = True
    case.environment |= chance.choice((
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii:strict"},
        {"PYTHONIOENCODING": "cp1252"}, {"PYTHONIOENCODING": "utf-16"},
        {"LC_ALL": "tr_TR.UTF-8"}, {"LC_ALL": "zh_CN.GB18030"}, {"LANG": "nonsense"},
        {"PYTHONIOENCODING": "latin-1:strict"}, {"PYTHONOPTIMIZE": "2"},
        {"TERM": "dumb", "COLUMNS": "1"}, {"COLUMNS": "-5", "LINES": "x"}, {"TZ": "nonsense"},
        {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "1"}, {"PYTHONDEVMODE": "1"},
        {"TAG_OVERLAY_CACHE_MB": "9" * 30}, {"TAG_OVERLAY_CACHE_MB": "0"},
        {"TAG_OVERLAY_FFMPEG": "/bin/true"}, {"TAG_OVERLAY_MODELS": "\n"}, {"PATH": ""},
    ))  # fmt: skip
    case.recipe = f"{case.environment}"
    case.any_console = "PYTHONIOENCODING" in case.environment
    if chance.random() < 0.5:
        return _odd_name(chance, case)
    return None


def _closed_files(chance, case):
    closed = chance.choice(((0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)))
    case.recipe, case.fresh = f"{closed}", True
    case.any_console = 2 in closed
    case.inside = lambda: [os.close(each) for each in closed]


def _full_console(chance, case):
    numbers = chance.choice(((1,), (2,), (1, 2)))
    case.recipe, case.fresh, case.any_console = f"/dev/full for {numbers}", True, True

    def inside():
        full = os.open("/dev/full", os.O_WRONLY)
        for each in numbers:
            os.dup2(full, each)

    case.inside = inside


def _nobody_reads(chance, case):
    case.recipe, case.fresh, case.any_console = "a pipe whose other end is closed", True, True

    def inside():
        out, into = os.pipe()
        os.close(out)
        for each in chance.choice(((1,), (2,), (1, 2))):
            os.dup2(into, each)

    case.inside = inside


def _odd_name(chance, case):
    name = os.fsdecode(chance.choice(_NAMES))
    source = f"./{name[:251]}.mp4"
    (case.folder / "clip.mp4").rename(case.folder / source)
    case.recipe += repr(name)[:60]
    case.targets = (f"{name}.mp4",)
    return source, chance.choice((f"./{name}", "out", "./o" + name))


def _odd_target(chance, case):
    which = chance.choice(("folder", "pipe", "device", "dangling", "circle", "link", "proc", "long",
                           "nul", "below", "twin", "absent"))  # fmt: skip
    case.recipe = which
    out = "out"
    for ending in sorted({each or "" for _, each in _COMMANDS}):
        path = case.folder / f"out{ending}"
        if which == "folder":
            path.mkdir()
        elif which == "pipe":
            os.mkfifo(path)
        elif which == "dangling":
            path.symlink_to("nothing/there")
        elif which == "circle":
            path.symlink_to(path.name)
        elif which == "link":
            path.symlink_to("clip.mp4")
        elif which == "twin":
            os.link(case.folder / "clip.mp4", path)
        elif which == "device":
            path.symlink_to("/dev/null")
    if which in ("proc", "long", "below", "absent"):
        out = {"proc": "/proc/out", "long": "o" * 300, "below": "clip.mp4/out",
               "absent": "no/such/folder/out"}[which]  # fmt: skip
    if which == "folder":
        case.targets = tuple(f"out{each or ''}" for _, each in _COMMANDS)
    if which == "absent":
        case.targets = ("no",)
    return "clip.mp4", out


def _odd_source(chance, case):
    path = case.folder / "clip.mp4"
    path.unlink()
    which = chance.choice(("pipe", "device", "empty", "folder", "circle", "gone", "text", "zero"))
    case.recipe = which
    if which == "pipe":
        os.mkfifo(path)
    elif which == "folder":
        path.mkdir()
    elif which == "empty":
        path.touch()
    elif which == "text":
        path.write_text("ffconcat version 1.0\nfile /etc/passwd\n")
    elif which != "gone":
        path.symlink_to({"device": "/dev/null", "circle": "clip.mp4", "zero": "/dev/zero"}[which])


def _no_folder(chance, case):
    """The working folder is gone."""
    place = case.folder / "gone"

    def inside():
        place.mkdir()
        os.chdir(place)
        place.rmdir()

    case.inside = inside


def _no_temporary_folder(chance, case):
    case.environment["TMPDIR"] = chance.choice(("/nonexistent", "/dev/null", "", "relative"))
    case.recipe = repr(case.environment["TMPDIR"])

    def inside():
        import tempfile

        tempfile.tempdir = None

    case.inside = inside


def _mask(chance, case):
    case.recipe = "umask 777"
    case.inside = lambda: (os.umask(0o777), _nobody() if os.getuid() == 0 else None)
    case.allowed = FINE


def _signals_ignored(chance, case):
    case.recipe = "signals ignored and blocked"

    def inside():
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD):
            signal.signal(each, signal.SIG_IGN if each != signal.SIGCHLD else signal.SIG_DFL)

    case.inside = inside


def _small_stack(chance, case):
    most = chance.choice((128, 512)) << 10
    case.recipe = f"{most >> 10} KiB"
    case.fresh = True
    case.inside = lambda: resource.setrlimit(resource.RLIMIT_STACK, (most, most))


_AROUND = (
    _full_disk, _file_size, _read_only_disk, _no_rights, _no_home, _few_descriptors, _odd_name,
    _little_memory, _few_processes, _console, _closed_files, _full_console, _nobody_reads,
    _odd_target, _odd_source, _no_folder, _no_temporary_folder, _mask, _signals_ignored,
    _small_stack, _no_rights, _odd_name, _odd_target, _full_disk, _file_size,
)  # fmt: skip
_TOO_LITTLE = (_few_descriptors, _little_memory, _few_processes, _small_stack)
