"""The formats: of each a file with ``read``, ``sketch`` and ``recognise``, and beside it what it needs."""
