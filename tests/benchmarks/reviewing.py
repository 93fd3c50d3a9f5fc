"""How much work a review is: keys and time a verdict, and a page of three hours.

    python tests/benchmarks/reviewing.py esc     the 30 clips of ../shared/audio/esc_dev are judged
                                                 in Chromium by a script that knows the labels
                                                 (what is learnt of it: ``learning.py``)
    python tests/benchmarks/reviewing.py long    a page of 3 hours and 5,000 events

Seconds of the program are CPU seconds; milliseconds of the page are the browser's clock, so the
machine should be idle.
"""

import csv
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from browsing import chromium, forget, fresh
from conftest import SHARED
from judging import HEARD, SETTINGS, heard

import overlay
from overlay.media.process import ffmpeg_program
from overlay.media.source import open_source
from overlay.products.review import Review
from overlay.reporting import SILENT
from overlay.resources import resource
from overlay.settings import Settings

_TIMING = """
window.costs = [];
addEventListener("keydown", () => { window.begun = performance.now(); }, true);
addEventListener("keydown", () => {
  const cost = [performance.now() - begun];
  costs.push(cost);
  requestAnimationFrame(() => setTimeout(() => cost.push(performance.now() - begun)));
});
"""
_N_EVENTS, _LENGTH_S = 5000, 10_800


def main():
    """Run one of the parts."""
    with TemporaryDirectory() as folder:
        {"esc": _esc, "long": _long}[sys.argv[1]](Path(folder))


# The clips of ESC-50


def _esc(folder):
    table = list(csv.DictReader((SHARED / "audio/esc_dev/labels.csv").open(encoding="utf-8")))
    costs, n_keys, judging_s = [], 0, 0.0
    with chromium(folder) as browser:
        for number, row in enumerate(table):
            clip = SHARED / "audio/esc_dev" / row["file"]
            track = overlay.tag(clip, model="mn04")
            page = overlay.review(clip, folder / f"{number}.html", track=track)
            begun = time.monotonic()
            cost, keys = _judged(browser, page, _names(row))
            judging_s += time.monotonic() - begun
            costs += cost
            n_keys += keys
    _say_costs(costs, n_keys, judging_s)


def _names(row):
    return set(f"{row['strict_labels']};{row['lenient_extra_labels']}".split(";"))


def _judged(browser, page, names):
    """What each key of a reviewer who knows the labels cost, and how many there were."""
    forget(browser, page.as_uri())
    browser.get(page.as_uri())
    browser.execute_script(_TIMING)
    n_keys = 0
    while browser.execute_script("return document.querySelector('.row:not(.right):not(.wrong)')"):
        label = browser.execute_script("return document.getElementById('event-name').textContent")
        key = "a" if label in names else "x"
        browser.switch_to.active_element.send_keys(key)
        browser.execute_async_script("requestAnimationFrame(() => setTimeout(arguments[0], 5))")
        n_keys += 1
    return browser.execute_script("return costs"), n_keys


def _say_costs(costs, n_keys, seconds):
    handled, shown = zip(*costs, strict=True)
    print(f"{n_keys} keys, {len(costs)} verdicts: {n_keys / len(costs):.2f} keys a verdict")
    print(f"ms a verdict: handled {_spread(handled)}, shown {_spread(shown)}")
    print(f"{seconds:.0f} s for all clips, loading pages and driving the browser included")


def _spread(values):
    ordered = sorted(values)
    return f"{statistics.median(ordered):.1f} (95 %: {ordered[int(0.95 * len(ordered))]:.1f})"


# Three hours


def _long(folder):
    video = folder / "long.mp4"
    loops = str(_LENGTH_S // 40)
    sample = str(resource("samples", "sounds.mp4"))
    command = [ffmpeg_program(), "-v", "error", "-stream_loop", loops, "-i", sample]
    subprocess.run([*command, "-c", "copy", "-t", str(_LENGTH_S), str(video)], check=True)
    settings = replace(Settings(), events=SETTINGS.events)
    settings = replace(settings, panel=replace(settings.panel, smoothing="none"))
    plan = Review().plan(open_source(video), settings, folder / "long.html", SILENT)
    track = _busy()
    begun = _cpu_s()
    made = plan.write(track, SILENT)
    print(f"{made.content}: {made.path.stat().st_size / 1e6:.2f} MB, made in "
          f"{_cpu_s() - begun:.1f} CPU seconds")  # fmt: skip
    with chromium(folder, size=(1440, 900)) as browser:
        person = fresh(browser, made.path.as_uri())
        paints = []
        for _ in range(5):
            person.open()
            paints.append(person.js(
                "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            ))  # fmt: skip
        print(f"first paint {min(paints):.0f} to {max(paints):.0f} ms")
        browser.execute_script(_TIMING)
        person.press(*"axu" * 20)
        handled, shown = zip(*person.js("costs"), strict=True)
        print(f"ms a verdict: handled {_spread(handled)}, shown {_spread(shown)}")
        frames = browser.execute_async_script(_SCROLLING)
        print(f"ms a frame while scrolling: {_spread(frames)}")


_SCROLLING = """
const list = document.getElementById("list"), times = [], done = arguments[0];
let last = performance.now();
requestAnimationFrame(function step(now) {
  times.push(now - last);
  last = now;
  list.scrollTop += 180;
  if (times.length < 200) requestAnimationFrame(step); else done(times);
});
"""


def _busy():
    """A track of 5,000 events of some twenty labels."""
    chance = np.random.default_rng(2)
    labels = [
        *sorted({label for label, *_ in HEARD}), "Music", "Bird", "Car", "Applause", "Laughter",
        "Door", "Guitar", "Wind", "Cat", "Engine", "Typing", "Water", "Thunder", "Cough", "Train",
        "Bell", "Hammer",
    ]  # fmt: skip
    events = []
    for onset_s in np.linspace(0, _LENGTH_S - 3, _N_EVENTS):
        begin_s = float(onset_s) + chance.random()
        label = labels[chance.integers(len(labels))]
        events.append(
            (label, begin_s, begin_s + 0.4 + chance.random(), 0.2 + 0.75 * chance.random())
        )
    return heard(events, float(_LENGTH_S))


def _cpu_s():
    import resource as usage

    own, others = usage.getrusage(usage.RUSAGE_SELF), usage.getrusage(usage.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


if __name__ == "__main__":
    main()
