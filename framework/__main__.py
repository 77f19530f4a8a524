"""``python -m framework`` is the command ``framework``."""

from framework.cli.command import main

__all__ = ()

if __name__ == "__main__":
    main()
