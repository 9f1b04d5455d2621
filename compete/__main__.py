"""``python -m compete`` is the command line."""

from compete.cli import main

if __name__ == "__main__":
    main()
