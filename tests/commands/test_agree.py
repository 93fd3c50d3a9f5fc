"""``tag-overlay agree``: two reviewers, and two lists of what was heard."""

import pytest
from verdicts.saying import entry, verdicts

import overlay
from overlay.commands import main
from overlay.verdicts import read_verdicts, write_verdicts


def said_by(folder, name, letters):
    words = {"r": "right", "w": "wrong"}
    entries = [entry(f"e{n}", verdict=words[letter]) for n, letter in enumerate(letters)]
    return write_verdicts(folder / f"{name}.verdicts.json", verdicts(*entries))


@pytest.fixture
def two(tmp_path):
    return said_by(tmp_path, "ann", "rrwwr"), said_by(tmp_path, "bo", "rrwww")


def test_a_table_the_conflicts_and_one_file_of_both(two, tmp_path, capsys):
    out = tmp_path / "both.verdicts.json"
    assert main(["agree", *map(str, two), "-o", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "ann and bo" in printed
    assert "Dog                5   80 %   0.62" in printed
    assert "1 conflict\n" in printed
    assert "ann: right; bo: wrong" in printed
    both = read_verdicts(out)
    assert both.reviewers == ("ann", "bo")
    again = overlay.agreement([out])
    assert [each.event for each in again.conflicts] == ["e4"]
    assert again.pairs[("ann", "bo")][0].kappa == pytest.approx(0.615, abs=0.01)


def test_many_conflicts_are_cut(tmp_path, capsys):
    files = said_by(tmp_path, "ann", "r" * 30), said_by(tmp_path, "bo", "w" * 30)
    assert main(["agree", *map(str, files)]) == 0
    assert "and 10 more" in capsys.readouterr().out


def test_two_lists_of_what_was_heard(tmp_path, npz, capsys):
    (tmp_path / "a.txt").write_text("0\t4\tDog\n6\t8\tDog\n")
    (tmp_path / "b.csv").write_text("onset,offset,label\n2,7,dog\n0,10,Rain\n")
    assert main(["agree", str(tmp_path / "a.txt"), str(tmp_path / "b.csv")]) == 0
    dog = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("Dog"))
    assert dog.split() == ["Dog", "10", "50", "%", "0.00"]
    assert main(["agree", str(npz), str(npz), "--show-all"]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert lines
    assert all(" 100 % " in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["no.json"], 6, "no.json"),
        (["ONE"], 6, "two reviewers"),
        (["ONE", "ONE"], 2, "one name"),
        (["ONE", "x.txt", "y.txt"], 2, "two lists"),
        (["x.txt", "y.txt"], 6, "x.txt"),
        (["NPZ", "ONE"], 6, "no column"),
        (["ONE", "TWO", "-o", "ONE"], 3, "input"),
        (["NPZ", "NPZ", "-o", "z.json"], 2, "without -o"),
    ],
)
def test_mistakes_are_one_line(two, npz, tmp_path, monkeypatch, capsys, arguments, code, said):
    monkeypatch.chdir(tmp_path)
    known = {"ONE": str(two[0]), "TWO": str(two[1]), "NPZ": str(npz)}
    before = sorted(tmp_path.iterdir())
    assert main(["agree", *[known.get(each, each) for each in arguments]]) == code
    printed = capsys.readouterr().err
    assert said in printed
    assert printed.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before
