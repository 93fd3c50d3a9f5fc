"""From scores to which tags are on when: one rule for everybody."""
