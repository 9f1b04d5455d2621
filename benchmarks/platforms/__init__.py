"""The platforms' own code, run on our exports: each script prints what it answers beside what `compete score` tells."""
