from __future__ import annotations

import io

import pytest

from stillhouse_engine.config import Config
from stillhouse_engine.errors import CommandError


def config(**options):
    made = Config()
    for name, value in options.items():
        made.set_main_option(name, value)
    return made


def test_options_are_set_in_memory_and_percent_is_doubled():
    made = config(url="sqlite:///100%%.db")
    assert made.get_main_option("url") == "sqlite:///100%.db"
    with pytest.raises(ValueError, match="invalid interpolation"):
        made.set_main_option("url", "100%")
    made.remove_main_option("url")
    assert made.get_main_option("url", "gone") == "gone"


def test_sections_are_read_with_a_default():
    made = config()
    made.set_section_option("other", "name", "value")
    assert made.get_section("other") == {"here": ".", "name": "value"}
    assert made.get_section("absent") is None
    assert made.get_section("absent", {"a": "b"}) == {"a": "b"}
    with pytest.raises(CommandError, match=r"No config file None found, or file has no '\[absent\]' section"):
        made.get_section_option("absent", "name")


@pytest.mark.parametrize(
    ("separator", "found"),
    [(":", ["a", "b c;d"]), (";", ["a:b c", "d"]), ("space", ["a:b", "c;d"]), ("newline", ["a:b c;d"])],
)
def test_lists_are_split_at_the_path_separator(separator, found):
    made = config(version_locations="a:b c;d", path_separator=separator)
    assert made.get_version_locations_list() == found


def test_an_unknown_separator_is_refused():
    with pytest.raises(ValueError, match="'bogus' is not a valid value for path_separator"):
        config(version_locations="a", path_separator="bogus").get_version_locations_list()


def test_lists_without_a_separator_are_split_as_they_used_to_be_and_warned_of():
    with pytest.warns(DeprecationWarning, match="No path_separator found"):
        assert config(version_locations="a:b, c d").get_version_locations_list() == ["a:b", "c", "d"]
    with pytest.warns(DeprecationWarning, match="No path_separator found"):
        assert config(prepend_sys_path="a:b, c d").get_prepend_sys_paths_list() == ["a", "b", "c", "d"]


@pytest.mark.parametrize("listed", ["one, two", "one two", "\none,\ntwo"])
def test_hooks_are_read_in_order(listed):
    made = config()
    made.set_section_option("post_write_hooks", "hooks", listed)
    for name in ("one", "two"):
        made.set_section_option("post_write_hooks", f"{name}.type", "exec")
    assert made.get_hooks_list() == [{"type": "exec", "_hook_name": "one"}, {"type": "exec", "_hook_name": "two"}]


def test_boolean_options_are_true_only_when_they_say_so():
    assert config(sourceless="true").get_alembic_boolean_option("sourceless")
    assert not config(sourceless="yes").get_alembic_boolean_option("sourceless")
    assert not config().get_alembic_boolean_option("sourceless")


def test_print_stdout_formats_only_with_arguments():
    out = io.StringIO()
    made = Config(stdout=out)
    made.print_stdout("%s and %s", "this", "that")
    made.print_stdout("100%s")
    assert out.getvalue() == "this and that\n100%s\n"


def test_arguments_are_filled_into_a_pyproject_table(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_text('[tool.alembic]\nscript_location = "%(here)s/%(name)s"\nbad = "%(absent)s"\nlone = "5%"\n')
    made = Config(toml_file=path, config_args={"name": "shop"})
    assert made.get_alembic_option("script_location") == f"{tmp_path.as_posix()}/shop"
    assert made.toml_args == {"name": "shop", "here": tmp_path.as_posix()}
    for name in ("bad", "lone"):
        with pytest.raises(CommandError, match=r"pyproject\.toml: cannot fill in .*; %\(here\)s is the file's folder"):
            made.get_alembic_option(name)
    path.write_text("[tool]\nalembic = 3\n")
    with pytest.raises(CommandError, match=r"\[tool\.alembic\] must be a table"):
        Config(toml_file=path).get_alembic_option("script_location")


def test_attributes_and_arguments_are_kept():
    made = Config(attributes={"connection": 1}, config_args={"name": "shop"})
    made.set_main_option("script_location", "%(name)s/migrations")
    assert made.attributes["connection"] == 1
    assert made.get_main_option("script_location") == "shop/migrations"
