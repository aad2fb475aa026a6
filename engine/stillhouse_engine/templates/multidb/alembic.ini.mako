# Several databases that move together.

[alembic]
# Where env.py and the revisions are. %(here)s is the folder of this file; "package:path" finds them in an installed package.
script_location = ${script_location}

# Names of new revision files. Known parts: rev slug epoch year month day hour minute second.
# With a slash they go to sub-folders, which need recursive_version_locations = true to be found.
# file_template = %%(year)d_%%(month).2d_%%(day).2d-%%(rev)s_%%(slug)s

# Folders to put in front of the import path.
prepend_sys_path = .

# What separates folders in the lists of this file: os (its usual separator), space, newline, ":" or ";".
path_separator = os

# Folders of revisions, where one is not enough.
# version_locations = %(here)s/users:%(here)s/orders

# Look for revisions in sub-folders, too.
# recursive_version_locations = false

# Time zone of the dates in revision files; local time when not set.
# timezone = UTC

# The longest message in a file name.
# truncate_slug_length = 40

# Run env.py for "revision" even without --autogenerate.
# revision_environment = false

# Take compiled files for revisions where the source is missing.
# sourceless = false

# The encoding of revision files.
# output_encoding = utf-8

# The databases, and what to connect to for each. Only env.py reads this.
databases = engine1, engine2

[engine1]
sqlalchemy.url = driver://user:pass@localhost/dbname

[engine2]
sqlalchemy.url = driver://user:pass@localhost/dbname2

[post_write_hooks]
# Programs to run on each new revision file, in order.
# hooks = ruff
# ruff.type = module
# ruff.module = ruff
# ruff.options = check --fix REVISION_SCRIPT_FILENAME

# Logging: env.py hands these sections to logging.config.fileConfig().
[loggers]
keys = root,sqlalchemy,alembic

[handlers]
keys = console

[formatters]
keys = generic

[logger_root]
level = WARNING
handlers = console
qualname =

[logger_sqlalchemy]
level = WARNING
handlers =
qualname = sqlalchemy.engine

[logger_alembic]
level = INFO
handlers =
qualname = alembic

[handler_console]
class = StreamHandler
args = (sys.stderr,)
level = NOTSET
formatter = generic

[formatter_generic]
format = %(levelname)-5.5s [%(name)s] %(message)s
datefmt = %H:%M:%S
