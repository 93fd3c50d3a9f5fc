"""From a source and a tagger to a track, through the cache."""
