"""Training: the tagger that ships (``distill``), and heads for a person's own labels (``head``).

Only ``distill`` and ``network`` need the extra ``train``: PyTorch teaches what NumPy then runs.
"""
