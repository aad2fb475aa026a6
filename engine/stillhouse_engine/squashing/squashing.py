"""Squashing a range: run it on a scratch database, write one revision that does the same, and prove that on another."""

from __future__ import annotations

import tempfile
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from stillhouse_engine.errors import CommandError
from stillhouse_engine.script.locations import read_file
from stillhouse_engine.script.revision import RevisionMap
from stillhouse_engine.squashing.data_writes import data_writes
from stillhouse_engine.squashing.drafts import downgrade_body, no_way_back, upgrade_body
from stillhouse_engine.squashing.errors import SquashError
from stillhouse_engine.squashing.files import Draft, SquashedFile
from stillhouse_engine.squashing.ranges import closed_range
from stillhouse_engine.squashing.seeds import seeds_between
from stillhouse_engine.squashing.stages import stage

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from stillhouse_engine.runtime.opened import OpenedProject
    from stillhouse_engine.runtime.specs import DatabaseSpec
    from stillhouse_engine.squashing.ranges import Range
    from stillhouse_engine.squashing.seeds import Seeds
    from stillhouse_engine.squashing.stages import Stage
    from stillhouse_engine.squashing.states import State

SHOWN = 20
SEEN_HERE = frozenset({"column order", "grant", "owner", "sequence value"})
"""What snapshots leave out, and the proof does not."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants squashed.

    Attributes:
        rev_range: ``[start]:[end]``, both included; None for everything up to the only head.
        message: the message of the squashed revision.
        scratch_url: the server for scratch databases; None for that of the database.
        without_data: squash a range above the base even where its revisions write rows.
        dry_run: write nothing.
    """

    rev_range: str | None = None
    message: str | None = None
    scratch_url: str | None = None
    without_data: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Squashed:
    """What came of it.

    Attributes:
        revision: the id of the squashed revision, which is that of the newest original.
        replaces: the ids of all revisions whose place it takes.
        path: its file.
        kept: the folder of the originals.
        source: its source.
        dialect: the kind of database that it was made and proved on.
        fingerprint: of the schema that it leads to.
        rows: seed rows by table.
        carried: statements taken over as they are, because a snapshot does not show what they do.
        not_compared: what the proof says nothing about, each with the reason.
        reversible: whether its ``downgrade()`` was proved, too; else it raises an error.
        written: whether the files were written.
    """

    revision: str
    replaces: tuple[str, ...]
    path: str
    kept: str
    source: str
    dialect: str
    fingerprint: str
    rows: dict[str, int]
    carried: tuple[str, ...]
    not_compared: tuple[tuple[str, str], ...]
    reversible: bool
    written: bool


async def squash(project: OpenedProject, database: DatabaseSpec, wish: Wish) -> Squashed:
    """Replace a range of a project's revisions by one.

    Args:
        project: the project.
        database: where its scratch databases are made, unless the wish names another server; it is not touched itself.
        wish: what is wanted.

    Raises:
        SquashError: the range cannot be squashed, or the squashed revision does not do the same.
        CommandError: a symbol names no revision, or a revision fails on the scratch database.
    """
    return await _Squashing(project, database, wish).run()


