"""Operations as Python source.

Names with an underscore are those that packages built on Alembic import from here.
"""

from stillhouse_engine.autogenerate.render.bodies import body as _render_cmd_body
from stillhouse_engine.autogenerate.render.bodies import indented as _indent
from stillhouse_engine.autogenerate.render.bodies import into_template_variables as _render_python_into_templatevars
from stillhouse_engine.autogenerate.render.bodies import modify_table as _render_modify_table
from stillhouse_engine.autogenerate.render.columns import add_column as _add_column
from stillhouse_engine.autogenerate.render.columns import alter_column as _alter_column
from stillhouse_engine.autogenerate.render.columns import column_source as _render_column
from stillhouse_engine.autogenerate.render.columns import drop_column as _drop_column
from stillhouse_engine.autogenerate.render.constraint_directives import add_check as _add_check_constraint
from stillhouse_engine.autogenerate.render.constraint_directives import add_foreign_key as _add_fk_constraint
from stillhouse_engine.autogenerate.render.constraint_directives import add_unique as _add_unique_constraint
from stillhouse_engine.autogenerate.render.constraint_directives import drop_constraint as _drop_constraint
from stillhouse_engine.autogenerate.render.constraint_directives import execute_sql as _execute_sql
from stillhouse_engine.autogenerate.render.constraints import constraint_renderers as _constraint_renderers
from stillhouse_engine.autogenerate.render.constraints import constraint_source as _render_constraint
from stillhouse_engine.autogenerate.render.expressions import computed as _render_computed
from stillhouse_engine.autogenerate.render.expressions import identity as _render_identity
from stillhouse_engine.autogenerate.render.expressions import potential_expression as _render_potential_expr
from stillhouse_engine.autogenerate.render.expressions import server_default as _render_server_default
from stillhouse_engine.autogenerate.render.indexes import add_index as _add_index
from stillhouse_engine.autogenerate.render.indexes import drop_index as _drop_index
from stillhouse_engine.autogenerate.render.indexes import index_elements as _get_index_rendered_expressions
from stillhouse_engine.autogenerate.render.objects import schema_object as _render_schema_object
from stillhouse_engine.autogenerate.render.registry import (
    CodeName,
    default_renderers,
    render_op,
    render_op_text,
    renderers,
)
from stillhouse_engine.autogenerate.render.registry import code_name as _render_gen_name
from stillhouse_engine.autogenerate.render.registry import directive_prefix as _alembic_autogenerate_prefix
from stillhouse_engine.autogenerate.render.registry import plain as _ident
from stillhouse_engine.autogenerate.render.registry import sqlalchemy_prefix as _sqlalchemy_autogenerate_prefix
from stillhouse_engine.autogenerate.render.registry import user_rendering as _user_defined_render
from stillhouse_engine.autogenerate.render.tables import MAX_PYTHON_ARGS
from stillhouse_engine.autogenerate.render.tables import add_table as _add_table
from stillhouse_engine.autogenerate.render.tables import create_table_comment as _render_create_table_comment
from stillhouse_engine.autogenerate.render.tables import drop_table as _drop_table
from stillhouse_engine.autogenerate.render.tables import drop_table_comment as _render_drop_table_comment
from stillhouse_engine.autogenerate.render.types import type_source as _repr_type
from stillhouse_engine.autogenerate.render.types import user_prefix as _user_autogenerate_prefix

renderers.include(default_renderers)

_f_name = CodeName

__all__ = [
    "MAX_PYTHON_ARGS",
    "_add_check_constraint",
    "_add_column",
    "_add_fk_constraint",
    "_add_index",
    "_add_table",
    "_add_unique_constraint",
    "_alembic_autogenerate_prefix",
    "_alter_column",
    "_constraint_renderers",
    "_drop_column",
    "_drop_constraint",
    "_drop_index",
    "_drop_table",
    "_execute_sql",
    "_f_name",
    "_get_index_rendered_expressions",
    "_ident",
    "_indent",
    "_render_cmd_body",
    "_render_column",
    "_render_computed",
    "_render_constraint",
    "_render_create_table_comment",
    "_render_drop_table_comment",
    "_render_gen_name",
    "_render_identity",
    "_render_modify_table",
    "_render_potential_expr",
    "_render_python_into_templatevars",
    "_render_schema_object",
    "_render_server_default",
    "_repr_type",
    "_sqlalchemy_autogenerate_prefix",
    "_user_autogenerate_prefix",
    "_user_defined_render",
    "default_renderers",
    "render_op",
    "render_op_text",
    "renderers",
]
