"""Run the command line from a checkout: ``python cli.py VIDEO``."""

from overlay.commands import run

if __name__ == "__main__":
    run()
