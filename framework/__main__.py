"""Run the command ``framework`` as ``python -m framework``."""

from framework.cli.main import main

__all__ = ()

if __name__ == "__main__":
    main()
