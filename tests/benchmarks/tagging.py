"""Scoring sound: ours against what people use today, on the same windows, outputs compared.

    python tests/benchmarks/tagging.py [--models cnn14 cnn10 cnn6 mn04 builtin]
        [--ways ours file isolated context demo torch onnxruntime openvino] [--seconds 60 600]
        [--rounds 5] [--hop 0.3]

``file`` is ours with the sound coming out of an AAC file, decoding counted; ``isolated`` and
``context`` are the other ways of ours to cut windows. ``demo`` is how
PaddleAudio's example does it: features for every window, eager Paddle, batches of 8. The others get
every window's features from our front end and differ in the network; on more than two minutes they
are left out. The PANNs have test weights.
Start-up and a warm-up are not counted.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from tagging_checkpoints import golden_weight, write_paddle
from turns import Contestant, compare, print_surroundings

from overlay.datatypes import SoundBlock
from overlay.media.audio import stream_audio, stream_sound
from overlay.media.probe import probe
from overlay.media.process import ffmpeg_program
from overlay.settings import TaggingSettings
from overlay.tagging.registry import SPECS, NetworkTagger, load_network, load_tagger
from overlay.tagging.tagger import Tagger
from overlay.tagging.track_building import score_stream
from overlay.tagging.weights.checkpoint import read_arrays
from overlay.tagging.weights.published import find
from overlay.tagging.window_plan import Windows

RATE, WINDOW_S, BATCH = 32000, 2.0, 8
_LONGEST_FOR_ALL_S = 120
SAMPLE = Path(__file__).parents[2] / "samples/sounds.mp4"
Score = Callable[[np.ndarray], np.ndarray]


def sound(seconds: float) -> np.ndarray:
    """The sample's sound, again and again."""
    once = np.concatenate(list(stream_audio(probe(SAMPLE), RATE)))
    return np.resize(once, round(seconds * RATE)).astype(np.float32)


def weights_of(model: str, folder: Path) -> str:
    """Real weights if they are here, else test weights."""
    found = find(model)
    if found is not None:
        return str(found)
    state = SPECS[model].network().state_dict()
    arrays = {key: golden_weight(key, tuple(value.shape)) for key, value in state.items()}
    return str(write_paddle(folder / f"{model}.pdparams", arrays))


def in_batches(tagger: NetworkTagger, hop_s: float, network: Score) -> Score:
    """Every window's features by our front end, the network by someone else."""
    window, hop = round(WINDOW_S * RATE), round(hop_s * RATE)

    def score(signal: np.ndarray) -> np.ndarray:
        starts = range(0, len(signal), hop)
        padded = np.pad(signal, (0, window))
        rows = []
        for first in range(0, len(starts), BATCH):
            some = starts[first : first + BATCH]
            segment = padded[some[0] : some[-1] + window]
            rows.append(network(tagger._front_end.shared(segment, window, hop)))
        return np.concatenate(rows)

    return score


def ours(tagger: Tagger, hop_s: float, way: str = "auto") -> Score:
    """The product."""
    windows = Windows(WINDOW_S, hop_s, way)
    return lambda signal: score_stream([SoundBlock(0.0, signal)], tagger, windows).scores


def isolated(tagger: Tagger, hop_s: float) -> Score:
    """The product, each window for itself."""
    return ours(tagger, hop_s, "isolated")


def context(tagger: Tagger, hop_s: float) -> Score:
    """The product, with what is around each moment, but without the built-in tagger."""
    return ours(tagger, hop_s, "context")


def demo(tagger: NetworkTagger, hop_s: float) -> Score:
    """Eager Paddle, features by the framework for each window, as in PaddleAudio's example."""
    import paddle
    from paddle.audio.features import LogMelSpectrogram

    net = tagger._built()
    layer = LogMelSpectrogram(
        sr=RATE, n_fft=1024, hop_length=320, window="hann", n_mels=64, f_min=50.0, f_max=14000.0
    )
    window, hop = round(WINDOW_S * RATE), round(hop_s * RATE)
    own = tagger.name in ("mn04", "builtin")

    def score(signal: np.ndarray) -> np.ndarray:
        padded = np.pad(signal, (0, window))
        windows = [padded[start : start + window] for start in range(0, len(signal), hop)]
        rows = []
        with paddle.no_grad():
            for first in range(0, len(windows), BATCH):
                some = np.stack(windows[first : first + BATCH])
                if own:
                    mel = paddle.to_tensor(tagger._front_end.features(some))
                else:
                    mel = layer(paddle.to_tensor(some)).transpose([0, 2, 1]).unsqueeze(1)
                rows.append(net(mel).numpy())
        return np.concatenate(rows)

    return score


def torch_net(tagger: NetworkTagger) -> Any:
    """The same network in PyTorch, with the same weights."""
    import torch
    from torch_panns import Panns

    net = Panns(tagger.name)
    arrays = read_arrays(tagger._path)
    state = {}
    for name, value in net.state_dict().items():
        key = name.replace("running_mean", "_mean").replace("running_var", "_variance")
        if key in arrays:
            array = arrays[key]
            turned = array.T if value.dim() == 2 else array
            state[name] = torch.from_numpy(np.ascontiguousarray(turned))
    net.load_state_dict(state, strict=False)
    return net.eval()


