"""The command line: one file a command, its flags beside its handler."""

from overlay.commands.main import main, run

__all__ = ["main", "run"]
