"""``framework completion``: scripts for bash, zsh and fish."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run, run_python


@pytest.mark.parametrize(
    ("shell", "part"),
    [
        ("bash", "complete -o nosort -F _framework_completion framework"),
        ("zsh", "compdef _framework_completion framework"),
        ("fish", "complete --no-files --command framework"),
    ],
)
def test_each_shell_has_a_script(run: Run, shell: str, part: str) -> None:
    """It is that of click, for the name of the command."""
    code, out, _ = run("completion", shell)

    assert code == 0
    assert part in out
    assert f"_FRAMEWORK_COMPLETE={shell}_complete" in out


def test_an_unknown_shell(run: Run) -> None:
    """The shells are listed; the exit code is 2."""
    code, _, err = run("completion", "csh")

    assert code == 2
    assert "'bash', 'fish', 'zsh'" in err


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of the script for bash, as the command prints it."""
    folder = tmp_path_factory.mktemp("bash")
    file = folder / "script"
    file.write_text(run_python("-m", "framework", "completion", "bash", cwd=folder).out)
    return file


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["framework", "c"], ["check", "client", "commands", "completion", "config"]),
        (["framework", "--v"], ["--version"]),
        (["framework", "routes", "--w"], ["--why"]),
        (["framework", "openapi", "d"], ["diff"]),
        (["framework", "explain", "e80"], ["E801", "E802", "E803", "E804"]),
        (["framework", "explain", "E101", "E9"], ["E901"]),
        (["framework", "explain", "GET", "E"], []),
    ],
)
def test_bash_completes(tmp_path: Path, script: Path, words: list[str], found: list[str]) -> None:
    """Commands and options, in a real bash."""
    bash = shutil.which("bash")
    assert bash is not None
    command = tmp_path / "framework"
    command.write_text(f"#!{sys.executable}\nfrom framework.cli.main import main\nmain()\n")
    command.chmod(0o755)
    line = f"COMP_WORDS=({' '.join(words)}); COMP_CWORD={len(words) - 1}; _framework_completion framework"

    done = subprocess.run(  # noqa: S603  fixed words
        [bash, "--norc", "-c", f'source {script}; {line}; printf "%s\\n" "${{COMPREPLY[@]}}"'],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == found


def test_completing_commands_imports_none(tmp_path: Path) -> None:
    """The names and their help are known without importing them."""
    program = (
        "import os, sys\n"
        "os.environ.update(_FRAMEWORK_COMPLETE='bash_complete', COMP_WORDS='framework c', COMP_CWORD='1')\n"
        "from framework.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    print(sorted({'aiohttp', 'msgspec', 'asyncio'} & {*sys.modules}))\n"
    )

    code, out, err = run_python("-c", program, cwd=tmp_path)

    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "plain,check",
        "plain,client",
        "plain,commands",
        "plain,completion",
        "plain,config",
        "[]",
    ]
