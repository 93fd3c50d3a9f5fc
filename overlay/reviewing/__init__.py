"""Judging what was heard: the page, what it holds, and the small local server.

data        events, labels, best tags: what the page is told, as JSON
pictures    mel spectrogram, loudness and thumbnails, drawn ahead
playable    what browsers can play, and what has to be copied for them
page        all of it and the files of ``assets/review`` as one HTML file
"""
