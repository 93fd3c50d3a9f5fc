"""Work shared out among threads, and what is done where there are none."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from overlay.tagging.engines.threads import in_threads


def test_answers_come_in_the_order_of_the_items():
    answers = in_threads(lambda n: np.array([n]), range(20), 4)
    assert [int(each[0]) for each in answers] == list(range(20))


_NO_SHARED_MEMORY = """
import resource
import numpy as np
from overlay.tagging.engines.threads import in_threads
resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))
assert len(in_threads(lambda n: np.array([n]), range(3), 2)) == 3
"""


@pytest.mark.skipif(sys.platform != "linux", reason="locks lie in files of limited size there")
def test_without_room_for_locks_one_thread_does_it():
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", _NO_SHARED_MEMORY], cwd=root, check=True)
