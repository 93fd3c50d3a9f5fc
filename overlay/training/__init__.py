"""Training a tagger of the project's own: sound in, a small checkpoint out.

Needs the extra ``train`` (PyTorch, which trains this network about ten times as fast as Paddle on
a CPU); nothing else in the project imports this room.
"""
