"""Print the results of many submissions: ``python -m tests.scoring.scored [WITHOUT]``, command lines on stdin."""

from __future__ import annotations

import json
import sys

if __name__ == "__main__":
    sys.modules.update(dict.fromkeys(sys.argv[1:]))  # type: ignore[arg-type]  # what is None cannot be imported
    from compete.scoring.program import main

    for words in json.load(sys.stdin):
        print(main(words), flush=True)
