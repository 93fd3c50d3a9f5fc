"""Firefox, driven by WebDriver BiDi over its own socket: no driver program is needed.

Source:
    W3C, "WebDriver BiDi", https://www.w3.org/TR/webdriver-bidi/
"""

import base64
import itertools
import json
import re
import shutil
import subprocess
import time
from contextlib import contextmanager

import pytest

_WAIT_S = 60
_LISTENS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
_PREFERENCES = {
    "app.update.enabled": False, "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False, "media.autoplay.default": 0,
    "network.captive-portal-service.enabled": False, "remote.active-protocols": 1,
    "toolkit.telemetry.enabled": False, "intl.accept_languages": "en-US",
}  # fmt: skip


class Firefox:
    """One tab, as far as the tests of the page need it.

    Args:
        address: Of the socket.
    """

    def __init__(self, address):
        websocket = pytest.importorskip("websocket", reason="needs Selenium: the extra 'test'")
        self._socket = websocket.create_connection(
            f"{address}/session", timeout=_WAIT_S, suppress_origin=True
        )
        self._numbers = itertools.count(1)
        self._events = []
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        tree = self.ask("browsingContext.getTree")
        self._tab = tree["contexts"][0]["context"]

    def ask(self, method, **parameters):
        """The answer to a command."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._socket.recv())
            if said.get("id") == number:
                assert said["type"] == "success", said
                return said["result"]
            self._events.append(said)

    def close(self):
        """End the session."""
        self._socket.close()

    def open(self, address):
        """Load a page of which events are listed."""
        self.ask("browsingContext.navigate", context=self._tab, url=address, wait="complete")
        self.until("document.querySelector('#rows .row')")

    def size(self, width, height):
        """Give the page a size, pixels."""
        viewport = {"width": width, "height": height}
        self.ask("browsingContext.setViewport", context=self._tab, viewport=viewport)

    def js(self, expression):
        """The value of an expression."""
        found = self.ask(
            "script.evaluate", expression=f"JSON.stringify(({expression}) ?? null)",
            target={"context": self._tab}, awaitPromise=True,
        )  # fmt: skip
        assert found["type"] == "success", found
        return json.loads(found["result"]["value"])

    def until(self, expression):
        """Wait for an expression to be true."""
        end = time.monotonic() + _WAIT_S
        while not self.js(f"Boolean({expression})"):
            assert time.monotonic() < end, expression
            time.sleep(0.05)

    def text(self, css):
        """What is read there."""
        return self.js(f"document.querySelector({json.dumps(css)}).textContent.trim()")

    def press(self, *keys):
        """Press keys as a keyboard does."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keyboard", "actions": strokes})

    def click(self, css):
        """Click into the middle of an element."""
        box = self.js(
            "(({x, y, width, height}) => [x + width / 2, y + height / 2])"
            f"(document.querySelector({json.dumps(css)}).getBoundingClientRect())"
        )
        strokes = [
            {"type": "pointerMove", "x": round(box[0]), "y": round(box[1])},
            {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0},
        ]  # fmt: skip
        self._act({"type": "pointer", "id": "mouse", "actions": strokes})

    def _act(self, source):
        self.ask("input.performActions", context=self._tab, actions=[source])
        self.js("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def picture(self):
        """What is seen, as PNG."""
        return base64.b64decode(
            self.ask("browsingContext.captureScreenshot", context=self._tab)["data"]
        )

    def complaints(self):
        """What the console says."""
        return [each["params"]["text"] for each in self._events
                if each.get("method") == "log.entryAdded"]  # fmt: skip

    def requests(self):
        """Every address that was asked for."""
        return [each["params"]["request"]["url"] for each in self._events
                if each.get("method") == "network.beforeRequestSent"]  # fmt: skip


@contextmanager
def firefox(folder):
    """A browser with an empty profile; the test is skipped where it is not."""
    program = next(filter(None, map(shutil.which, ("firefox", "firefox-esr"))), None)
    if program is None:
        pytest.skip("needs the program firefox")
    profile = folder / "firefox"
    profile.mkdir()
    lines = (f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in _PREFERENCES.items())
    (profile / "user.js").write_text("".join(lines))
    command = [program, "--headless", "--no-remote", "--profile", str(profile),
               "--remote-debugging-port", "0"]  # fmt: skip
    with (folder / "firefox.log").open("w+b") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder
        )
        try:
            driven = Firefox(_address(process, folder / "firefox.log"))
            yield driven
            driven.close()
        finally:
            process.terminate()
            process.wait(_WAIT_S)


def _address(process, log):
    end = time.monotonic() + _WAIT_S
    while time.monotonic() < end and process.poll() is None:
        found = _LISTENS.search(log.read_text(errors="replace"))
        if found:
            return found[1]
        time.sleep(0.1)
    pytest.skip("Firefox does not start here")
