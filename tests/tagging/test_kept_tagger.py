"""A tagger that is kept from one source to the next."""

from overlay.settings import TaggingSettings
from overlay.tagging.registry import KeptTagger

BUILTIN = TaggingSettings(model="builtin")


def test_a_tagger_is_loaded_once_for_equal_settings_and_anew_for_others():
    load = KeptTagger()
    first = load(BUILTIN)
    assert load(TaggingSettings(model="builtin")) is first
    other = load(TaggingSettings(model="builtin", threads=1))
    assert other is not first
    assert load(TaggingSettings(model="builtin", threads=1)) is other
    assert load(BUILTIN) is not first
