"""Reports: offline HTML pages that show data, audits, scores and leaderboards."""
