"""Every line that is logged, read off the syntax tree: its level and its text before anything is put in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parents[1]
LEVELS = ("debug", "info", "warning", "error", "exception", "critical")
Line = tuple[str, str, str]
"""Where, level, text."""


def lines() -> list[Line]:
    """Of everything that runs as the service."""
    return [line for path in sorted((ROOT / "streamer").rglob("*.py")) for line in _of_file(path)]


def _of_file(path: Path) -> Iterator[Line]:
    tree = ast.parse(path.read_text())
    place = str(path.relative_to(ROOT))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func).removeprefix("_log.") in LEVELS:
            if not ast.unparse(call.func).startswith("_log."):
                continue
            around = [f for f in functions if f.lineno <= call.lineno <= (f.end_lineno or 0)]
            level = ast.unparse(call.func).removeprefix("_log.")
            for text in _texts(call.args[0], around):
                yield f"{place}:{call.lineno}", "error" if level == "exception" else level, text


def _texts(node: ast.expr, around: list[ast.FunctionDef | ast.AsyncFunctionDef]) -> Iterator[str]:
    """What a constant, a choice, a sum or a name that was given one of them may be."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from _texts(node.body, around)
            yield from _texts(node.orelse, around)
        case ast.BinOp(op=ast.Add()):
            pairs = product(list(_texts(node.left, around)), list(_texts(node.right, around)))
            yield from (left + right for left, right in pairs)
        case ast.Name(id=name):
            yield from _named(name, around)
        case _:
            raise AssertionError(
                f"line {node.lineno}: {ast.unparse(node)}: give the text itself, and what goes in apart"
            )


def _named(name: str, around: list[ast.FunctionDef | ast.AsyncFunctionDef]) -> Iterator[str]:
    found, more = list[str](), list[str]()
    for node in ast.walk(around[-1]):
        match node:
            case ast.Assign(targets=[ast.Name(id=same)], value=value) if same == name:
                found += _texts(value, around)
            case ast.AugAssign(target=ast.Name(id=same), value=value) if same == name:
                more += _texts(value, around)
            case _:
                pass
    yield from (text + "".join(more) for text in found)
