"""Which engine runs a network here and now."""

from __future__ import annotations

from overlay.tagging.engines.base import Engine, Job
from overlay.tagging.engines.paddle import PaddleEngine, choose_device
from overlay.tagging.engines.shared_windows import SharedEngine


def engine_for(job: Job) -> Engine:
    """The fastest engine that can do a job.

    Raises:
        DeviceUnavailable: The device is not there.
        TaggerError: Paddle is needed and not installed.
    """
    if choose_device(job.device) == "gpu":
        return PaddleEngine(job, "gpu")
    if job.spec.shares and job.front_end_name == "own":
        return SharedEngine(job, PaddleEngine(job, "cpu"))
    return PaddleEngine(job, "cpu")
