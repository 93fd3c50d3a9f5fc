"""Events to cues that a viewer reads: styles, what is worth a cue, its words, its times, checks."""
