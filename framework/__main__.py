"""``python -m framework`` is the command ``framework``."""

from framework.cli.command import main

if __name__ == "__main__":
    main()
