"""Audio to scores: windows, front ends, networks, taggers. The only room that knows Paddle."""
