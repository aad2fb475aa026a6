[tool.alembic]
# Where env.py and the revisions are. %(here)s is the folder of this file; "package:path" finds them in an installed package.
script_location = "${script_location}"

# Names of new revision files. Known parts: rev slug epoch year month day hour minute second.
# With a slash they go to sub-folders, which need recursive_version_locations = true to be found.
# file_template = "%%(year)d_%%(month).2d_%%(day).2d-%%(rev)s_%%(slug)s"

# Folders to put in front of the import path.
prepend_sys_path = ["."]

# Folders of revisions, where one is not enough.
# version_locations = ["%(here)s/users", "%(here)s/orders"]

# Look for revisions in sub-folders, too.
# recursive_version_locations = false

# Time zone of the dates in revision files; local time when not set.
# timezone = "UTC"

# The longest message in a file name.
# truncate_slug_length = 40

# Run env.py for "revision" even without --autogenerate.
# revision_environment = false

# Take compiled files for revisions where the source is missing.
# sourceless = false

# The encoding of revision files.
# output_encoding = "utf-8"

# Programs to run on each new revision file, in order.
# [[tool.alembic.post_write_hooks]]
# name = "ruff"
# type = "module"
# module = "ruff"
# options = "check --fix REVISION_SCRIPT_FILENAME"
