"""Judging what was heard: the page, what it holds, and the small local server.

data        events, labels, best tags: what the page is told, as JSON
pictures    mel spectrogram, loudness and thumbnails, drawn ahead
playable    what browsers can play
proxies     small copies of what they cannot, remembered
page        all of it and the files of ``assets/review`` as one HTML file
desk        clips that are reviewed together, and their files of verdicts
server      hands them out, to whoever has the link
"""
