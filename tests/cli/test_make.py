"""``framework make``: files in a project, and their registration."""

from pathlib import Path

import pytest

from framework.cli.errors import ToolError
from framework.cli.make.project import read_named
from framework.cli.make.registration import prefix_of, with_controller, with_job, with_service
from framework.cli.new.names import ProjectName
from framework.cli.new.project import minimal_project, write_project
from tests.cli.conftest import Run
from tests.forked import run_command, run_pytest

ROOT = Path(__file__).parents[2]
APPLICATION = """\
from framework import App, Container

from demo.a import A
from demo.z import Z


def create_app(container: Container) -> App:
    container.add_scoped(Z)  # the last one
    container.override(Z, Z)
    return App(controllers=[A])
"""


@pytest.fixture
def project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a minimal project."""
    root = folder / "demo"
    write_project(root, minimal_project(ProjectName("demo")))
    monkeypatch.chdir(root)
    return root


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("App(jobs=[A])", "App(jobs=[A, B])"),
        ("App(jobs=[])", "App(jobs=[B])"),
        ("App(jobs=JobSettings([A], lease=60))", "App(jobs=JobSettings([A, B], lease=60))"),
        ("App(jobs=SETTINGS)", None),
        ("App(controllers=[A])", None),
    ],
)
def test_a_class_of_jobs_is_registered(given: str, expected: str | None) -> None:
    """It is added to the list of the app or of its settings; without a list, by hand."""
    source = f"from framework import App\n\napp = {given}\n"

    changed = with_job(source, "demo.b", "B")

    assert changed == (
        None if expected is None else f"from framework import App\nfrom demo.b import B\n\napp = {expected}\n"
    )


def test_a_job_is_made_in_a_project_without_jobs(run: Run, project: Path) -> None:
    """What the application has to be given is printed."""
    assert run("make", "job", "order-lines") == (
        0,
        "demo/order_lines/__init__.py is written.\n"
        "demo/order_lines/jobs.py is written.\n"
        "demo/tests/test_order_lines_jobs.py is written.\n"
        "Add this where the application is declared:\n\n"
        "from demo.order_lines.jobs import OrderLinesJobs\n\nApp(jobs=[..., OrderLinesJobs])\n",
        "",
    )
    application = project / "demo" / "application.py"
    source = application.read_text(encoding="utf-8")
    url = "sqlite+aiosqlite:///demo.db"
    given = f'jobs=JobSettings([OrderLinesJobs], url="{url}"),\n        controllers='
    imported = "from demo.order_lines.jobs import OrderLinesJobs\nfrom framework.jobs import JobSettings\n"
    changed = source.replace("controllers=", given, 1).replace("from framework", f"{imported}from framework", 1)
    application.write_text(changed, encoding="utf-8")
    file = "demo/tests/test_order_lines_jobs.py"
    done = run_pytest(project, "-q", "-p", "no:cacheprovider", file)

    assert done.status == 0, done.printed


def test_a_controller_is_made(run: Run, project: Path) -> None:
    """The last line names the file in which it is registered."""
    assert run("make", "controller", "order-lines") == (
        0,
        "demo/order_lines/__init__.py is written.\n"
        "demo/order_lines/controller.py is written.\n"
        "demo/tests/test_order_lines_controller.py is written.\n"
        "demo/application.py registers it.\n",
        "",
    )
    application = (project / "demo" / "application.py").read_text(encoding="utf-8")
    assert "from demo.order_lines.controller import OrderLinesController\n" in application
    assert "controllers=[GreetingController, OrderLinesController, Health()]," in application
    assert next(one for one in run("routes")[1].splitlines() if "/order-lines" in one).split() == [
        "GET",
        "/order-lines",
        "OrderLinesController.search",
        "(demo/order_lines/controller.py:14)",
        "OrderLinesController.search",
        "everybody",
    ]


def test_a_service_is_made_beside_its_controller(run: Run, project: Path) -> None:
    """The folder has its __init__.py already."""
    run("make", "controller", "orders")

    assert run("make", "service", "orders") == (
        0,
        "demo/orders/service.py is written.\n"
        "demo/tests/test_orders_service.py is written.\n"
        "demo/application.py registers it.\n",
        "",
    )
    application = (project / "demo" / "application.py").read_text(encoding="utf-8")
    assert "    container.add_singleton(GreetingService)\n    container.add_singleton(OrdersService)\n" in application


def test_what_is_made_passes(run: Run, project: Path) -> None:
    """The tests of all kinds pass, in the project as it is afterwards."""
    for kind in ("controller", "service", "test"):
        assert run("make", kind, "orders").code == 0

    done = run_pytest(project, "-q", "-p", "no:cacheprovider")
    assert done.printed.splitlines()[-1].startswith("4 passed"), done.printed


def test_the_nearest_project_is_used(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command works in a folder below the project."""
    monkeypatch.chdir(project / "demo" / "greetings")

    assert run("make", "test", "orders") == (0, "demo/tests/test_orders.py is written.\n", "")
    assert (project / "demo" / "tests" / "test_orders.py").is_file()