def torch_way(tagger: NetworkTagger, hop_s: float) -> Score:
    """PyTorch on the CPU, as panns_inference runs it."""
    import torch

    net = torch_net(tagger)

    def network(mel: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return net(torch.from_numpy(mel)).numpy()

    return in_batches(tagger, hop_s, network)


def onnxruntime_way(tagger: NetworkTagger, hop_s: float) -> Score:
    """Exported from PyTorch, run by ONNX Runtime."""
    import onnxruntime
    import torch

    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/net.onnx"
        mel = torch.zeros(BATCH, 1, 201, 64)
        torch.onnx.export(
            torch_net(tagger), (mel,), path, dynamo=False,
            input_names=["mel"], dynamic_axes={"mel": {0: "n"}},
        )  # fmt: skip
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return in_batches(tagger, hop_s, lambda mel: session.run(None, {"mel": mel})[0])


def openvino_way(tagger: NetworkTagger, hop_s: float) -> Score:
    """Converted from PyTorch, run by OpenVINO in fp32."""
    import openvino
    import torch

    converted = openvino.convert_model(
        torch_net(tagger), example_input=torch.zeros(BATCH, 1, 201, 64)
    )
    converted.reshape([-1, 1, 201, 64])
    compiled = openvino.compile_model(converted, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return in_batches(tagger, hop_s, lambda mel: compiled(mel)[0])


def from_file(settings: TaggingSettings, hop_s: float, seconds: float, folder: str) -> Score:
    """The product on an AAC file: decoding, mixing and resampling are counted."""
    path = Path(folder, "sound.m4a")
    raw = sound(seconds).tobytes()
    command = [ffmpeg_program(), "-v", "error", "-f", "f32le", "-ar", str(RATE), "-ac", "1", "-i",
               "-", "-ar", "48000", "-ac", "2", "-c:a", "aac", str(path)]  # fmt: skip
    subprocess.run(command, input=raw, check=True)
    tagger = load_tagger(settings)

    def score(signal: np.ndarray) -> np.ndarray:
        if len(signal) < seconds * RATE:  # the warm-up
            return ours(tagger, hop_s)(signal)
        sound = stream_sound(probe(path), RATE)
        return score_stream(sound, tagger, Windows(WINDOW_S, hop_s)).scores

    return score


WAYS = {
    "ours": ours, "isolated": isolated, "context": context, "demo": demo, "torch": torch_way,
    "onnxruntime": onnxruntime_way, "openvino": openvino_way,
}  # fmt: skip
OURS = ("ours", "isolated", "context")


def contest(args: argparse.Namespace) -> None:
    """One turn of one contestant, in a process of its own."""
    warnings.simplefilter("ignore")
    settings = TaggingSettings(model=args.models[0], weights=args.weights, device="cpu")
    seconds = args.seconds[0]
    signal = sound(seconds)
    with tempfile.TemporaryDirectory() as folder:
        if args.ways == ["file"]:
            score = from_file(settings, args.hop, seconds, folder)
        else:
            load = load_tagger if args.ways[0] in OURS else load_network
            score = WAYS[args.ways[0]](load(settings), args.hop)
        _take_turn(score, signal, args)


def _take_turn(score: Score, signal: np.ndarray, args: argparse.Namespace) -> None:
    score(signal[: 8 * RATE])
    before, start = _cpu_s(), time.perf_counter()
    scores = score(signal)
    wall_s, cpu_s = time.perf_counter() - start, _cpu_s() - before
    np.save(args.out, scores)
    print(json.dumps({"cpu_s": cpu_s, "wall_s": wall_s}))


def _cpu_s() -> float:
    """Of this process and of the ffmpeg that it started."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    """Compare the ways for each model and length."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--models", nargs="+", default=["cnn14", "cnn10", "cnn6", "mn04", "builtin"]
    )
    parser.add_argument("--ways", nargs="+", default=["ours", "file", *list(WAYS)[1:]])
    parser.add_argument("--seconds", nargs="+", type=float, default=[60, 600])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--hop", type=float, default=0.3)
    parser.add_argument("--weights")
    parser.add_argument("--out")
    args = parser.parse_args()
    if args.out:
        contest(args)
        return
    print_surroundings(["paddlepaddle", "torch", "onnxruntime", "openvino", "numpy"])
    for model in args.models:
        for seconds in args.seconds:
            with tempfile.TemporaryDirectory() as folder:
                compare_ways(model, seconds, args, Path(folder))


def compare_ways(model: str, seconds: float, args: argparse.Namespace, folder: Path) -> None:
    """One table, what the scores differ by, and our speed."""
    weights = weights_of(model, folder)
    ways = [way for way in args.ways if model.startswith("cnn") or way in (*OURS, "file", "demo")]
    if seconds > _LONGEST_FOR_ALL_S:
        ways = [way for way in ways if way in (*OURS, "file")]
    contestants = [
        Contestant(
            way,
            [sys.executable, __file__, "--models", model, "--ways", way, "--seconds", str(seconds),
             "--hop", str(args.hop), "--weights", weights, "--out", f"{folder}/{way}.npy"],
        )
        for way in ways
    ]  # fmt: skip
    compare(f"{model}, {seconds:g} s of sound", contestants, args.rounds)
    if seconds > _LONGEST_FOR_ALL_S:
        print("\nThe others are too slow to be run on this length.")
    scores = {way: np.load(p) for way in ways if (p := folder / f"{way}.npy").exists()}
    print()
    for way, rows in scores.items():
        if way not in ("file", *OURS) and "ours" in scores:  # AAC changes the sound
            difference = np.abs(rows - scores["ours"]).max()
            print(f"largest difference of {way}'s scores from ours: {difference:.1e}  ")
    for contestant in contestants:
        if contestant.name in ("ours", "file") and contestant.wall_s:
            speed = seconds / float(np.median(contestant.wall_s))
            with_decoding = ", with decoding" if contestant.name == "file" else ""
            print(f"ours{with_decoding}: {speed:.1f} times real time by wall clock  ", flush=True)


if __name__ == "__main__":
    main()
