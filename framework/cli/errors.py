"""The error that ends a command: one line with the error and a hint."""

__all__ = ("ToolError",)


class ToolError(Exception):
    """A command cannot run, because something that it requires is missing or unusable."""

    def __init__(self, what: str, *, hint: str) -> None:
        super().__init__(f"{what}; {hint}")
        self.what = what
        self.hint = hint
