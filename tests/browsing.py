"""A real browser, driven by Selenium, that can reach nothing but what a test gives it."""

import functools
import json
import os
import shutil
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--mute-audio",
    "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip


def programs():
    """Chromium and its driver; the test is skipped, with the reason, where they are not."""
    pytest.importorskip("selenium", reason="needs Selenium: the extra 'test'")
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    driver = shutil.which("chromedriver")
    if not (browser and driver):
        pytest.skip("needs the programs chromium and chromedriver")
    return browser, driver


@contextmanager
def chromium(folder, *, size=(1280, 800), language="en-US", scheme="dark"):
    """A browser with an empty profile.

    Args:
        folder: For its profile and downloads.
        size: Of the window, pixels.
        language: Of the browser.
        scheme: What the system prefers, ``dark`` or ``light``.
    """
    browser, driver = programs()
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    profile = f"--user-data-dir={folder / 'profile'}"
    for flag in (*FLAGS, profile, f"--lang={language}", f"--window-size={size[0]},{size[1]}"):
        options.add_argument(flag)
    options.add_experimental_option(
        "prefs", {"download.default_directory": str(folder), "intl.accept_languages": language}
    )
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    os.environ["SE_AVOID_STATS"] = "true"  # the driver's own tool would report its use
    service = Service(driver, log_output=str(folder / "driver.log"))
    chrome = webdriver.Chrome(options=options, service=service)
    try:
        chrome.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )
        chrome.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size[0] < 500},
        )
        chrome.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": size[0] < 500})
        yield chrome
    finally:
        chrome.quit()


class Reviewer:
    """What a person does with a page, and what they see."""

    def __init__(self, browser, address):
        from selenium.webdriver.support.ui import WebDriverWait

        self.browser, self.address = browser, address
        self.wait = WebDriverWait(browser, 60, poll_frequency=0.05)
        self.open()

    def open(self):
        """Load the page, or load it again."""
        self.browser.get(self.address)
        self.until("document.querySelector('#rows .row')")
        self.settle()

    def js(self, expression, *arguments):
        """The value of an expression."""
        return self.browser.execute_script(f"return {expression}", *arguments)

    def until(self, expression, *arguments):
        """Wait for an expression to be true."""
        return self.wait.until(lambda _: self.js(expression, *arguments), expression)

    def press(self, *keys):
        """Press keys as a keyboard does."""
        from selenium.webdriver import ActionChains

        ActionChains(self.browser).send_keys(*keys).perform()
        self.settle()

    def settle(self):
        """Wait until what has changed is drawn."""
        self.browser.execute_async_script(
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(done))"
        )

    def element(self, css):
        """An element."""
        from selenium.webdriver.common.by import By

        return self.browser.find_element(By.CSS_SELECTOR, css)

    def click(self, css):
        """Click on what a person could click on."""
        self.element(css).click()
        self.settle()

    def text(self, css):
        """What is read there."""
        return self.js("document.querySelector(arguments[0]).textContent.trim()", css)

    def texts(self, css):
        """What is read in each of some elements."""
        return self.js(
            "[...document.querySelectorAll(arguments[0])].map((each) => each.textContent)", css
        )

    def until_says(self, css, words):
        """Wait until an element holds some words."""
        found = "document.querySelector(arguments[0]).textContent.includes(arguments[1])"
        self.until(found, css, words)

    def entries(self):
        """Everything that the browser keeps, in order."""
        stored = self.js(
            "Object.entries(localStorage).filter(([k]) => k.startsWith('tag-overlay/'))"
            ".map(([, v]) => v)"
        )
        return sorted(map(json.loads, stored), key=lambda entry: (entry["at"], entry["id"]))

    def complaints(self):
        """What the browser's console says."""
        return [f"{each['level']} {each['message']}" for each in self.browser.get_log("browser")]

    def requests(self):
        """Every address that was asked for since the last time."""
        messages = (json.loads(each["message"]) for each in self.browser.get_log("performance"))
        sent = [m["message"] for m in messages]
        return [m["params"]["request"]["url"] for m in sent
                if m["method"] == "Network.requestWillBeSent"]  # fmt: skip


def fresh(browser, address):
    """A reviewer of a page of which the browser knows nothing yet."""
    forget(browser, address)
    browser.get_log("browser")
    browser.get_log("performance")
    return Reviewer(browser, address)


def forget(browser, address):
    """Let a browser know nothing of a page any more.

    The page itself must be gone before: what it clears may arrive after what the next one stores.
    """
    browser.get("about:blank")
    place = urlsplit(address)
    browser.execute_cdp_cmd(
        "Storage.clearDataForOrigin",
        {"origin": f"{place.scheme}://{place.netloc}", "storageTypes": "local_storage"},
    )


@functools.cache
def axe_script():
    """The source of axe-core, from ``AXE_CORE`` or a ``node_modules``; else skipped."""
    from pathlib import Path

    named = os.environ.get("AXE_CORE")
    places = [Path(named)] if named else []
    places += [p / "node_modules/axe-core/axe.min.js" for p in (Path.cwd(), Path.home())]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        pytest.skip("needs axe-core: npm install axe-core, or AXE_CORE=…/axe.min.js")
    return found.read_text(encoding="utf-8")
