"""Training: the tagger that ships (``distill``), and heads for a person's own labels (``head``).

Only ``distill`` and ``student`` need the extra ``train``: PyTorch trains the small network several
times as fast as Paddle on a CPU.
"""
