"""A gallery in an SQL database: the statements that SQLite and PostgreSQL have in common, once for both."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from apps.face.gallery.gallery import (
    TEACHER,
    Enrolled,
    Gallery,
    Photo,
    check_encoding,
    check_look,
    check_room,
    make_index,
    may_change,
    not_yours,
    owner_mark,
    same_photo,
    taken,
    unknown_person,
    unknown_photo,
)
from apps.face.gallery.index import Index
from apps.face.gallery.names import check_name, name_key
from shared.errors import InputError

FLOAT32 = np.dtype("<f4")  # of the encodings in a database, whatever the machine


_PHOTO = "INSERT INTO photos (person, encoder, dimension, encoding, thumbnail) VALUES (?, ?, ?, ?, ?)"
_PERSON = "INSERT INTO people (name, key, owner) VALUES (?, ?, ?) RETURNING id"


class Database(Protocol):
    """A connection, or what stands for one; a ``?`` in a statement stands for the next of its values."""

    def execute(self, statement: str, values: Sequence[object] = (), /) -> Any:
        """A cursor."""


class SqlGallery(Gallery):
    """A gallery whose people and photos are rows of two tables. A photo is one transaction, whole or not there."""

    @abstractmethod
    def _reading(self) -> contextlib.AbstractContextManager[Database]:
        """One moment of the database, to be read."""

    @abstractmethod
    def _writing(self) -> contextlib.AbstractContextManager[Database]:
        """One transaction after the other, counted in the table of changes; an exception undoes it."""

    def _clean(self) -> None:
        """Something was deleted: take care that nothing is left of it."""

    def enroll(self, name: str, encoding: ArrayLike, *, encoder: str, thumbnail: bytes, owner: str) -> Enrolled:
        """See ``Gallery.enroll``."""
        shown, vector, mark = check_name(name), check_encoding(encoding), owner_mark(owner)
        with self._writing() as db:
            person = db.execute("SELECT id, name, owner FROM people WHERE key = ?", (name_key(shown),)).fetchone()
            if person is not None and not may_change(mark, person[2]):
                raise taken(shown)
            if person is None:
                check_look(shown, (name for (name,) in db.execute("SELECT name FROM people").fetchall()))
            alike = _photos_of(db, person[0], encoder) if person is not None else []
            for photo, known in alike:
                if same_photo(known, vector):
                    return Enrolled(person=person[1], photo=photo, photos=len(alike), added=False)
            self._check_room(db, mark, None if person is None else person[0])
            if person is None:
                person = (answer(db, _PERSON, shown, name_key(shown), mark), shown, mark)
            added = answer(
                db,
                f"{_PHOTO} RETURNING id",
                person[0],
                encoder,
                len(vector),
                vector.astype(FLOAT32).tobytes(),
                thumbnail,
            )
            return Enrolled(person=person[1], photo=int(added), photos=len(alike) + 1, added=True)

    def photos(self, owner: str) -> tuple[Photo, ...]:
        """See ``Gallery.photos``."""
        mark = owner_mark(owner)
        with self._reading() as db:
            rows = db.execute(
                "SELECT photos.id, name, encoder, thumbnail, owner FROM photos JOIN people ON people.id = person"
                " ORDER BY photos.id"
            ).fetchall()
        return tuple(
            Photo(id=photo, person=name, encoder=encoder, thumbnail=small, mine=may_change(mark, owned_by))
            for photo, name, encoder, small, owned_by in rows
        )

    def forget(self, name: str, *, owner: str) -> int:
        """See ``Gallery.forget``."""
        with self._writing() as db:
            found = db.execute("SELECT id, name, owner FROM people WHERE key = ?", (name_key(str(name)),)).fetchone()
            if found is None:
                raise unknown_person(name)
            if not may_change(owner_mark(owner), found[2]):
                raise not_yours(found[1])
            gone: int = db.execute("DELETE FROM photos WHERE person = ?", (found[0],)).rowcount
            db.execute("DELETE FROM people WHERE id = ?", (found[0],))
        self._clean()
        return gone

    def forget_photo(self, photo: int, *, owner: str) -> str:
        """See ``Gallery.forget_photo``."""
        with self._writing() as db:
            found = db.execute(
                "SELECT person, name, owner FROM photos JOIN people ON people.id = person WHERE photos.id = ?", (photo,)
            ).fetchone()
            if found is None:
                raise unknown_photo(photo)
            if not may_change(owner_mark(owner), found[2]):
                raise not_yours(found[1])
            db.execute("DELETE FROM photos WHERE id = ?", (photo,))
            db.execute(
                "DELETE FROM people WHERE id = ? AND NOT EXISTS (SELECT 1 FROM photos WHERE person = ?)",
                (found[0], found[0]),
            )
        self._clean()
        return str(found[1])

    def clear(self, *, owner: str) -> int:
        """See ``Gallery.clear``."""
        mark, everything = owner_mark(owner), owner == TEACHER
        with self._writing() as db:
            whose = "SELECT id FROM people WHERE owner = ? OR ?"
            gone: int = db.execute(f"DELETE FROM photos WHERE person IN ({whose})", (mark, everything)).rowcount
            db.execute("DELETE FROM people WHERE owner = ? OR ?", (mark, everything))
        self._clean()
        return gone

    def version(self) -> int:
        """See ``Gallery.version``."""
        with self._reading() as db:
            return int(answer(db, "SELECT n FROM changes"))

    def load(self, encoder: str) -> Index:
        """See ``Gallery.load``."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT name, photos.id, encoding FROM photos JOIN people ON people.id = person"
                " WHERE encoder = ? ORDER BY photos.id",
                (encoder,),
            ).fetchall()
        return make_index([(name, photo, np.frombuffer(blob, FLOAT32)) for name, photo, blob in rows])

    def copy_to(self, other: SqlGallery) -> tuple[int, int]:
        """Everything into ``other``, which is empty, at one moment: people, owners, photos; how many of both.

        Raises:
            InputError: ``other`` is not empty; nothing was changed.
        """
        with self._reading() as source, other._writing() as target:
            if answer(target, "SELECT count(*) FROM people"):
                raise taken_place()
            people = source.execute("SELECT id, name, key, owner FROM people ORDER BY id").fetchall()
            numbers = {person: answer(target, _PERSON, name, key, owner) for person, name, key, owner in people}
            photos = source.execute("SELECT person, encoder, dimension, encoding, thumbnail FROM photos ORDER BY id")
            count = 0
            for person, *rest in photos:
                target.execute(
                    _PHOTO,
                    (numbers[person], *rest),
                )
                count += 1
        return len(people), count

    def _check_room(self, db: Database, mark: str, person: int | None) -> None:
        count = "SELECT count(*) FROM photos"
        owned = f"{count} WHERE person IN (SELECT id FROM people WHERE owner = ?)"
        check_room(
            self.limits,
            photos=answer(db, count),
            owned=answer(db, owned, mark),
            of_person=0 if person is None else answer(db, f"{count} WHERE person = ?", person),
        )


def taken_place() -> InputError:
    """A gallery that is to be copied into holds people."""
    return InputError("an empty gallery to copy into", "one with people in it", "Choose another, or clear it first.")


def answer(db: Database, question: str, *values: object) -> Any:
    """The one value that answers ``question``."""
    return db.execute(question, values).fetchone()[0]


def _photos_of(db: Database, person: int, encoder: str) -> list[tuple[int, NDArray[np.float32]]]:
    rows = db.execute("SELECT id, encoding FROM photos WHERE person = ? AND encoder = ?", (person, encoder)).fetchall()
    return [(photo, np.frombuffer(blob, FLOAT32)) for photo, blob in rows]
