"""What the server hands out, to whom, and what it keeps; over real connections."""

import contextlib
import http.client
import json
import resource
import signal
import threading
from urllib.parse import urlsplit

import pytest

from overlay.errors import OutputError, UsageError
from overlay.reporting import SILENT
from overlay.reviewing.server import ReviewServer
from overlay.reviewing.session import Clip, Desk, Page
from overlay.verdicts import Entry, Media, Verdicts, read_verdicts, write_verdicts

BODY = bytes(range(256)) * 40


def _entry(number, **said):
    second = f"{number // 1000 % 60:02}.{number % 1000:03}"
    return {"id": f"id-{number}", "at": f"2026-11-26T02:00:{second}Z", "event": f"event-{number}",
            "action": "judge", "verdict": "right", "label": "Dog", **said}  # fmt: skip


class _Client:
    def __init__(self, server):
        parts = urlsplit(server.link)
        self.place, self.root = (parts.hostname, parts.port), parts.path

    def ask(self, path, method="GET", body=None, root=None, **headers):
        """Status, headers and content."""
        with contextlib.closing(http.client.HTTPConnection(*self.place, timeout=20)) as line:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            line.request(method, (self.root if root is None else root) + path, body, names)
            answer = line.getresponse()
            return answer.status, answer.headers, answer.read()

    def post(self, *entries):
        body = json.dumps({"entries": entries})
        return self.ask("0/verdicts", "POST", body, Content_Type="application/json")


@contextlib.contextmanager
def _serving(clips):
    desk = Desk(clips)
    desk.work(SILENT, for_ever=False)
    with ReviewServer(desk) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield _Client(server)
        finally:
            server.shutdown()


def _clip(folder, name="a <b>.mp4", make=None):
    path = folder / name
    path.write_bytes(BODY)
    (folder / "secret.txt").write_text("secret")
    page = Page(b"<p>page</p>", Media(name, "5eed", 20.0))
    return Clip(path, folder / "a.verdicts.json", make or (lambda reporter: page), lambda r: path)


@pytest.fixture
def clip(tmp_path):
    return _clip(tmp_path)


@pytest.fixture
def client(clip):
    with _serving([clip]) as served:
        yield served


def test_it_listens_here_alone_and_the_link_has_a_secret(client):
    assert client.place[0] == "127.0.0.1"
    assert len(client.root) > 20


@pytest.mark.parametrize("root", ["/", "/x/", "/../", ""])
def test_without_the_token_there_is_nothing(root, client):
    for path in ("", "0/", "0/media", "0/verdicts"):
        status, _, body = client.ask(path, root=root or "/" + path)
        assert (status, body) == (404, b"not found")


@pytest.mark.parametrize(
    "path",
    ["1/", "-1/", "0", "0/secret.txt", "0/../secret.txt", "..%2fsecret.txt", "0/media/..", "%00/",
     "٠/", "0/media/", "secret.txt", "9" * 400 + "/"],
)  # fmt: skip
def test_only_what_is_on_the_desk_can_be_asked_for(path, client):
    status, _, body = client.ask(path.replace("٠", "%D9%A0"))
    assert status == 404 and b"secret" not in body


def test_other_methods_are_refused(client):
    for method in ("PUT", "DELETE", "OPTIONS"):
        assert client.ask("0/", method)[0] == 501
    assert client.ask("0/media", "POST", "x")[0] == 404


def test_index_lists_names_as_text(client):
    status, headers, body = client.ask("")
    assert status == 200 and b"a &lt;b&gt;.mp4" in body and b"<b>" not in body
    assert b"default-src" in body and headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_index_says_how_far_each_clip_is(tmp_path):
    desk = Desk([_clip(tmp_path)])
    with ReviewServer(desk) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            client = _Client(server)
            waiting = client.ask("")[2]
            assert b"being listened to" in waiting and b'http-equiv="refresh"' in waiting
            desk.work(SILENT, for_ever=False)
            ready = client.ask("")[2]
            assert b"not judged yet" in ready and b'http-equiv="refresh"' not in ready
            client.post(_entry(1))
            assert b"1 event judged" in client.ask("")[2]
            client.post(_entry(2), _entry(3, event="event-1"))
            assert b"2 events judged" in client.ask("")[2]
        finally:
            server.shutdown()