@pytest.mark.parametrize("kind", ["controller", "service", "test"])
def test_existing_files_are_not_changed(run: Run, project: Path, kind: str) -> None:
    """If one of the files exists, nothing is written."""
    run("make", kind, "orders")
    before = {one: one.read_text() for one in project.rglob("*.py")}

    code, out, err = run("make", kind, "orders")

    assert (code, out) == (2, "")
    assert err.endswith("exists; choose another name.\n")
    assert {one: one.read_text() for one in project.rglob("*.py")} == before


@pytest.mark.parametrize("name", ["Orders", "order lines", "../orders", "2orders", "class", "orders-", ""])
def test_other_names_cannot_be_made(name: str) -> None:
    """The name is part of paths of files, and of URLs."""
    with pytest.raises(ToolError, match="write lower-case letters, digits and hyphens"):
        read_named(name)


def test_outside_a_project_nothing_is_made(run: Run, folder: Path) -> None:
    """One line has the reason."""
    code, out, err = run("make", "controller", "orders")

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "no pyproject.toml is found" in err
    assert list(folder.iterdir()) == []


def test_an_app_in_a_module_is_not_in_a_package(run: Run, folder: Path) -> None:
    """There is no folder for the new files then."""
    (folder / "pyproject.toml").write_text('[tool.framework]\napp = "shop:app"\n')

    code, _, err = run("make", "test", "orders")

    assert code == 2
    assert "'shop:app' in" in err
    assert "is not in a package of this project" in err


def test_what_cannot_be_registered_is_printed(run: Run, project: Path) -> None:
    """The files are written, and the lines to add are printed."""
    (project / "demo" / "application.py").write_text("app = make()\n")

    assert run("make", "controller", "orders").out.endswith(
        "demo/tests/test_orders_controller.py is written.\n"
        "Add this where the application is declared:\n\n"
        "from demo.orders.controller import OrdersController\n\nApp(controllers=[..., OrdersController])\n"
    )
    (project / "demo" / "application.py").unlink()
    assert run("make", "service", "orders").out.endswith("\ncontainer.add_singleton(OrdersService)\n")


def test_an_application_that_cannot_be_read_is_not_changed(run: Run, project: Path) -> None:
    """Nothing is written."""
    (project / "demo" / "application.py").write_text("x = 1\napp = (\n")

    code, out, err = run("make", "controller", "orders")

    assert (code, out) == (2, "")
    assert err.startswith("Error: demo/application.py:2 is not valid Python: ")
    assert not (project / "demo" / "orders").exists()


