"""What is known of each tagger before it is loaded, one file a model: its ``Spec``."""

from overlay.tagging.models import builtin, mn04, panns
from overlay.tagging.spec import Spec

SPECS: dict[str, Spec] = {spec.name: spec for spec in (builtin.SPEC, mn04.SPEC, *panns.SPECS)}
"""All models by name."""
