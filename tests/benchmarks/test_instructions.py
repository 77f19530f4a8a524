"""The gauge's own figures: what is written, and what callgrind's files are read as."""

from collections.abc import Mapping

import pytest

from tests.benchmarks.callgrind import Function, own_costs, read
from tests.benchmarks.instructions import WORKLOADS, updated
from tests.benchmarks.instructions_target import plan_of
from tests.benchmarks.measure import estimate
from tests.benchmarks.messages import frame, payload_of
from tests.benchmarks.profile import distinct_patterns, options_of
from tests.benchmarks.profile_parts import by_part, table
from tests.benchmarks.servers import SERVERS
from tests.benchmarks.workloads import COUNTED
from tests.benchmarks.workloads import WORKLOADS as ALL
from tests.http.frames import client_frame

_FILE = """\
# callgrind format
version: 1
positions: line
events: Ir
summary: 1190

ob=(1) /lib/libc.so.6
fl=(1) ???
fn=(1) memcpy
0 40

ob=(2) /lib/_core.cpython-313-x86_64-linux-gnu.so
fl=(2) ???
fn=(2) encode
0 300
cob=(1)
cfi=(1)
cfn=(1)
calls=2 0
0 30

ob=(3)
fl=(3) ???
fn=(3) 0x0000000000001000
0 700
+4 50
cob=(2)
cfn=(2)
calls=1 0
* 330
cob=(1)
cfn=(1)
calls=1 0
* 10

fn=(4) 0x0000000000001000'2
0 100
"""


def test_what_the_c_library_spends_stands_with_its_callers() -> None:
    """A trampoline is the Python function of its address, recursion included; what it calls by name is not in it."""
    costs, calls = read(_FILE.splitlines())
    names = {0x1000: "py::Orders.place:/shop/orders.py"}
    assert own_costs(costs, calls, names) == {
        Function("Orders.place", "/shop/orders.py"): 860,
        Function("encode", "/lib/_core.cpython-313-x86_64-linux-gnu.so"): 330,
        Function("", ""): 0,
    }


def test_a_function_without_a_name_is_part_of_no_other() -> None:
    """An address that the map does not name stands with what nobody is charged for."""
    costs, calls = read(_FILE.splitlines())
    assert own_costs(costs, calls, {}) == {
        Function("encode", "/lib/_core.cpython-313-x86_64-linux-gnu.so"): 330,
        Function("", ""): 860,
    }


@pytest.mark.parametrize(
    ("names", "others", "patterns"),
    [
        ({"PyList_New", "PyDict_New", "dict_get"}, {"dl_main"}, ["P*", "di*"]),
        ({"_Py_Dealloc", "_PyMem_Free"}, {"__libc_start", "_dl_main"}, ["_P*"]),
        ({"json", "jsonb", "main"}, {"jsonb_one"}, ["json", "jsonb"]),
    ],
)
def test_patterns_fit_no_other_name(names: set[str], others: set[str], patterns: list[str]) -> None:
    """A name that is the beginning of another's stands for itself, and what the loader has is left out."""
    assert distinct_patterns(names, others) == patterns


def test_parts_add_up_to_the_whole() -> None:
    """Files decide about the part; what fits nowhere is everything else."""
    costs = {
        Function("endpoint", "<framework 6>"): 5000.0,
        Function("find", "/shop/framework/_serve/routing/table.py"): 1500.0,
        Function("isclass", "/lib/python3.13/inspect.py"): 250.0,
    }
    parts = by_part(costs)
    assert {part: cost for part, cost in parts.items() if cost} == {
        "the emitted function": 5000.0,
        "routing": 1500.0,
        "everything else": 250.0,
    }
    lines = table({"plain": parts}, {"plain": 6000.0}).splitlines()
    assert lines[0] == "| part | plain |"
    assert "| routing | 1.5 |" in lines
    assert lines[-2:] == ["| all in all | 6.8 |", "| without trampolines | 6.0 |"]


def test_figures_that_were_not_counted_stay() -> None:
    """Writing one workload leaves the others of that Python alone, in the order of the workloads."""
    before = {"ratios": {"plain": 2.0, "ws": 1.5}, "instructions": {"framework": {"plain": 50, "ws": 70}}}
    counted = {"framework": {"ws": 60.4, "json": 55.0}}
    assert updated(before, counted, {"ws": 1.75, "json": 2.1}) == {
        "ratios": {"plain": 2.0, "json": 2.1, "ws": 1.75},
        "instructions": {"framework": {"plain": 50, "json": 55, "ws": 60}},
    }


def test_every_workload_is_counted() -> None:
    """The gauge knows the workloads of the benchmark, and three for servers of aiohttp alone."""
    assert set(WORKLOADS) == set(COUNTED) == {*ALL, "traced", "guarded", "observed"}
    assert all(plan_of(name).many > plan_of(name).few > 0 for name in WORKLOADS)


def test_a_full_run_ends_within_30_minutes() -> None:
    """Three rounds of two seconds, of all servers and workloads."""
    assert estimate(list(SERVERS.values()), list(ALL.values()), rounds=3, seconds=2) < 30 * 60


def test_frames_are_those_of_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """A text is masked as RFC 6455 has it; a server's answer is not."""
    monkeypatch.setattr("os.urandom", lambda length: bytes((17, 34, 51, 68))[:length])
    assert frame(b'{"sku":"A"}') == client_frame(b'{"sku":"A"}')


@pytest.mark.parametrize(
    ("data", "payload"), [(b"\x81\x02{}", b"{}"), (b"\x81", None), (b"\x81\x02{", None), (b"", None)]
)
def test_an_answer_is_read_when_it_is_complete(data: bytes, payload: bytes | None) -> None:
    """What came in pieces is waited for."""
    assert payload_of(data) == payload


@pytest.mark.parametrize("data", [b"\x88\x02\x03\xe8", b"\x81\x02{}\x81", b"\x81\x7e\x00\x80"])
def test_what_is_no_answer_is_refused(data: bytes) -> None:
    """A close frame, two frames, and a long one are not what the workload waits for."""
    with pytest.raises(ValueError, match="x8"):
        payload_of(data)


def test_the_line_that_is_refused_differs_in_its_quantity() -> None:
    """Every server must close a socket on it: the quantity is below 1."""
    workload = ALL["ws"]
    assert workload.refused_message == b'{"sku":"SKU-0001","quantity":0,"price":9.5}'
    expected: Mapping[str, object] = workload.expected[0]
    assert expected == {"sku": "SKU-0001", "quantity": 3, "price": 9.5}


def test_a_profile_of_all_or_some() -> None:
    """The command needs no workload, and refuses one that nobody knows."""
    assert options_of([]).workloads == list(WORKLOADS)
    assert options_of(["ws", "--functions", "3"]).workloads == ["ws"]
    with pytest.raises(SystemExit):
        options_of(["nothing"])
