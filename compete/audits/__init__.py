"""Audits: what is wrong with a dataset, and what a finished bundle tells that it should not."""
