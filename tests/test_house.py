"""Rules of the house that neither ruff nor import-linter can say, read off the syntax tree. Each can fail."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[1]
SOURCE, TESTS, BENCHMARKS = ("streamer", "recognizers"), ("tests",), ("benchmarks",)
MOST_LINES, MEDIAN_LINES = 400, 120
FUNCTION_LINES, PARAMETERS = 40, 7
VOCABULARY = ("frame", "event", "wire", "clip", "prediction")
Function = ast.FunctionDef | ast.AsyncFunctionDef


def files(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call with what is called, e.g. `asyncio.sleep`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def functions(tree: ast.AST) -> Iterator[Function]:
    yield from (node for node in ast.walk(tree) if isinstance(node, Function))


def long_functions(tree: ast.Module) -> Iterator[str]:
    for function in functions(tree):
        first = function.body[1 if ast.get_docstring(function) and len(function.body) > 1 else 0]
        lines = (function.end_lineno or 0) - first.lineno + 1
        if lines > FUNCTION_LINES:
            yield f"{function.name} has {lines} lines; at most {FUNCTION_LINES} below its docstring"


def many_parameters(tree: ast.Module) -> Iterator[str]:
    for function in functions(tree):
        given = function.args
        parameters = [*given.posonlyargs, *given.args, *given.kwonlyargs]
        count = len([one for one in parameters if one.arg not in ("self", "cls")])
        if count > PARAMETERS:
            yield f"{function.name} has {count} parameters; at most {PARAMETERS}"


def clocks(tree: ast.Module) -> Iterator[str]:
    """Stopwatches (perf_counter, thread_time) only measure; everything that decides is given a Clock."""
    banned = {"time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.sleep", "asyncio.sleep"}
    banned |= {
        f"{one}.{what}" for one in ("datetime", "date", "datetime.datetime") for what in ("now", "utcnow", "today")
    }
    for called, call in calls(tree):
        if called in banned and not (called == "asyncio.sleep" and ast.unparse(call.args[0]) == "0"):
            yield f"{called} in line {call.lineno}; ask a Clock"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield f"`from time import` in line {node.lineno} hides which clock it is"


def loose_tasks(tree: ast.Module) -> Iterator[str]:
    """A task belongs to a group that waits for it: nothing else notices that it failed."""
    groups = set()
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.withitem)
            and ast.unparse(node.context_expr) == "asyncio.TaskGroup()"
            and node.optional_vars
        ):
            groups.add(ast.unparse(node.optional_vars))
        elif isinstance(node, ast.Assign) and ast.unparse(node.value) == "asyncio.TaskGroup()":
            groups |= {ast.unparse(target) for target in node.targets}
        elif isinstance(node, ast.arg) and node.annotation and ast.unparse(node.annotation) == "asyncio.TaskGroup":
            groups.add(node.arg)
    for called, node in calls(tree):
        owner, _, what = called.rpartition(".")
        if what == "ensure_future" or (what == "create_task" and owner not in groups):
            yield f"{called} in line {node.lineno}; tasks live in a TaskGroup"


def unbounded_queues(tree: ast.Module) -> Iterator[str]:
    for called, node in calls(tree):
        what = called.rpartition(".")[2]
        unbounded = what in ("Queue", "LifoQueue", "PriorityQueue") and not (node.args or node.keywords)
        if what == "SimpleQueue" or unbounded:
            yield f"{called}() in line {node.lineno} grows without bound; say how much it holds"


def default_executor(tree: ast.Module) -> Iterator[str]:
    """It is shared: thirty silent cameras in it would delay a good one by half a minute."""
    for called, node in calls(tree):
        what = called.rpartition(".")[2]
        nobodys = what == "run_in_executor" and node.args and ast.unparse(node.args[0]) == "None"
        if what == "to_thread" or nobodys:
            yield f"{called} in line {node.lineno} uses the executor that everybody shares; use a thread of your own"


def dataclass_flags(tree: ast.Module) -> Iterator[tuple[str, set[str]]]:
    """Each dataclass with the flags that are on."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        for decorator in node.decorator_list:
            call = decorator if isinstance(decorator, ast.Call) else None
            if ast.unparse(call.func if call else decorator).rpartition(".")[2] == "dataclass":
                on = {word.arg or "" for word in call.keywords if ast.unparse(word.value) == "True"} if call else set()
                yield node.name, on


def slots(tree: ast.Module) -> Iterator[str]:
    for name, on in dataclass_flags(tree):
        if "slots" not in on:
            yield f"dataclass {name} has no slots: a wrong attribute would go unnoticed"


def frozen(tree: ast.Module) -> Iterator[str]:
    for name, on in dataclass_flags(tree):
        if "frozen" not in on:
            yield f"dataclass {name} can be changed after it was handed over"


