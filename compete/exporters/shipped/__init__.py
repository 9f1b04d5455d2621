"""Scripts that stand on a platform beside the scoring program; they need Python 3.9 and nothing else."""
