"""Many sources: what there is to do, who does it, what was done, and nothing done twice."""
