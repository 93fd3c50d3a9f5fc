"""What is known of each tagger before it is loaded, one file a model: its ``Spec``."""

from overlay.tagging.models import builtin, frame_mn, mn04, panns
from overlay.tagging.spec import Spec

_ALL = (builtin.SPEC, mn04.SPEC, *panns.SPECS, *frame_mn.SPECS)
SPECS: dict[str, Spec] = {spec.name: spec for spec in _ALL}
"""All models by name."""