def test_a_copy_is_made_when_it_is_asked_for_and_then_played(tmp_path):
    (tmp_path / "small.mp4").write_bytes(b"small")
    clip, seen = _clip(tmp_path), []

    def copy(reporter):
        for done in (5, 30):
            reporter.progress("copy", done, 20)
            seen.append(clip.share)
        return tmp_path / "small.mp4"

    clip.copy = copy
    with _serving([clip]) as client:
        for _ in range(2):
            state = json.loads(client.ask("0/copy")[2])
            assert state == {"ready": False, "share": 0.0, "failure": ""}
        assert client.ask("0/media")[2] == BODY
    desk = Desk([clip])
    clip.copy_asked = False
    desk.want_copy(clip)
    desk.want_copy(clip)
    desk.work(SILENT, for_ever=False)
    assert seen == [0.25, 1.0]
    with _serving([clip]) as client:
        assert json.loads(client.ask("0/copy")[2])["ready"]
        assert client.ask("0/media")[2] == b"small"


def test_page(client):
    assert client.ask("0/")[2] == b"<p>page</p>"


@pytest.mark.parametrize(
    ("asked", "span"),
    [("bytes=0-0", (0, 1)), ("bytes=10-19", (10, 20)), ("bytes=10-", (10, len(BODY))),
     ("bytes=-5", (len(BODY) - 5, len(BODY))), ("bytes=10-99999999", (10, len(BODY))),
     ("bytes=-99999999", (0, len(BODY)))],
)  # fmt: skip
def test_ranges(asked, span, client):
    status, headers, body = client.ask("0/media", Range=asked)
    assert status == 206 and body == BODY[slice(*span)]
    assert headers["Content-Range"] == f"bytes {span[0]}-{span[1] - 1}/{len(BODY)}"
    assert headers["Content-Type"] == "video/mp4"


@pytest.mark.parametrize("asked", [f"bytes={len(BODY)}-", "bytes=-0", "bytes=99999999-"])
def test_ranges_behind_the_end(asked, client):
    status, headers, body = client.ask("0/media", Range=asked)
    assert (status, body) == (416, b"") and headers["Content-Range"] == f"bytes */{len(BODY)}"


