"""What ends a command: one line that says what is wrong and how to fix it."""

__all__ = ("ToolError",)


class ToolError(Exception):
    """Something that a command needs is not there or not usable."""

    def __init__(self, what: str, *, hint: str) -> None:
        super().__init__(f"{what}; {hint}")
        self.what = what
        self.hint = hint
