"""What the origin of a training clip tells: its recording, and the classes of ESC-50's clips.

Clips are held back for validation by repository, and those of ESC-50, which several repositories
have copies of, by recording: all cuts of one recording stay on the same side.

Source:
    Piczak, "ESC: Dataset for Environmental Sound Classification", ACM MM 2015; which AudioSet
    classes are right for one of its classes is our own judgement.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

from overlay.training.sound_bank import Clip

_RECORDING = re.compile(r"(?:^|/)([1-5]-\d+)-[A-Z](?:-(\d+))?\.\w+$")
_FOLDER = re.compile(r"(?:^|/)(\d)(\d\d) - ([^/]+)/")
_ESC_10 = {
    "Dog bark": 0, "Rooster": 1, "Rain": 10, "Sea waves": 11, "Fire crackling": 12, "Baby cry": 20,
    "Person sneeze": 21, "Clock tick": 38, "Helicopter": 40, "Chainsaw": 41,
}  # fmt: skip
_ESC_50 = (
    "Dog;Bark;Bow-wow;Yip;Howl;Growling;Whimper (dog)",
    "Crowing, cock-a-doodle-doo;Chicken, rooster",
    "Oink;Pig",
    "Moo;Cattle, bovinae",
    "Frog;Croak",
    "Meow;Cat;Caterwaul;Purr;Hiss",
    "Cluck;Chicken, rooster",
    "Insect;Fly, housefly;Mosquito;Bee, wasp, etc.;Buzz;Cricket",
    "Bleat;Sheep;Goat",
    "Caw;Crow",
    "Rain;Raindrop;Rain on surface",
    "Waves, surf;Ocean",
    "Crackle;Fire",
    "Cricket;Insect",
    "Chirp, tweet;Bird;Bird vocalization, bird call, bird song",
    "Drip;Raindrop;Trickle, dribble",
    "Wind;Wind noise (microphone);Rustling leaves",
    "Pour;Fill (with liquid);Liquid;Gurgling;Trickle, dribble",
    "Toilet flush",
    "Thunder;Thunderstorm",
    "Baby cry, infant cry;Crying, sobbing",
    "Sneeze",
    "Clapping;Applause;Hands",
    "Breathing;Gasp;Pant;Wheeze",
    "Cough;Throat clearing",
    "Walk, footsteps;Run;Shuffle",
    "Laughter;Chuckle, chortle;Giggle;Snicker;Belly laugh;Baby laughter",
    "Toothbrush;Electric toothbrush",
    "Snoring;Snort",
    "",  # drinking and sipping: no class of AudioSet says it
    "Knock;Tap;Door",
    "",  # a click of a computer's mouse
    "Computer keyboard;Typing;Typewriter",
    "Creak;Squeak;Door",
    "",  # a can that is opened
    "",  # a washing machine
    "Vacuum cleaner",
    "Alarm clock;Alarm;Beep, bleep;Buzzer",
    "Tick-tock;Tick;Clock",
    "Shatter;Breaking;Glass;Smash, crash",
    "Helicopter",
    "Chainsaw;Light engine (high frequency)",
    "Siren;Police car (siren);Ambulance (siren);Emergency vehicle;"
    "Fire engine, fire truck (siren);Civil defense siren",
    "Vehicle horn, car horn, honking;Toot;Air horn, truck horn;Car",
    "Engine;Idling;Engine starting;Medium engine (mid frequency);Light engine (high frequency);"
    "Heavy engine (low frequency);Accelerating, revving, vroom;Motorcycle;Car;Truck;"
    "Engine knocking",
    "Train;Rail transport;Railroad car, train wagon;Train horn;Train whistle;"
    "Train wheels squealing",
    "Church bell;Bell;Change ringing (campanology)",
    "Aircraft;Fixed-wing aircraft, airplane;Jet engine;Aircraft engine;Propeller, airscrew",
    "Fireworks;Firecracker;Explosion;Burst, pop;Boom",
    "Sawing;Filing (rasp);Sanding;Tools",
)
_HELD_BACK_OF = 12
"""One in so many repositories, and recordings of ESC-50, is held back."""


def recording(clip: Clip) -> str | None:
    """ESC-50's fold and number of the recording a clip was cut from, as ``4-161127``."""
    found = _RECORDING.search(clip.origin)
    return found[1] if found else None


def true_classes(clip: Clip) -> tuple[str, ...]:
    """AudioSet names that are right for a clip of ESC-50; none for others."""
    found, folder = _RECORDING.search(clip.origin), _FOLDER.search(clip.origin)
    if not found:
        return ()
    if found[2]:
        number = int(found[2])
    elif folder and folder[1] == "0":
        number = _ESC_10.get(folder[3], -1)
    elif folder and folder[1] in "12345":
        number = 10 * (int(folder[1]) - 1) + int(folder[2]) - 1
    else:
        return ()
    names = _ESC_50[number] if 0 <= number < len(_ESC_50) else ""
    return tuple(names.split(";")) if names else ()


def held_back(clips: Sequence[Clip]) -> list[bool]:
    """Which clips are for validation."""
    return [held_back_key(recording(clip) or clip.repository) for clip in clips]


def held_back_key(key: str) -> bool:
    """Whether a recording, or a repository, is for validation."""
    return zlib.crc32(key.encode()) % _HELD_BACK_OF == 0
