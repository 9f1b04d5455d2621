"""The leaderboard: submissions become ranked teams, with how firm each rank is and whether it was earned."""
