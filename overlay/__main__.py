"""Run the command line with ``python -m overlay``."""

from overlay.commands import run

if __name__ == "__main__":
    run()
