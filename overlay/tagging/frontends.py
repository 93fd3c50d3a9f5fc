"""Waveform to mel features, each frame once although windows overlap."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from overlay.tagging.engines.backend import import_paddle, import_paddleaudio

Signal = npt.NDArray[np.float32]
"""``[n_samples]``, or ``[n_windows, window_length]``."""

SAMPLE_RATE = 32000
N_FFT = 1024
"""Samples in a frame."""
_HALF = N_FFT // 2
FRAME_LENGTH = 320
"""Samples between two frames: 10 ms."""


class FrontEnd(Protocol):
    """Turns windows of sound into what a network takes.

    To add one, implement this and name it in the registry's spec of its tagger; ``shared`` must
    equal ``features`` of the same windows, which a test checks for every front end.
    """

    def features(self, windows: Signal) -> Signal:
        """From ``[n_windows, window_length]`` at 32 kHz to ``[n_windows, 1, ...]``."""
        ...

    def shared(self, segment: Signal, window_length: int, hop_length: int) -> Signal:
        """The same for all whole windows of ``segment`` that start every ``hop_length``."""
        ...


class _SpectralFrontEnd:
    """Centred, reflect-padded power spectra through mel bands; subclasses say which.

    A frame that lies inside its window does not depend on where the window begins, so windows that
    start on the frame grid share it; only the few frames that touch the padding are their own.
    """

    def __init__(self, window: Signal, bands: Signal) -> None:
        self._window = window
        self._bands = np.ascontiguousarray(bands.T)

    def features(self, windows: Signal) -> Signal:
        """From ``[n_windows, window_length]`` to ``[n_windows, 1, ...]``."""
        signals = self._prepared(windows)
        return self._arranged(self._mel(_padded_frames(signals)))

    def shared(self, segment: Signal, window_length: int, hop_length: int) -> Signal:
        """The same for all whole windows of a segment, with frames computed once."""
        parts = self.parts(segment, window_length, hop_length)
        if parts is None:
            windows = np.lib.stride_tricks.sliding_window_view(segment, window_length)
            return self.features(windows[::hop_length])
        body, heads, tails = parts
        step = hop_length // FRAME_LENGTH
        n_inner = len(body) - (len(heads) - 1) * step
        pieces = [body[i * step : i * step + n_inner] for i in range(len(heads))]
        return self._arranged(np.concatenate([heads, np.stack(pieces), tails], axis=1))

    def parts(
        self, segment: Signal, window_length: int, hop_length: int
    ) -> tuple[Signal, Signal, Signal] | None:
        """Mel of the frames that windows share, and of those that each has for itself.

        Returns:
            Body ``[n_frames, n_bands]``, heads and tails ``[n_windows, few, n_bands]``: window i is
            its head, the body from frame ``i hop_length / 320`` on, and its tail. ``None`` where
            windows share nothing.
        """
        windows = np.lib.stride_tricks.sliding_window_view(segment, window_length)[::hop_length]
        if hop_length % FRAME_LENGTH or len(windows) < 2:
            return None
        signals = self._prepared(windows)
        length = signals.shape[1]
        first, last = -(-_HALF // FRAME_LENGTH), (length - _HALF) // FRAME_LENGTH
        if last < first:
            return None
        body = self._mel(_inner_frames(self._prepared(segment[None])[0], first))
        n_frames = (len(windows) - 1) * hop_length // FRAME_LENGTH + last - first + 1
        heads, tails = self._edges(signals, first, last)
        return body[:n_frames], heads, tails

    def _edges(self, signals: Signal, first: int, last: int) -> tuple[Signal, Signal]:
        """Mel of the frames that touch the padding: those before ``first`` and after ``last``."""
        head = signals[:, : first * FRAME_LENGTH + _HALF]
        begin = (last + 1) * FRAME_LENGTH - _HALF
        tail = np.pad(signals[:, begin:], ((0, 0), (0, _HALF)), mode="reflect")
        before = np.pad(head, ((0, 0), (_HALF, 0)), mode="reflect")
        return self._mel(_frames(before)[:, :first]), self._mel(_frames(tail))

    def power(self, windows: Signal) -> Signal:
        """Mel power before it is compressed, ``[n_windows, n_frames, n_bands]``: it adds up."""
        return self._power(_padded_frames(self._prepared(windows)))

    def _power(self, frames: Signal) -> Signal:
        return _mel_power(frames, self._window, self._bands)

    def _mel(self, frames: Signal) -> Signal:
        return self._compressed(self._power(frames))

    def _prepared(self, windows: Signal) -> Signal:
        return windows

    def _compressed(self, mel: Signal) -> Signal:
        raise NotImplementedError

    def _arranged(self, mel: Signal) -> Signal:
        raise NotImplementedError


def _frames(signals: Signal) -> Signal:
    views = np.lib.stride_tricks.sliding_window_view(signals, N_FFT, axis=-1)
    frames: Signal = views[..., ::FRAME_LENGTH, :]
    return frames


def _padded_frames(signals: Signal) -> Signal:
    return _frames(np.pad(signals, ((0, 0), (_HALF, _HALF)), mode="reflect"))


def _inner_frames(signal: Signal, first: int) -> Signal:
    return _frames(signal[first * FRAME_LENGTH - _HALF :])


class PannsFrontEnd(_SpectralFrontEnd):
    """The log-mel that PANNs were trained on, ``[n_windows, 1, n_frames, 64]``, dB.

    n_fft 1024, hop 320, periodic Hann, centred with reflect padding, power spectrum, 64 Slaney mel
    bands from 50 to 14000 Hz with Slaney norm, 10 log10(max(x, 1e-10)).
    """

    def __init__(self) -> None:
        window = np.hanning(N_FFT + 1)[:-1].astype(np.float32)
        super().__init__(window, _slaney_bands(64, 50.0, 14000.0))

    def _compressed(self, mel: Signal) -> Signal:
        logmel: Signal = 10 * np.log10(np.maximum(mel, np.float32(1e-10)))
        return logmel

    def _arranged(self, mel: Signal) -> Signal:
        return mel[:, None]


class PaddleAudioFrontEnd:
    """The same log-mel by PaddleAudio's own layer, every window for itself.

    Raises:
        TaggerError: PaddleAudio is not installed.
    """

    def __init__(self) -> None:
        layers = import_paddleaudio()
        self._paddle = import_paddle()
        self._layer = layers.LogMelSpectrogram(
            sr=SAMPLE_RATE, n_fft=N_FFT, hop_length=FRAME_LENGTH, window="hann", n_mels=64,
            f_min=50.0, f_max=14000.0,
        )  # fmt: skip

    def features(self, windows: Signal) -> Signal:
        """From ``[n_windows, window_length]`` to ``[n_windows, 1, n_frames, 64]``, dB."""
        with self._paddle.no_grad():
            mel = self._layer(self._paddle.to_tensor(np.ascontiguousarray(windows)))
        logmel: Signal = mel.numpy().transpose(0, 2, 1)[:, None]
        return logmel

    def shared(self, segment: Signal, window_length: int, hop_length: int) -> Signal:
        """The same for all whole windows of a segment."""
        windows = np.lib.stride_tricks.sliding_window_view(segment, window_length)
        return self.features(windows[::hop_length])


class MelFrontEnd(_SpectralFrontEnd):
    """The mel features of EfficientAT's taggers, ``[n_windows, 1, 128, n_frames]``.

    Pre-emphasis 0.97, n_fft 1024, window 800 (symmetric Hann), hop 320, centred with reflect
    padding, power spectrum, 128 Kaldi mel bands from 0 to 15000 Hz, (ln(x + 1e-5) + 4.5) / 5.
    """

    def __init__(self) -> None:
        super().__init__(*mel_of_efficientat())

    def _prepared(self, windows: Signal) -> Signal:
        return windows[:, 1:] - np.float32(0.97) * windows[:, :-1]

    def _compressed(self, mel: Signal) -> Signal:
        compressed: Signal = (np.log(mel + np.float32(1e-5)) + np.float32(4.5)) / np.float32(5)
        return compressed

    def _arranged(self, mel: Signal) -> Signal:
        return np.ascontiguousarray(mel.transpose(0, 2, 1))[:, None]


class MelStream:
    """The frames of ``MelFrontEnd`` as the sound comes: each once, whoever listens to them.

    What comes of all blocks and of ``end`` equals ``features`` of the whole sound; one that is
    shorter than ``LEAST_SAMPLES`` is padded with silence.
    """

    RATE = SAMPLE_RATE // FRAME_LENGTH
    """Frames a second."""
    LEAST_SAMPLES = 2048

    def __init__(self, front_end: MelFrontEnd) -> None:
        self._front_end = front_end
        self._samples = np.zeros(0, np.float32)
        self._signal: Signal | None = None
        self.blank: Signal = self._mel(np.zeros(N_FFT, np.float32))[0]
        """The frame of silence, ``[n_bands]``."""

    def push(self, samples: Signal) -> Signal:
        """Take some samples; the frames that are known now, ``[n_frames, n_bands]``."""
        self._samples = np.concatenate([self._samples, samples])
        if self._signal is None and len(self._samples) < self.LEAST_SAMPLES:
            return self.blank[None][:0]
        signal = self._front_end._prepared(self._samples[None])[0]
        self._samples = self._samples[-1:]
        if self._signal is None:
            signal = np.pad(signal, (_HALF, 0), mode="reflect")
        else:
            signal = np.concatenate([self._signal, signal])
        return self._cut(signal)

    def end(self) -> Signal:
        """The frames that are left when there is no more sound."""
        missing = 0 if self._signal is not None else self.LEAST_SAMPLES - len(self._samples)
        known = self.push(np.zeros(missing, np.float32))
        assert self._signal is not None
        last = self._cut(np.pad(self._signal, (0, _HALF), mode="reflect"))
        return np.concatenate([known, last])

    def _cut(self, signal: Signal) -> Signal:
        """Frames of what there is; what the next one needs is kept."""
        n_frames = max(0, (len(signal) - N_FFT) // FRAME_LENGTH + 1)
        self._signal = signal[n_frames * FRAME_LENGTH :]
        return self._mel(signal) if n_frames else self.blank[None][:0]

    def _mel(self, signal: Signal) -> Signal:
        return self._front_end._mel(_frames(signal))


def mel_of_efficientat() -> tuple[Signal, Signal]:
    """Window, ``[1024]``, and mel bands, ``[128, 513]``, of EfficientAT's taggers."""
    window = np.zeros(N_FFT, np.float32)
    window[112:912] = np.hanning(800)
    return window, _kaldi_bands(128, 0.0, 15000.0)