# Registration


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[A]", "[A, B]"),
        ("[]", "[B]"),
        ("[A,]", "[A, B,]"),
        ("[\n        # Z\n        Z,  # why\n    ]", "[\n        # Z\n        Z,\n        B,  # why\n    ]"),
        ("[\n        A,\n        Z\n    ]", "[\n        A,\n        Z,\n        B\n    ]"),
        ('[Router("/api", [A])]', '[Router("/api", [A, B])]'),
        ('[Router("/a", [A]), Z]', '[Router("/a", [A]), Z, B]'),
        ('[Router("/ä", [A])]', '[Router("/ä", [A, B])]'),
        ('[Router("/a", [A]), Router("/b", [Z]), F()]', '[Router("/a", [A, B]), Router("/b", [Z]), F()]'),
        ("[Router(x)]", "[Router(x), B]"),
    ],
)  # fmt: skip
def test_a_controller_is_added_to_the_list(before: str, after: str) -> None:
    """One Router around all controllers is where the new one belongs; everything else stays as it is."""
    source = APPLICATION.replace("[A]", before)

    assert with_controller(source, "demo.b.controller", "B") == APPLICATION.replace("[A]", after).replace(
        "from demo.z", "from demo.b.controller import B\nfrom demo.z"
    )


@pytest.mark.parametrize(
    "source", ["", "app = App([A])", "app = App(controllers=found)", "App(controllers=[]), App(controllers=[])"]
)
def test_a_list_that_is_not_found_is_not_guessed(source: str) -> None:
    """No list, and two of them."""
    assert with_controller(source, "demo.b", "B") is None


def test_a_service_is_added_after_the_last() -> None:
    """Other calls of the container do not register services."""
    assert with_service(APPLICATION, "demo.b.service", "B") == APPLICATION.replace(
        "from demo.z", "from demo.b.service import B\nfrom demo.z"
    ).replace("  # the last one\n", "  # the last one\n    container.add_singleton(B)\n")


def test_a_service_is_added_to_the_first_function() -> None:
    """The template adds the app itself to the container later, in another function."""
    source = (
        "def create_container():\n    container = Container()\n    container.add_scoped(A)\n    return container\n\n\n"
        "def create_app(container):\n    container.add_instance(App, app)\n"
    )

    changed = with_service(source, "demo.b.service", "B")

    assert changed == "from demo.b.service import B\n" + source.replace(
        "add_scoped(A)\n", "add_scoped(A)\n    container.add_singleton(B)\n"
    )


def test_a_container_without_services_is_not_guessed() -> None:
    """There is no place that is certainly right."""
    assert with_service("container = Container()\n", "demo.b.service", "B") is None


@pytest.mark.parametrize(
    ("module", "line"), [("demo.a.a", 4), ("demo.aa", 4), ("demo.zz", 5), ("demo.A", 3), ("other.b", 5)]
)
def test_the_import_is_in_its_order(module: str, line: int) -> None:
    """It is among the imports of its package, sorted by module, or after all others."""
    changed = with_controller(APPLICATION, module, "B")

    assert changed is not None
    assert changed.splitlines().index(f"from {module} import B") + 1 == line


@pytest.mark.parametrize(
    ("controllers", "prefix"),
    [("[A]", ""), ('[Router("/api", [A])]', "/api"), ('[Router("/a", [A]), B]', ""), ("[Router(x, [A])]", "")],
)
def test_the_test_has_the_prefix_of_the_router(controllers: str, prefix: str) -> None:
    """A prefix that is not written there is unknown."""
    assert prefix_of(APPLICATION.replace("[A]", controllers)) == prefix


def test_the_template_registers_both() -> None:
    """The application of the template has the places that the command looks for."""
    source = (ROOT / "app_template" / "application.py").read_text(encoding="utf-8")

    with_both = with_controller(
        with_service(source, "app_template.b.service", "BService") or "", "app_template.b.controller", "BController"
    )

    assert prefix_of(source) == "/api"
    assert with_both is not None
    assert "LiveOrderController, BController]" in with_both
    assert "add_scoped(ProductCatalogue)\n    container.add_singleton(BService)\n" in with_both
    assert with_both.count("BService") == with_both.count("BController") == 2


def test_without_ruff_the_files_are_written_as_well(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are formatted only if the environment has it."""
    monkeypatch.setattr("framework.cli.make.making.find_spec", lambda _: None)

    assert run("make", "controller", "orders").code == 0
    assert run_command(project, "check").printed == "No errors; 4 routes.\n"
