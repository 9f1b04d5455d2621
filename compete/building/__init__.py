"""Building: from an organizer's challenge to a bundle."""