class FrameMelFrontEnd:
    """The mel features of PretrainedSED's frame_mn taggers, ``[n_windows, 1, 128, n_frames]``.

    At 16 kHz: pre-emphasis 0.97 (one sample shorter), n_fft 512, window 400 (symmetric Hann), hop
    160, centred with reflect padding, power spectrum, 128 Kaldi mel bands from 0 to 7000 Hz,
    (ln(max(x, 1e-7)) + 4.5) / 5.

        n_frames = 1 + (n_samples - 2) // 160
    """

    _N_FFT, _HOP = 512, 160

    def __init__(self) -> None:
        self._window = np.zeros(self._N_FFT, np.float32)
        self._window[56:456] = np.hanning(400)
        self._bands = np.ascontiguousarray(_kaldi_bands(128, 0.0, 7000.0, 16000, self._N_FFT).T)

    def features(self, windows: Signal) -> Signal:
        """From ``[n_windows, window_length]`` at 16 kHz to ``[n_windows, 1, 128, n_frames]``."""
        signals = windows[:, 1:] - np.float32(0.97) * windows[:, :-1]
        half = self._N_FFT // 2
        signals = np.pad(signals, ((0, 0), (half, half)), mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(signals, self._N_FFT, axis=-1)
        mel = _mel_power(frames[..., :: self._HOP, :], self._window, self._bands)
        compressed = (np.log(np.maximum(mel, np.float32(1e-7))) + np.float32(4.5)) / np.float32(5)
        return np.ascontiguousarray(compressed.transpose(0, 2, 1))[:, None]

    def shared(self, segment: Signal, window_length: int, hop_length: int) -> Signal:
        """The same for all whole windows of a segment."""
        windows = np.lib.stride_tricks.sliding_window_view(segment, window_length)
        return self.features(windows[::hop_length])


def _mel_power(frames: Signal, window: Signal, bands: Signal) -> Signal:
    """Power of windowed frames, ``[..., n_fft]``, in mel bands, ``[n_bins, n_bands]``."""
    spectrum = np.fft.rfft(frames * window)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    mel: Signal = power.astype(np.float32) @ bands
    return mel


def _slaney_bands(n_bands: int, low_hz: float, high_hz: float) -> Signal:
    """Triangles of equal area, equally spaced on Slaney's scale, ``[n_bands, 513]``.

        mel(f) = 3 f / 200 up to 1000 Hz, 15 + 27 ln(f / 1000) / ln 6.4 above

    Source:
        Slaney, Auditory Toolbox, Interval Research technical report 1998-010.
    """

    def mel(hz: float) -> float:
        return 3 * hz / 200 if hz < 1000 else 15 + 27 * np.log(hz / 1000) / np.log(6.4)

    mels = np.linspace(mel(low_hz), mel(high_hz), n_bands + 2)
    edges = np.where(mels < 15, 200 * mels / 3, 1000 * 6.4 ** ((mels - 15) / 27))
    bins = np.arange(N_FFT // 2 + 1) * SAMPLE_RATE / N_FFT
    steps = np.diff(edges)[:, None]
    rising = (bins[None] - edges[:-2, None]) / steps[:-1]
    falling = (edges[2:, None] - bins[None]) / steps[1:]
    bands = np.maximum(0.0, np.minimum(rising, falling))
    bands *= 2 / (edges[2:] - edges[:-2])[:, None]
    slaney: Signal = bands.astype(np.float32)
    return slaney


def _kaldi_bands(
    n_bands: int, low_hz: float, high_hz: float, rate: int = SAMPLE_RATE, n_fft: int = N_FFT
) -> Signal:
    """Triangles that are equally spaced and straight on the mel scale, ``[n_bands, n_bins]``.

        mel(f) = 1127 ln(1 + f / 700)

    Source:
        Kaldi ``feat/mel-computations.cc``.
    """

    def mel(hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return 1127.0 * np.log(1.0 + np.asarray(hz, np.float64) / 700.0)

    edges = np.linspace(mel(low_hz), mel(high_hz), n_bands + 2)
    step = edges[1] - edges[0]
    bins = mel(np.arange(n_fft // 2 + 1) * rate / n_fft)
    rising = (bins[None] - edges[:-2, None]) / step
    falling = (edges[2:, None] - bins[None]) / step
    bands = np.maximum(0.0, np.minimum(rising, falling))
    bands[:, -1] = 0  # Kaldi leaves out the Nyquist bin
    kaldi: Signal = bands.astype(np.float32)
    return kaldi
