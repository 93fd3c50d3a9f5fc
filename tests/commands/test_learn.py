"""``tag-overlay learn``: from verdicts to the thresholds of the next run."""

import tomllib

import pytest
from verdicts.saying import entry, verdicts

import overlay
from overlay.commands import main
from overlay.verdicts import Media, Verdicts, write_verdicts


@pytest.fixture
def said(tmp_path):
    """Forty verdicts on dogs, right from 0.5 on, and a few on rain."""
    entries = [
        entry(f"d{n}", score=0.2 + 0.019 * n, verdict="right" if n > 15 else "wrong")
        for n in range(40)
    ]
    entries += [entry(f"r{n}", label="Rain", score=0.4, verdict="right") for n in range(3)]
    return write_verdicts(tmp_path / "clip.verdicts.json", verdicts(*entries))


def test_thresholds_table_and_plot(said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["learn", str(said), "--plot", "p.html", "--precision", "0.8"]) == 0
    learnt = tomllib.loads((tmp_path / "thresholds.toml").read_text())
    assert learnt.keys() == {"Dog", "Rain"}
    assert 0.35 < learnt["Dog"] < 0.55
    printed = capsys.readouterr().out
    assert "--thresholds thresholds.toml" in printed
    assert "--event-threshold" in printed
    dog = next(line for line in printed.splitlines() if line.startswith("Dog"))
    assert dog.split()[1:3] == ["40", "24"]
    assert (tmp_path / "p.html").read_text().startswith("<!doctype html>")


def test_the_file_is_what_the_next_run_takes(said, tmp_path, npz):
    out = tmp_path / "t.toml"
    assert main(["learn", str(said), "-o", str(out), "-q"]) == 0
    assert main(["export", str(npz), "--format", "csv", "--thresholds", str(out)]) == 0


def test_two_files_of_one_sound_are_one_and_two_sounds_are_two(tmp_path):
    def taught(*files):
        paths = [write_verdicts(tmp_path / f"{n}.json", each) for n, each in enumerate(files)]
        curve = overlay.learn(paths, tmp_path / "t.toml", overwrite=True).together
        return curve.n, curve.n_right

    ann = verdicts(entry("a", verdict="right", score=0.7, reviewer="Ann"))
    bo = verdicts(entry("a", verdict="wrong", score=0.7, reviewer="Bo", at=1))
    other = Verdicts(Media("b.mp4", "0" * 64, 1.0, "builtin"), ann.entries)
    assert taught(ann, bo) == (1, 0)
    assert taught(ann, bo, other) == (2, 1)


def test_an_svg_stands_alone(said, tmp_path):
    made = overlay.learn(said, tmp_path / "t.toml", plot=tmp_path / "p.svg")
    assert made.plot.read_text().startswith("<svg")
    assert [curve.label for curve in made.curves] == ["Dog", "Rain"]
    assert made.together.n == 43


@pytest.mark.parametrize(
    ("arguments", "code", "said_of"),
    [
        (["no.json"], 6, "no.json"),
        (["FILE", "--precision", "1"], 2, "between 0 and 1"),
        (["FILE", "--precision", "x"], 2, "between 0 and 1"),
        (["FILE", "-o", "FILE"], 3, "input"),
        (["FILE", "--plot", "p.png"], 2, ".svg"),
        (["FILE", "--plot", "no/p.svg"], 3, "folder"),
        (["FILE", "--plot", "FILE"], 2, ".svg"),
        (["FILE", "-o", "no/t.toml"], 3, "folder"),
        ([], 2, "VERDICTS"),
    ],
)
def test_mistakes_leave_nothing(said, tmp_path, monkeypatch, capsys, arguments, code, said_of):
    monkeypatch.chdir(tmp_path)
    given = [str(said) if each == "FILE" else each for each in arguments]
    assert main(["learn", *given]) == code
    assert said_of in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == [said.name]


def test_nothing_is_replaced_unless_that_is_wanted(said, tmp_path, capsys):
    out = tmp_path / "t.toml"
    out.write_text("mine = 1")
    assert main(["learn", str(said), "-o", str(out)]) == 3
    assert out.read_text() == "mine = 1"
    assert main(["learn", str(said), "-o", str(out), "--overwrite"]) == 0
    assert "Dog" in out.read_text()
