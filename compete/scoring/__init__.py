"""Scoring: what a laptop and a platform's container run alike; Python 3.9, numpy 1.26, the standard library."""
