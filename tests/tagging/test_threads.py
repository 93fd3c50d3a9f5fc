"""Work shared out among threads, and what is done where there are none."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from overlay.media.source import open_source
from overlay.scoring.score import score
from overlay.settings import Settings, TaggingSettings
from overlay.tagging.engines.threads import blas_threads, in_threads
from overlay.track import ScoreBlock


def test_answers_come_in_the_order_of_the_items():
    answers = in_threads(lambda n: np.array([n]), range(20), 4)
    assert [int(each[0]) for each in answers] == list(range(20))


_NO_SHARED_MEMORY = """
import resource
import numpy as np
from threadpoolctl import threadpool_info

from overlay.media.source import open_source
from overlay.scoring.score import score
from overlay.settings import Settings, TaggingSettings
from overlay.tagging.engines.threads import blas_threads, in_threads
from overlay.track import ScoreBlock
resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))
assert len(in_threads(lambda n: np.array([n]), range(3), 2)) == 3
"""


@pytest.mark.skipif(sys.platform != "linux", reason="locks lie in files of limited size there")
def test_without_room_for_locks_one_thread_does_it():
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", _NO_SHARED_MEMORY], cwd=root, check=True)


def n_blas_threads():
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


def test_matrix_products_take_so_many_threads_and_then_as_many_as_before():
    with blas_threads(3):
        with blas_threads(1):
            assert n_blas_threads() == {1}
        assert n_blas_threads() == {3}


class Looking:
    """A tagger that looks how many threads it has."""

    name, labels, sample_rate, model_hash = "looking", ("sound",), 16000, ""

    def __init__(self):
        self.seen = set()

    def listen(self, sound, windows):
        for _ in sound:
            self.seen |= n_blas_threads()
        yield ScoreBlock(np.array([0.5]), np.zeros((1, 1), np.float32), 1.0)

    def rows(self, windows):
        return windows.rows


@pytest.mark.parametrize(("threads", "expected"), [(0, 1), (1, 1), (3, 3)])
def test_scoring_takes_the_threads_that_it_was_given_and_else_one(make_clip, threads, expected):
    clip = make_clip("for-threads.wav", "-f", "lavfi", "-i", "sine=d=1")
    settings, tagger = Settings(TaggingSettings(threads=threads, cache=False)), Looking()
    with blas_threads(2):
        score(open_source(clip), tagger, settings)
        assert n_blas_threads() == {2}
    assert tagger.seen == {expected}