@pytest.mark.parametrize(
    "asked",
    ["bytes=5-2", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,4-5", "bytes=" + "9" * 99],
)
def test_what_is_no_range_gives_all(asked, client):
    status, headers, body = client.ask("0/media", Range=asked)
    assert (status, body) == (200, BODY) and headers["Accept-Ranges"] == "bytes"


def test_head_has_no_body(client):
    status, headers, body = client.ask("0/media", "HEAD")
    assert (status, body, headers["Content-Length"]) == (200, b"", str(len(BODY)))


def test_medium_that_is_gone_is_said(client, clip):
    clip.path.unlink()
    status, _, body = client.ask("0/media")
    assert status == 409 and b"there is no such file" in body


def test_verdicts_are_kept_beside_the_medium_and_read_back(client, clip):
    assert client.post(_entry(1), _entry(2, verdict="wrong"))[0] == 200
    kept = read_verdicts(clip.verdicts_path)
    assert [entry.verdict for entry in kept.entries] == ["right", "wrong"]
    assert kept.media == clip.page.media
    status, headers, body = client.ask("0/verdicts")
    assert status == 200 and len(json.loads(body)["entries"]) == 2
    assert client.ask("0/verdicts", If_None_Match=headers["ETag"])[0] == 304
    client.post(_entry(3))
    assert client.ask("0/verdicts", If_None_Match=headers["ETag"])[0] == 200


def test_tabs_that_write_at_once_lose_nothing(client, clip):
    def tab(first):
        for number in range(first, first + 20):
            assert client.post(_entry(number), _entry(number))[0] == 200

    threads = [threading.Thread(target=tab, args=(start,)) for start in (0, 10, 20, 1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = {entry.id for entry in read_verdicts(clip.verdicts_path).entries}
    assert ids == {f"id-{n}" for n in (*range(40), *range(1000, 1020))}


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", '{"entries": [{"id": 1}]}', '{"entries": 3}', "[" * 100_000,
     json.dumps({"entries": [_entry(1, verdict="maybe")]})],
)  # fmt: skip
def test_what_is_no_verdict_is_refused_and_changes_nothing(body, client, clip):
    assert client.ask("0/verdicts", "POST", body)[0] == 400
    assert not clip.verdicts_path.exists()


def test_too_much_is_refused_unread(client):
    with contextlib.closing(http.client.HTTPConnection(*client.place, timeout=20)) as line:
        line.putrequest("POST", f"{client.root}0/verdicts")
        line.putheader("Content-Length", str(1 << 30))
        line.endheaders()
        assert line.getresponse().status == 413


@pytest.mark.parametrize("content", ["garbage", '{"format": "tag-overlay verdicts"}'])
def test_damaged_file_of_verdicts_is_never_written_over(content, client, clip):
    clip.verdicts_path.write_text(content)
    status, _, body = client.post(_entry(1))
    assert status == 409 and b"no file of verdicts" in body
    assert clip.verdicts_path.read_text() == content


def test_verdicts_of_another_sound_are_never_mixed(client, clip):
    client.post(_entry(1))
    before = clip.verdicts_path.read_bytes()
    clip.page = Page(b"", Media(clip.name, "0ther"))
    status, _, body = client.post(_entry(2))
    assert status == 409 and b"another sound" in body and clip.verdicts_path.read_bytes() == before


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Host": "evil.example:80"}, {"Origin": "http://evil.example"},
     {"Origin": "null"}, {"Host": "127.0.0.1"}],
    ids=str,
)  # fmt: skip
def test_pages_from_elsewhere_get_nothing_though_they_know_the_token(headers, client, clip):
    body = json.dumps({"entries": [_entry(1)]})
    for method, path in (("GET", "0/"), ("GET", "0/verdicts"), ("POST", "0/verdicts")):
        assert client.ask(path, method, body, **headers)[0] == 404
    assert not clip.verdicts_path.exists()


def test_its_own_pages_get_what_they_ask_for_under_both_names(client):
    for name in ("127.0.0.1", "localhost"):
        host = f"{name}:{client.place[1]}"
        assert client.ask("0/", Host=host, Origin=f"http://{host}")[0] == 200


def test_another_machine_may_call_it_as_it_likes(clip):
    desk = Desk([clip])
    desk.work(SILENT, for_ever=False)
    with ReviewServer(desk, "0.0.0.0") as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            parts = urlsplit(server.link)
            line = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=20)
            line.request("GET", f"{parts.path}0/", headers={"Host": "studio.example:81"})
            assert line.getresponse().status == 200
            line.close()
        finally:
            server.shutdown()


def _written_to(path):
    path.write_bytes(BODY + b"!")


def _another(path):
    path.unlink()
    path.with_name("new").write_bytes(BODY)
    path.with_name("new").rename(path)


def _a_way_out(path):
    path.unlink()
    path.symlink_to(path.with_name("secret.txt"))


@pytest.mark.parametrize("change", [_written_to, _another, _a_way_out])
def test_a_medium_that_is_another_now_is_not_handed_out(change, client, clip):
    assert client.ask("0/media")[0] == 200
    change(clip.path)
    status, _, body = client.ask("0/media")
    assert status == 409 and b"has changed" in body and b"secret" not in body


@pytest.mark.parametrize("asked", [None, "bytes=0-", "bytes=-5"])
def test_a_medium_without_a_byte(asked, tmp_path):
    clip = _clip(tmp_path)
    clip.path.write_bytes(b"")
    with _serving([clip]) as client:
        status, _, body = client.ask("0/media", **({} if asked is None else {"Range": asked}))
    assert (status, body) == (200 if asked is None else 416, b"")


