"""What a service refuses, as its code writes it out: its README names it for whoever writes a client, and
the pages have a sentence for whoever reads them."""

import ast
import re
from collections.abc import Iterator

import pytest

from deploy.plan import SERVICES
from deploy.steps import ROOT
from gateway.translations import translator


@pytest.mark.parametrize("service", SERVICES)
def test_a_services_readme_names_all_its_refusals(service: str) -> None:
    readme = (ROOT / "services" / service / "README.md").read_text("utf-8")
    named = set(re.findall(r"[a-z][a-z0-9_]+", " ".join(re.findall(r"`([^`]*)`", readme))))
    assert sorted(_all(service) - named) == []


@pytest.mark.parametrize("service", ["cases", "consent", "relay_log"])
def test_the_pages_have_a_sentence_for_each(service: str) -> None:
    """The others refuse programs and operators what no page asks of them."""
    keys = [key.removeprefix("errors.") for key in translator().texts if key.startswith("errors.")]
    assert [code for code in sorted(_all(service)) if not any(_is_of(key, code) for key in keys)] == []


def _is_of(key: str, code: str) -> bool:
    """`code` for any field, or `<field>_code` for one."""
    return key == code or key.endswith(f"_{code}")


def _all(service: str) -> set[str]:
    found = {code for node in _nodes(service) for code in _codes(node)}
    assert found, "none is found: the test looks wrongly"
    return found


def _nodes(service: str) -> Iterator[ast.AST]:
    for file in sorted((ROOT / "services" / service).rglob("*.py")):
        yield from ast.walk(ast.parse(file.read_text("utf-8")))


def _codes(node: ast.AST) -> Iterator[str]:
    """The codes that stand in this: `code = ...` of a class, `code=` and the values of `fields=` of a call, and
    `faults[...] = ...`."""
    if isinstance(node, ast.ClassDef):
        for each in node.body:
            if isinstance(each, ast.Assign):
                yield from _assigned(each.targets[0], each.value)
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).startswith("faults["):
        yield from _texts(node.value)
    if isinstance(node, ast.Call):
        for given in node.keywords:
            if given.arg == "code":
                yield from _texts(given.value)
            if given.arg == "fields" and isinstance(given.value, ast.Dict):
                for value in given.value.values:
                    yield from _texts(value)


def _assigned(target: ast.expr, value: ast.expr) -> Iterator[str]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, of_it in zip(target.elts, value.elts, strict=True):
            yield from _assigned(one, of_it)
    elif isinstance(target, ast.Name) and target.id == "code":
        yield from _texts(value)


def _texts(value: ast.expr) -> Iterator[str]:
    if isinstance(value, ast.IfExp):
        yield from _texts(value.body)
        yield from _texts(value.orelse)
    elif isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
