"""How a defect gets into a program: its module is patched while it is loaded, and tells when the patch is reached.

A file that is no Python was patched before the program started; it is reached when it is opened.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

from tests.prove.defect import Defect, DefectError

MARK = "__defect_reached__"
"""The name under which a patched module finds whom to tell."""
Note = Callable[[str], None]
"""Is told `applied` when the module is loaded, and `reached` whenever the patch is."""


def seed(defect: Defect, note: Note) -> None:
    """From now on the defect's module is loaded with the defect in it."""
    if defect.module:
        sys.meta_path.insert(0, _Finder(defect, note))
        return
    note("applied")

    def opened(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and str(arguments[0]).endswith(str(defect.path)):
            note("reached")

    sys.addaudithook(opened)


class _Finder(MetaPathFinder):
    """Finds one module, by a loader that patches it."""

    def __init__(self, defect: Defect, note: Note) -> None:
        self._defect = defect
        self._note = note

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._defect.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec and spec.origin:
            spec.loader = _Loader(fullname, spec.origin, self._defect, self._note)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, defect: Defect, note: Note) -> None:
        super().__init__(fullname, path)
        self._defect = defect
        self._note = note

    def get_code(self, fullname: str) -> CodeType:
        source = self.get_data(self.path).decode()
        return compile(patched(source, self._defect), self.path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__[MARK] = lambda: self._note("reached")
        super().exec_module(module)
        self._note("applied")


def patched(source: str, defect: Defect) -> ast.Module:
    """The module with the defect in it, which calls MARK where the patch is reached.

    A patch within a function is reached when the changed statement is. One outside of functions, such as that of a
    constant or a field, is reached when a function of the module uses what it defines. Raises DefectError when the
    defect does not fit, is no Python, or could not be told to be reached.
    """
    seeded = defect.seed(source)
    try:
        module = ast.parse(seeded.source)
    except SyntaxError as error:
        raise DefectError(f"{defect.name} makes no Python of {defect.file}: {error}.") from error
    changed = seeded.changed
    if all(any(line in _lines(function) for function in _functions(module)) for line in changed):
        marker = _Marker(lambda statement: bool(_own_lines(statement) & changed))
    else:
        defined = _defined(module, changed)
        marker = _Marker(lambda statement: bool(defined & _used(statement)))
    marker.visit(module)
    if not marker.marks:
        raise DefectError(f"{defect.name} is used by no function of {defect.file}, so nobody can tell it is reached.")
    return ast.fix_missing_locations(module)


class _Marker(ast.NodeTransformer):
    """Puts a call of MARK before each statement, within a function, that is asked for."""

    def __init__(self, asked_for: Callable[[ast.AST], bool]) -> None:
        self._asked_for = asked_for
        self._depth = 0
        self.marks = 0

    def visit(self, node: ast.AST) -> ast.AST | list[ast.AST]:
        asked_for = self._asked_for(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self._depth += 1
            self.generic_visit(node)
            self._depth -= 1
            if asked_for:
                node.body.insert(0, self._mark())
        elif isinstance(node, ast.stmt):
            self.generic_visit(node)
            if asked_for and self._depth:
                return [self._mark(), node]
        else:
            self.generic_visit(node)
        return node

    def _mark(self) -> ast.stmt:
        self.marks += 1
        return ast.Expr(ast.Call(ast.Name(MARK, ast.Load()), [], []))


def _functions(tree: ast.AST) -> Iterable[ast.AST]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _lines(node: ast.AST) -> range:
    """The lines on which a statement stands, its decorators included."""
    first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", []))])
    return range(first, node.end_lineno + 1)


def _own_lines(node: ast.AST) -> set[int]:
    """The lines of a statement that are not those of a statement within it."""
    if not isinstance(node, ast.stmt):
        return set()
    inner = (child for child in ast.walk(node) if isinstance(child, ast.stmt) and child is not node)
    return set(_lines(node)).difference(*map(_lines, inner))


def _defined(module: ast.Module, changed: frozenset[int]) -> set[str]:
    """The names that the changed statements outside of functions define, with the class around them."""
    defined = set()
    for node in ast.walk(module):
        if isinstance(node, ast.ClassDef) and changed & set(_lines(node)):
            defined.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and changed & set(_lines(node)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            defined |= {target.id for target in targets if isinstance(target, ast.Name)}
    return defined


def _used(node: ast.AST) -> set[str]:
    """The names that a statement itself reads, as variables or as attributes."""
    own = _own_lines(node)
    if not own:
        return set()
    read = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name | ast.Attribute) and inner.lineno in own]
    return {inner.id if isinstance(inner, ast.Name) else inner.attr for inner in read}