@pytest.mark.parametrize("length", ["-1", "1e3", "+5", "", "9" * 30])
def test_a_length_that_is_none_is_refused_unread(length, client):
    with contextlib.closing(http.client.HTTPConnection(*client.place, timeout=20)) as line:
        line.putrequest("POST", f"{client.root}0/verdicts")
        line.putheader("Content-Length", length)
        line.endheaders()
        assert line.getresponse().status == 413


@pytest.mark.parametrize(
    "facts",
    [{"at": "9999-12-31T23:59:59.999Z"}, {"at": "2026-02-30T00:00:00.000Z"}, {"id": "\ud800"},
     {"event": "\udfff"}, {"action": "undo", "undoes": "\ud800"}, {"score": float("nan")},
     {"onset_s": 1, "offset_s": float("inf")}],
    ids=str,
)  # fmt: skip
def test_what_would_not_come_back_as_it_went_is_refused(facts, client, clip):
    assert client.post(_entry(1, **facts))[0] == 400
    assert not clip.verdicts_path.exists()


def test_what_another_server_has_written_over_is_told_by_the_tag(client, clip):
    client.post(_entry(1), _entry(2))
    tag = client.ask("0/verdicts")[1]["ETag"]
    media = clip.page.media
    kept = [Entry.of(_entry(number)) for number in (0, 2)]
    write_verdicts(clip.verdicts_path, Verdicts(media, tuple(kept)))
    status, headers, body = client.ask("0/verdicts", If_None_Match=tag)
    assert status == 200 and headers["ETag"] != tag
    assert [each["id"] for each in json.loads(body)["entries"]] == ["id-0", "id-2"]


def test_a_disk_that_takes_nothing_is_said_and_the_file_stays(client, clip):
    client.post(_entry(1))
    before = clip.verdicts_path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    was = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, limits[1]))
    try:
        status, _, body = client.post(_entry(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, was)
    assert status == 409 and b"a.verdicts.json" in body
    assert clip.verdicts_path.read_bytes() == before
    assert client.post(_entry(2))[0] == 200


def test_a_clip_that_fails_in_an_unforeseen_way_leaves_the_others_alone(tmp_path):
    def fail(reporter):
        raise RuntimeError("out of <luck>")

    clips = [_clip(tmp_path, "a.mp4", fail), _clip(tmp_path, "b.mp4")]
    clips[1].copy = fail
    with _serving(clips) as client:
        assert b"RuntimeError: out of &lt;luck&gt;" in client.ask("0/")[2]
        assert client.ask("1/")[2] == b"<p>page</p>"
        assert client.ask("")[2].count(b"a.mp4") == 1  # what is wrong stands beside the name
        assert client.ask("0/media")[0] == 404  # nobody has listened to it


def test_a_copy_that_fails_in_an_unforeseen_way_is_said(tmp_path):
    def fail(reporter):
        raise OSError(28, "No space left on device")

    clip = _clip(tmp_path)
    clip.copy = fail
    desk = Desk([clip])
    desk.want_copy(clip)
    desk.work(SILENT, for_ever=False)
    assert "a <b>.mp4: the disk is full" in clip.copy_failure and clip.page is not None


def test_page_that_cannot_be_made_says_why(tmp_path):
    def make(reporter):
        raise OutputError("is <damaged>")

    with _serving([_clip(tmp_path, make=make)]) as client:
        assert b"is &lt;damaged&gt;" in client.ask("0/")[2] and b"&lt;damaged" in client.ask("")[2]
        assert client.post(_entry(1))[0] == 404


def test_page_asked_for_is_made_before_others(tmp_path):
    made = []

    def maker(name):
        def make(reporter):
            made.append(name)
            return Page(b"", Media(name, name))

        return make

    clips = [_clip(tmp_path, f"{name}.mp4", maker(name)) for name in "abc"]
    desk = Desk(clips)
    desk.want_page(clips[2])
    desk.work(SILENT, for_ever=False)
    assert made == ["c", "a", "b"]


def test_port_that_is_taken_is_said():
    with ReviewServer(Desk([])) as server, pytest.raises(UsageError, match="cannot listen on"):
        ReviewServer(Desk([]), port=server.server_address[1])
