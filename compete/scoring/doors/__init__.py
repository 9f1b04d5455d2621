"""Doors: what platforms call to have a submission scored; as light as all scoring, one file a platform."""