def code_from_data(tree: ast.Module) -> Iterator[str]:
    """A pickle, like `eval`, runs what is in it."""
    unsafe = ("pickle", "cPickle", "dill", "joblib", "cloudpickle", "shelve", "marshal")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
            yield from (f"import of {one} in line {node.lineno}" for one in modules if one.split(".")[0] in unsafe)
    for called, node in calls(tree):
        words = {word.arg: ast.unparse(word.value) for word in node.keywords}
        if called in ("eval", "exec", "yaml.load", "yaml.unsafe_load", "yaml.full_load"):
            yield f"{called} in line {node.lineno}"
        elif called == "torch.load" and words.get("weights_only") != "True":
            yield f"torch.load without weights_only=True in line {node.lineno}"
        elif called.endswith(".load") and words.get("allow_pickle", "False") != "False":
            yield f"{called} of pickles in line {node.lineno}"


def prints(tree: ast.Module) -> Iterator[str]:
    yield from (
        f"print in line {node.lineno}; log, or show it through Output"
        for called, node in calls(tree)
        if called == "print"
    )


def busy_asserts(tree: ast.Module) -> Iterator[str]:
    """`python -O` leaves asserts out, and with them whatever they do."""
    harmless = {"isinstance", "len", "all", "any", "set", "sorted", "type", "callable"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            doing = [called for called, _ in calls(node.test) if called not in harmless]
            doing += [type(one).__name__ for one in ast.walk(node.test) if isinstance(one, ast.NamedExpr | ast.Await)]
            if doing:
                yield f"assert in line {node.lineno} does something: {', '.join(doing)}"


def no_docstring(tree: ast.Module) -> Iterator[str]:
    if tree.body and not ast.get_docstring(tree):
        yield "the module does not say what it is"


def mocks(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and "mock" in ast.unparse(node):
            yield f"line {node.lineno}: use a fake of streamer.testing, or the real thing"


@dataclass(frozen=True, slots=True)
class Rule:
    check: Callable[[ast.Module], Iterator[str]]
    where: tuple[str, ...]
    breaks: str
    """Code that breaks it."""
    keeps: str
    """Code that looks alike and does not."""
    but: tuple[str, ...] = ()
    """Beginnings of paths that need not keep it."""


LONG = "\n".join(f"    x = {n}" for n in range(FUNCTION_LINES + 1))
MANY = ", ".join(f"p{n}" for n in range(PARAMETERS + 1))
RULES = [
    Rule(long_functions, (*SOURCE, *BENCHMARKS), f"def f():\n{LONG}", f"def f():\n    '''{LONG}'''\n    return 1"),
    Rule(many_parameters, SOURCE, f"def f({MANY}): ...", f"def f({MANY[4:]}): ..."),
    Rule(
        clocks, SOURCE, "def f(): return datetime.now(UTC)", "def f(clock): return clock.now() - time.perf_counter()",
        but=("streamer/clock.py", "streamer/testing/time.py"),
    ),
    Rule(
        loose_tasks, (*SOURCE, *BENCHMARKS), "asyncio.create_task(f())",
        "async def f():\n    async with asyncio.TaskGroup() as group:\n        group.create_task(g())",
    ),
    Rule(unbounded_queues, SOURCE, "asyncio.Queue()", "queue.Queue(8)"),
    Rule(default_executor, SOURCE, "loop.run_in_executor(None, f)", "loop.run_in_executor(self._thread, f)"),
    Rule(slots, SOURCE, "@dataclass(frozen=True)\nclass A: ...", "@dataclass(slots=True)\nclass A: ..."),
    Rule(code_from_data, SOURCE, "torch.load(path)", "torch.load(path, weights_only=True)"),
    Rule(prints, SOURCE, "print(1)", "self._people.print(1)", but=("streamer/cli/",)),
    Rule(busy_asserts, SOURCE, "assert thread.start() is None", "assert isinstance(node, Node) and node.value"),
    Rule(no_docstring, (*SOURCE, *BENCHMARKS), "import os", "'''What it is.'''\nimport os"),
    Rule(mocks, TESTS, "from unittest.mock import patch", "from streamer.testing.sinks import FakeSink"),
]  # fmt: skip
IDS = [rule.check.__name__ for rule in RULES]


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_the_house_keeps_its_rules(rule: Rule) -> None:
    mistakes = [
        f"{name_of(path)}: {mistake}"
        for path in files(*rule.where)
        if not name_of(path).startswith(rule.but or "nowhere")
        for mistake in rule.check(ast.parse(path.read_text()))
    ]
    assert not mistakes, "\n" + "\n".join(mistakes)


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_rule_can_be_broken_and_kept(rule: Rule) -> None:
    assert list(rule.check(ast.parse(rule.breaks)))
    assert not list(rule.check(ast.parse(rule.keeps)))


@pytest.mark.parametrize(
    "breaks",
    [
        "import time\ntime.time()", "time.sleep(1)", "from time import time", "datetime.datetime.utcnow()",
        "loop.create_task(f())", "asyncio.ensure_future(f())", "self.tasks.create_task(f())",
        "queue.SimpleQueue()", "import pickle", "from pickle import load", "eval('1')", "yaml.load(text)",
        "np.load(path, allow_pickle=True)", "assert (x := 1)", "async def f(): assert await g()",
        "await asyncio.to_thread(f)",
    ],
)  # fmt: skip
def test_other_ways_to_break_a_rule(breaks: str) -> None:
    assert any(list(rule.check(ast.parse(breaks))) for rule in RULES if rule.check is not no_docstring)


def test_what_is_handed_over_never_changes() -> None:
    paths = [path for path in files(*SOURCE) if path.stem in VOCABULARY]
    assert {path.stem for path in paths} == set(VOCABULARY)
    for path in paths:
        tree = ast.parse(path.read_text())
        assert list(dataclass_flags(tree)), path
        assert not list(frozen(tree)), path
    assert list(frozen(ast.parse("@dataclass(slots=True)\nclass A: ...")))


def too_long(lines: list[int]) -> list[str]:
    """What is wrong with the lengths of files."""
    mistakes = [f"a file has {count} lines; at most {MOST_LINES}" for count in lines if count > MOST_LINES]
    if median(lines) > MEDIAN_LINES:
        mistakes.append(f"half of the files have more than {MEDIAN_LINES} lines")
    return mistakes


@pytest.mark.parametrize("packages", [SOURCE, TESTS, BENCHMARKS], ids=str)
def test_files_can_be_read_in_one_sitting(packages: tuple[str, ...]) -> None:
    assert not too_long([len(path.read_text().splitlines()) for path in files(*packages) if path.stem != "__init__"])
    assert too_long([MOST_LINES + 1])
    assert too_long([1, MEDIAN_LINES + 1, MEDIAN_LINES + 1])


def vague(path: Path) -> bool:
    """A name that says nothing draws everything."""
    words = {"util", "utils", "common", "core", "manager", "managers", "helper", "helpers", "misc", "shared"}
    return bool(words & {word for part in path.with_suffix("").parts for word in part.split("_")})


def test_modules_are_named_for_what_they_hold() -> None:
    assert not [name_of(path) for path in files(*SOURCE, *TESTS, *BENCHMARKS) if vague(path.relative_to(ROOT))]
    assert vague(Path("streamer/utils.py"))
    assert vague(Path("tests/stream_manager.py"))


def idle_tests(trees: dict[str, ast.Module]) -> list[str]:
    """Tests that assert nothing, neither themselves nor in what they call by name."""
    bodies = {function.name: function for tree in trees.values() for function in functions(tree)}
    judges = {name for name, function in bodies.items() if judges_itself(function)}
    grown = True
    while grown:
        callers = {
            n for n, f in bodies.items() if n not in judges and judges & {c.rpartition(".")[2] for c, _ in calls(f)}
        }
        judges |= callers
        grown = bool(callers)
    return [
        f"{file}: {function.name} asserts nothing"
        for file, tree in trees.items()
        for function in functions(tree)
        if function.name.startswith("test_") and function.name not in judges
    ]


def judges_itself(function: Function) -> bool:
    judging = {"raises", "warns", "fail", "validate", "check_schema", "assert_close", "assert_allclose"}
    return any(isinstance(node, ast.Assert) for node in ast.walk(function)) or any(
        called.rpartition(".")[2] in judging or any(ast.unparse(word) == "check=True" for word in call.keywords)
        for called, call in calls(function)
    )


def test_every_test_asserts_something() -> None:
    assert not idle_tests({name_of(path): ast.parse(path.read_text()) for path in files(*TESTS)})
    assert idle_tests({"a": ast.parse("def test_a():\n    f()\ndef f():\n    return 1")})
    assert not idle_tests({"a": ast.parse("def test_a():\n    f()\ndef f():\n    assert g()")})


def unfinished(text: str) -> list[str]:
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "breakpoint" + "(", "pdb" + ".set_trace")
    return [word for word in words if word in text]


def test_nothing_is_left_for_later() -> None:
    texts = {name_of(path): path.read_text() for path in files(*SOURCE, *TESTS, *BENCHMARKS)}
    assert not {name: unfinished(text) for name, text in texts.items() if unfinished(text)}
    assert unfinished("# FIX" + "ME: later")
