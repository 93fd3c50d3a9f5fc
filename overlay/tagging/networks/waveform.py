"""EfficientAT's mel features inside the network: waveform in, scores out, for other programs."""

from __future__ import annotations

import numpy as np
import paddle
from paddle import Tensor, nn
from paddle.nn import functional

from overlay.tagging.frontends import FRAME_LENGTH, N_FFT, mel_of_efficientat


class OnWaveforms(nn.Layer):
    """A network on mel features, with its front end in front of it.

    Frames are cut and transformed by one convolution with the window's cosines and sines.

    Args:
        network: Mel features in, ``[batch, 1, 128, n_frames]``, scores out.
    """

    def __init__(self, network: nn.Layer) -> None:
        super().__init__()
        self.network = network
        window, bands = mel_of_efficientat()
        angles = 2 * np.pi * np.outer(np.arange(N_FFT // 2 + 1), np.arange(N_FFT)) / N_FFT
        waves = np.concatenate([np.cos(angles), np.sin(angles)]) * window
        self.register_buffer("waves", paddle.to_tensor(waves[:, None].astype(np.float32)))
        self.register_buffer("bands", paddle.to_tensor(bands.T.astype(np.float32)))

    def forward(self, waveforms: Tensor) -> Tensor:
        """From ``[batch, n_samples]`` at 32 kHz to scores in [0, 1], ``[batch, n_classes]``."""
        x = waveforms[:, 1:] - 0.97 * waveforms[:, :-1]
        x = functional.pad(
            x.unsqueeze(1), [N_FFT // 2, N_FFT // 2], mode="reflect", data_format="NCL"
        )
        spectrum = functional.conv1d(x, self.waves, stride=FRAME_LENGTH)
        n_bins = N_FFT // 2 + 1
        power = spectrum[:, :n_bins] ** 2 + spectrum[:, n_bins:] ** 2
        mel = paddle.matmul(power.transpose([0, 2, 1]), self.bands).transpose([0, 2, 1])
        return self.network(((paddle.log(mel + 1e-5) + 4.5) / 5).unsqueeze(1))
