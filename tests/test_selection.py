"""`make check` finds the tests of a change, nearest first, and says what it leaves out."""

from __future__ import annotations

from tests.selection import Selection, importers, select

SOURCES = {
    "shop/prices.py": "",
    "shop/orders/models.py": "from shop import prices",
    "shop/pages.py": "from shop.orders.models import Order\nTEMPLATE = 'shop/list.html'",
    "shop/far.py": "import shop.pages",
    "shop/farther.py": "import shop.far",
    "tests/shop/conftest.py": "from shop.orders import models",
    "tests/shop/test_prices.py": "from shop.orders.models import Order",
    "tests/shop/test_pages.py": "import shop.pages",
    "tests/shop/test_orders.py": "from shop.prices import price",
    "tests/test_farther.py": "import shop.farther",
    "kept/__init__.py": "from kept.row import Row",
    "kept/row.py": "",
    "kept/a.py": "import kept",
    "kept/b.py": "import kept.a",
    "kept/c.py": "import kept.b",
    "tests/test_kept_far.py": "import kept.c",
    "config/urls.py": "include('shop.addresses')",
    "shop/addresses.py": "",
    "tests/test_addressing.py": "import config.urls",
    "tests/pages/test_look.py": "",
    "tests/test_nothing.py": "import json",
}


def run(*changed: str, budget: float = 100, **seconds: float) -> Selection:
    return select(changed, SOURCES, {f"tests/shop/test_{name}.py": spent for name, spent in seconds.items()}, budget)


def test_whoever_imports_a_file_is_known() -> None:
    assert importers(SOURCES)["shop/prices.py"] == {"shop/orders/models.py", "tests/shop/test_orders.py"}


def test_a_package_is_imported_by_the_name_of_its_module() -> None:
    assert "shop/pages.py" in importers(SOURCES)["shop/orders/models.py"]


def test_the_test_of_the_same_name_comes_first_and_then_the_nearest() -> None:
    assert run("shop/prices.py").run == [
        "tests/shop/test_prices.py",
        "tests/shop/test_orders.py",
        "tests/shop/test_pages.py",
    ]


def test_models_are_tested_under_the_name_of_their_folder() -> None:
    assert run("shop/orders/models.py").run[0] == "tests/shop/test_orders.py"


def test_what_no_import_reaches_is_not_selected() -> None:
    assert "tests/test_nothing.py" not in run("shop/prices.py").run
    assert run("README.md") == Selection([], [])


def test_a_changed_test_is_run_whatever_it_takes() -> None:
    assert run("tests/shop/test_pages.py", budget=5, pages=900).run == ["tests/shop/test_pages.py"]


def test_a_conftest_is_used_by_every_test_below_it() -> None:
    assert set(run("tests/shop/conftest.py").run) == {path for path in SOURCES if path.startswith("tests/shop/test_")}


def test_a_template_belongs_to_the_module_that_names_it() -> None:
    assert run("templates/shop/list.html").run == ["tests/shop/test_pages.py", "tests/test_farther.py"]


def test_beyond_the_budget_the_farther_are_left_out_and_named() -> None:
    selection = run("shop/prices.py", budget=20, prices=10, orders=5, pages=30)
    assert selection.run == ["tests/shop/test_prices.py", "tests/shop/test_orders.py"]
    assert selection.left_out == ["tests/shop/test_pages.py"]


def test_a_module_named_by_a_dotted_string_is_used() -> None:
    assert run("shop/addresses.py").run == ["tests/test_addressing.py"]


def test_what_no_import_reaches_is_tested_by_its_app_and_templates_by_the_pages() -> None:
    assert run("templates/base.html").run == ["tests/pages/test_look.py"]
    assert set(run("shop/static/shop.js").run) == {path for path in SOURCES if path.startswith("tests/shop/test_")}


def test_a_package_that_hands_on_is_no_step_of_its_own() -> None:
    assert run("kept/row.py").run == ["tests/test_kept_far.py"]
