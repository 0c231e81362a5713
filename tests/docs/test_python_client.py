"""The page about the Python client names all that there is and nothing else."""

import inspect
import re

from headgate import client
from headgate.client import Generation, Headgate, TextRequest, TextStream
from headgate.client.errors import REMEDIES
from tests.docs.test_errors import documented
from tests.docs.tree import ROOT
from tests.kit.seed_names import PYTHON_NAMES

PAGE = (ROOT / "docs" / "reference" / "python-sdk.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def first_column(text: str, *, header: str) -> set[str]:
    table = text.partition(f"| {header} |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ")]
    return {name for row in rows for name in re.findall(r"`(\w+)(?:`|\()", row)}


def public(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


def test_what_is_exported_is_what_the_package_names():
    assert sorted(client.__all__) == client.__all__
    named = {name for name, value in vars(client).items() if not name.startswith("_") and not inspect.ismodule(value)}
    assert named | {"langsmith_service"} == set(client.__all__)


def test_every_public_name_is_on_the_page():
    assert [] == [name for name in client.__all__ if not re.search(rf"`{name}(?:`|\()", PAGE)]


def test_the_arguments_of_a_client_are_those_of_the_page():
    arguments = set(inspect.signature(Headgate).parameters)
    assert arguments == first_column(section("Clients"), header="argument")


def test_the_methods_of_a_client_are_those_of_the_page():
    assert public(Headgate) - {"close"} == first_column(section("Clients"), header="method")
    assert [] == [name for name in public(TextStream) if f"`{name}" not in PAGE]


def test_the_seeds_names_are_on_the_page():
    text = section("The seeds' names")
    assert [] == [name for seed, name in PYTHON_NAMES if seed in {"000", "003"} and name not in text]


def test_the_arguments_of_a_request_are_those_of_the_page():
    assert set(TextRequest.__annotations__) == first_column(section("A request"), header="argument")


def test_the_fields_of_a_result_are_those_of_the_page():
    assert set(Generation.__struct_fields__) == first_column(section("A result"), header="field")


def test_the_errors_are_those_of_the_page():
    errors = {
        name
        for name in client.__all__
        if inspect.isclass(kind := getattr(client, name)) and issubclass(kind, Exception)
    }
    assert errors == first_column(section("Errors"), header="class")


def test_a_remedy_is_for_a_code_that_the_gateway_documents():
    assert set() == set(REMEDIES) - documented()
