"""Clips of ../shared/audio/train and train2 whose class their ESC-50 names tell.

For choosing rules and fitting maps: nothing of esc_dev is in them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from screen import RATE, Clip, clip_of

from overlay.media.audio import stream_audio
from overlay.media.probe import probe

STRICT: dict[int, str] = {
    0: "Bark;Dog;Bow-wow;Yip;Howl;Growling;Whimper (dog)",
    1: "Crowing, cock-a-doodle-doo;Chicken, rooster;Fowl",
    2: "Pig;Oink",
    3: "Moo;Cattle, bovinae",
    4: "Frog;Croak",
    5: "Meow;Cat;Caterwaul;Purr;Hiss",
    6: "Cluck;Chicken, rooster;Fowl",
    7: "Insect;Cricket;Mosquito;Fly, housefly;Buzz;Bee, wasp, etc.",
    8: "Sheep;Bleat;Goat",
    9: "Crow;Caw",
    10: "Rain;Raindrop;Rain on surface",
    11: "Waves, surf;Ocean",
    12: "Crackle;Fire",
    13: "Cricket;Insect",
    14: "Chirp, tweet;Bird;Bird vocalization, bird call, bird song",
    15: "Drip;Liquid;Raindrop",
    16: "Wind;Wind noise (microphone);Rustling leaves",
    17: "Pour;Liquid;Trickle, dribble;Fill (with liquid);Splash, splatter",
    18: "Toilet flush",
    19: "Thunder;Thunderstorm",
    20: "Baby cry, infant cry;Crying, sobbing",
    21: "Sneeze",
    22: "Clapping;Applause;Hands",
    23: "Breathing;Gasp;Snoring;Sigh;Pant",
    24: "Cough;Throat clearing",
    25: "Walk, footsteps;Run",
    26: "Laughter;Chuckle, chortle;Giggle;Belly laugh;Baby laughter;Snicker",
    27: "Toothbrush;Electric toothbrush",
    28: "Snoring;Breathing",
    29: "Gulp, swallow;Sipping;Slosh;Gurgling;Pour",
    30: "Knock;Tap;Door",
    31: "Mouse;Click;Clicking;Computer keyboard",
    32: "Computer keyboard;Typing;Typewriter",
    33: "Creak;Door;Squeak",
    34: "Pop;Cork;Crack;Hiss;Crumpling, crinkling;Crushing;Coin (dropping)",
    35: "Washing machine;Mechanisms;Engine;Vacuum cleaner;Mechanical fan;Whir",
    36: "Vacuum cleaner",
    37: "Alarm clock;Alarm;Beep, bleep;Buzzer",
    38: "Tick-tock;Tick;Clock",
    39: "Shatter;Breaking;Glass;Smash, crash",
    40: "Helicopter;Aircraft",
    41: "Chainsaw;Light engine (high frequency)",
    42: "Siren;Police car (siren);Ambulance (siren);Emergency vehicle;"
        "Fire engine, fire truck (siren);Civil defense siren",
    43: "Vehicle horn, car horn, honking;Toot;Air horn, truck horn;Car alarm",
    44: "Engine;Idling;Engine starting;Medium engine (mid frequency);Heavy engine (low frequency);"
        "Light engine (high frequency);Accelerating, revving, vroom",
    45: "Train;Rail transport;Railroad car, train wagon;Train wheels squealing;Train horn",
    46: "Church bell;Bell;Change ringing (campanology)",
    47: "Aircraft;Fixed-wing aircraft, airplane;Jet engine;Aircraft engine;"
        "Propeller, airscrew",
    48: "Fireworks;Firecracker;Explosion;Burst, pop;Boom",
    49: "Sawing;Filing (rasp);Scrape",
}  # fmt: skip
"""AudioSet names that are right for each class of ESC-50, as esc_dev's ``strict_labels``."""


_ESC_10 = (0, 10, 11, 20, 38, 21, 40, 41, 1, 12)


def class_of(path: str) -> int | None:
    """ESC-50's class by the way a repository names its files; ``None`` if none can be told."""
    if match := re.search(r"\d-\d+-[A-Z]-(\d+)\.\w+$", path):
        return int(match[1])
    if match := re.search(r"\b([1-5])(\d\d) - [^/]*/", path):
        return 10 * int(match[1]) + int(match[2]) - 11
    if match := re.search(r"\b0(\d\d) - [^/]*/", path):
        return _ESC_10[int(match[1]) - 1]
    return None


def rows(audio: Path, only: str | None = None) -> Iterator[tuple[Path, int]]:
    """Files and their ESC-50 classes; each recording once."""
    seen = set()
    for folder in ("train", "train2"):
        with (audio / folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                number, take = class_of(row["path"]), re.search(r"\d-\d+-[A-Z]", row["path"])
                if only not in (None, row["source_repo"]):
                    continue
                if "ESC" in row["source_repo"] and take and number is not None:
                    if take[0] not in seen:
                        yield audio / folder / row["file"], number
                    seen.add(take[0])


def training_clips(
    audio: Path, a_class: int, first: int = 0, only: str | None = None
) -> list[Clip]:
    """``a_class`` clips of each class, from the ``first`` on; ``only`` of one repository."""
    counts = dict.fromkeys(STRICT, -first)
    clips = []
    for path, number in rows(audio, only):
        counts[number] += 1
        if 0 < counts[number] <= a_class:
            sound = np.concatenate(list(stream_audio(probe(path), RATE)))
            if len(sound) > RATE // 2:
                clips.append(clip_of(path.name, STRICT[number].split(";"), sound))
    return clips