class _Squashing:
    """One squash, from looking at the range to moving the files."""

    def __init__(self, project: OpenedProject, database: DatabaseSpec, wish: Wish) -> None:
        self.project = project
        self.database = database
        self.wish = wish
        self.found = closed_range(project.script, wish.rev_range)
        first, count = self.found.members[0].revision, len(self.found.replaces)
        self.message = wish.message or f"squash {count} revisions from {first} to {self.found.newest}"
        self.file = SquashedFile(project.script, project._config(), self.found, self.message)  # noqa: SLF001 - same engine
        self.refuse_lost_data()

    def refuse_lost_data(self) -> None:
        """Refuse to forget what revisions do to rows of databases that stand below the range.

        Raises:
            SquashError: with each place.
        """
        if not self.found.down or self.wish.without_data:
            return
        places = list(data_writes(self.found.members))
        if places:
            raise SquashError(
                "These revisions seem to write rows, and databases below the range may hold some:",
                places,
                "let the range begin at the base, or say --without-data: then databases below it need the originals",
            )

    async def run(self) -> Squashed:
        async with self.stage() as scratch:
            before = await self.below(scratch)
            await scratch.upgrade(self.project.script.revision_map, (self.found.newest,))
            unseen = tuple(scratch.unseen)
            after = await scratch.look()
        seeds = seeds_between(before.rows, after.rows, before.snapshot.by_key)
        upgrades = upgrade_body(before, after, seeds, unseen)
        with tempfile.TemporaryDirectory(prefix="stillhouse-squash-") as folder:
            written = Path(folder, self.file.path.name)
            reversible = await self.prove(written, upgrades, (before, after), seeds)
            source = self.file.read(written)
            if not self.wish.dry_run:
                self.file.put_in_place(written)
        return self.squashed(source, after, seeds, unseen, reversible=reversible)

    def stage(self) -> AbstractAsyncContextManager[Stage]:
        return stage(self.project, self.database, self.wish.scratch_url)

    async def below(self, scratch: Stage) -> State:
        """Bring a scratch database to where the range begins."""
        if self.found.below:
            await scratch.upgrade(self.project.script.revision_map, self.found.below)
        return await scratch.look()

    async def prove(self, path: Path, upgrades: str, wanted: tuple[State, State], seeds: Seeds) -> bool:
        """Write the squashed revision to a file outside of the project, and see that it does what its originals did.

        Returns:
            Whether its downgrade does the contrary; if not, the file's ``downgrade()`` raises an error.

        Raises:
            SquashError: it does something else.
        """
        before, after = wanted
        no_way = no_way_back(self.found.newest)
        back = downgrade_body(before, after, seeds)
        revisions = self.write(path, Draft(self.message, upgrades, back or no_way))
        async with self.stage() as scratch:
            await self.below(scratch)
            await self.goes_up(scratch, revisions, after)
            reversible = back is not None and await self.goes_back(scratch, revisions, before)
        if back is not None and not reversible:
            self.write(path, Draft(self.message, upgrades, no_way))
        return reversible

    async def goes_up(self, scratch: Stage, revisions: RevisionMap, after: State) -> None:
        try:
            await scratch.step(revisions, self.found.newest, is_upgrade=True)
        except CommandError as error:
            raise SquashError(
                "The squashed revision fails on an empty database, and was not written:", [str(error)]
            ) from error
        if differences := list(after.differences(await scratch.look())):
            raise SquashError(
                "The squashed revision does not do what its originals do, and was not written:", differences[:SHOWN]
            )

    async def goes_back(self, scratch: Stage, revisions: RevisionMap, before: State) -> bool:
        try:
            await scratch.step(revisions, self.found.newest, is_upgrade=False)
        except CommandError:
            return False
        return not any(before.differences(replace(await scratch.look(), sequences=before.sequences)))

    def write(self, path: Path, draft: Draft) -> RevisionMap:
        """Write a draft, and return the revisions as they are with it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file.write(path, draft)
        gone = {each.revision for each in self.found.members}
        scripts = [copy(each) for each in self.project.script.walk_revisions() if each.revision not in gone]
        scripts.append(read_file(path))
        return RevisionMap(lambda: scripts)

    def squashed(
        self, source: str, after: State, seeds: Seeds, unseen: tuple[str, ...], *, reversible: bool
    ) -> Squashed:
        found: Range = self.found
        return Squashed(
            revision=found.newest,
            replaces=found.replaces,
            path=str(self.file.path),
            kept=str(self.file.kept),
            source=source,
            dialect=after.snapshot.dialect,
            fingerprint=after.snapshot.fingerprint,
            rows=dict(seeds.counts),
            carried=unseen,
            not_compared=tuple(each for each in after.snapshot.coverage.not_compared if each[0] not in SEEN_HERE),
            reversible=reversible,
            written=not self.wish.dry_run,
        )
