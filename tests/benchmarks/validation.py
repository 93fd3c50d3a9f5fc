"""Clips for choosing rules and fitting maps: nothing of esc_dev is among them.

``held``: recordings of ESC-50 that the built-in tagger's training held back, each once. ``named``:
clips of other repositories whose file names say what they are, at most two a word; the built-in
tagger heard them in its training, but never their names. Neither was ever heard by ``mn04``.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from esc_training import STRICT, class_of
from screen import RATE, Clip, clip_of

from overlay.media.audio import stream_audio
from overlay.media.probe import probe
from overlay.training.recordings import held_back_key

AUDIO = Path(__file__).parents[3] / "shared/audio"
_RECORDING = re.compile(r"([1-5]-\d+)-[A-Z]")
_LEAST_S, _MOST_S = 1.2, 6
_A_WORD = 2

NAMES: dict[str, str] = {
    "dog bark woof puppy wolf_bark":
        "Dog;Bark;Bow-wow;Yip;Howl;Growling;Whimper (dog);Domestic animals, pets;Animal",
    "wolf": "Howl;Canidae, dogs, wolves;Dog;Growling;Bark;Wild animals;Animal",
    "cat meow kitten purr": "Cat;Meow;Purr;Caterwaul;Hiss;Domestic animals, pets;Animal",
    "cow moo": "Cattle, bovinae;Moo;Livestock, farm animals, working animals;Animal",
    "sheep baa goat lamb": "Sheep;Bleat;Goat;Livestock, farm animals, working animals;Animal",
    "pig oink": "Pig;Oink;Livestock, farm animals, working animals;Animal",
    "horse neigh gallop": "Horse;Neigh, whinny;Clip-clop;Animal",
    "chicken rooster hen cluck": "Chicken, rooster;Fowl;Cluck;Crowing, cock-a-doodle-doo;Animal",
    "duck quack": "Duck;Quack;Animal",
    "bird chirp tweet":
        "Bird;Chirp, tweet;Bird vocalization, bird call, bird song;Animal;Crow;Owl;"
        "Pigeon, dove",
    "crow": "Crow;Caw;Bird;Animal",
    "owl": "Owl;Hoot;Bird;Animal",
    "frog": "Frog;Croak;Animal",
    "bee fly mosquito": "Bee, wasp, etc.;Buzz;Insect;Fly, housefly;Mosquito;Animal",
    "cricket": "Cricket;Insect;Animal",
    "lion tiger roar": "Roar;Roaring cats (lions, tigers);Growling;Wild animals;Animal",
    "rain": "Rain;Rain on surface;Raindrop",
    "thunder lightning": "Thunder;Thunderstorm",
    "wind": "Wind;Wind noise (microphone);Howl (wind);Rustling leaves",
    "wave waves ocean sea beach": "Waves, surf;Ocean;Water",
    "stream river brook waterfall": "Stream;Waterfall;Water;Gurgling",
    "fire fireplace campfire": "Fire;Crackle",
    "splash": "Splash, splatter;Water;Slosh;Liquid",
    "drip drop": "Drip;Liquid;Water",
    "door": "Door;Slam;Creak;Squeak;Sliding door;Knock",
    "doorbell bell": "Bell;Doorbell;Ding-dong;Ding;Church bell;Bicycle bell;Chime;Jingle bell",
    "clock tick": "Clock;Tick;Tick-tock",
    "alarm": "Alarm;Alarm clock;Beep, bleep;Buzzer;Siren;Smoke detector, smoke alarm",
    "siren police":
        "Siren;Police car (siren);Ambulance (siren);Emergency vehicle;Civil defense siren;"
        "Fire engine, fire truck (siren);Alarm",
    "horn honk": "Vehicle horn, car horn, honking;Toot;Air horn, truck horn;Train horn;Foghorn;Car",
    "train locomotive":
        "Train;Rail transport;Railroad car, train wagon;Train whistle;Train horn;"
        "Steam whistle",
    "helicopter rotor": "Helicopter;Aircraft",
    "plane airplane jet":
        "Aircraft;Fixed-wing aircraft, airplane;Jet engine;Aircraft engine;"
        "Propeller, airscrew",
    "car engine motor truck":
        "Car;Vehicle;Engine;Motor vehicle (road);Idling;Truck;Engine starting;"
        "Medium engine (mid frequency);Heavy engine (low frequency);"
        "Light engine (high frequency);Accelerating, revving, vroom;Motorcycle",
    "chainsaw": "Chainsaw;Light engine (high frequency)",
    "saw": "Sawing;Power tool;Chainsaw;Tools",
    "drill": "Drill;Power tool;Tools",
    "hammer": "Hammer;Tools;Knock;Bang",
    "glass": "Glass;Shatter;Breaking;Chink, clink;Smash, crash",
    "explosion explode boom":
        "Explosion;Boom;Burst, pop;Artillery fire;Fireworks;Gunshot, gunfire;Eruption",
    "gun shot rifle pistol shotgun":
        "Gunshot, gunfire;Machine gun;Explosion;Cap gun;Artillery fire;Fusillade;Burst, pop",
    "firework fireworks": "Fireworks;Firecracker;Explosion",
    "footstep footsteps walk": "Walk, footsteps;Run;Shuffle",
    "laugh laughter giggle":
        "Laughter;Chuckle, chortle;Giggle;Belly laugh;Baby laughter;Snicker;Human voice",
    "cough": "Cough;Throat clearing",
    "sneeze": "Sneeze",
    "snore": "Snoring;Breathing",
    "baby cry": "Baby cry, infant cry;Crying, sobbing;Whimper",
    "scream": "Screaming;Shout;Yell",
    "clap applause": "Clapping;Applause;Hands;Crowd;Cheering",
    "cheer crowd": "Cheering;Crowd;Applause;Shout;Hubbub, speech noise, speech babble",
    "keyboard typing typewriter": "Computer keyboard;Typing;Typewriter",
    "piano": "Piano;Keyboard (musical);Electric piano;Musical instrument;Music",
    "guitar":
        "Guitar;Acoustic guitar;Electric guitar;Plucked string instrument;Strum;"
        "Musical instrument;Music;Bass guitar",
    "violin viola":
        "Violin, fiddle;Bowed string instrument;Musical instrument;Music;String section",
    "cello": "Cello;Bowed string instrument;Musical instrument;Music;Double bass",
    "flute": "Flute;Wind instrument, woodwind instrument;Musical instrument;Music",
    "trumpet trombone tuba":
        "Trumpet;Trombone;Brass instrument;Musical instrument;Music;French horn",
    "saxophone clarinet oboe bassoon":
        "Saxophone;Clarinet;Wind instrument, woodwind instrument;Musical instrument;Music",
    "kick snare drum drums hihat tom":
        "Drum;Drum kit;Snare drum;Bass drum;Percussion;Hi-hat;Cymbal;Drum machine;Rimshot;"
        "Drum roll;Music;Musical instrument",
    "cymbal crash": "Cymbal;Hi-hat;Percussion;Drum kit;Crash cymbal;Music;Smash, crash",
    "harp": "Harp;Plucked string instrument;Musical instrument;Music",
    "accordion": "Accordion;Musical instrument;Music",
    "banjo": "Banjo;Plucked string instrument;Musical instrument;Music;Guitar",
    "vacuum": "Vacuum cleaner",
    "toilet flush": "Toilet flush;Water",
    "phone ring ringtone": "Telephone;Telephone bell ringing;Ringtone;Bell",
    "whistle": "Whistle;Whistling;Steam whistle;Train whistle",
    "speech voice narrat announcer":
        "Speech;Male speech, man speaking;Female speech, woman speaking;Narration, monologue;"
        "Child speech, kid speaking;Conversation",
    "cash coin coins": "Cash register;Coin (dropping)",
    "camera shutter": "Camera;Single-lens reflex camera",
    "zip zipper": "Zipper (clothing)",
    "burp belch": "Burping, eructation",
    "fart": "Fart",
}  # fmt: skip
"""Words of file names, and the AudioSet names that are right for them."""


def held() -> list[Clip]:
    """Recordings of ESC-50 that were held back."""
    found: dict[str, Clip] = {}
    for path, row in _rows():
        match, number = _RECORDING.search(row["path"]), class_of(row["path"])
        if match and number is not None and match[1] not in found and held_back_key(match[1]):
            sound = _sound(path)
            if len(sound) > RATE // 2:
                found[match[1]] = clip_of(path.name, STRICT[number].split(";"), sound)
    return list(found.values())


def named() -> list[Clip]:
    """Clips that just one of the words tells of, one a repository and word."""
    clips, seen, counts = [], set(), Counter[str]()
    for path, row in _rows():
        is_esc = "ESC" in row["source_repo"] or "baby_cry" in row["source_repo"]
        if is_esc or _RECORDING.search(row["path"]) or float(row["seconds"]) < _LEAST_S:
            continue
        words = _words(row["path"])
        told = [key for key in NAMES if words & set(key.split())]
        if len(told) != 1 or counts[told[0]] >= _A_WORD or (told[0], row["source_repo"]) in seen:
            continue
        counts[told[0]] += 1
        seen.add((told[0], row["source_repo"]))
        sound = _sound(path)[: _MOST_S * RATE]
        clips.append(clip_of(path.name, NAMES[told[0]].split(";"), sound))
    return clips


def _rows() -> Iterator[tuple[Path, dict[str, str]]]:
    for folder in ("train2", "train"):
        with (AUDIO / folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                yield AUDIO / folder / row["file"], row


def _words(path: str) -> set[str]:
    """Words of a file's name and its folder's; "CamelCase" is two."""
    first = Path(re.split(r";| @| \(\+", path)[0])
    text = re.sub(r"([a-z])([A-Z])", r"\1 \2", f"{first.parent.name} {first.stem}")
    return set(re.split(r"[^a-z]+", text.lower()))


def _sound(path: Path) -> np.ndarray:
    return np.concatenate(list(stream_audio(probe(path), RATE)))


SETS = {"held": held, "named": named}
