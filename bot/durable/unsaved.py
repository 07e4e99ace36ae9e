"""What is to be written of the runs on which this process works, the newest of each. Pure.

Laws:

- The last word on each message, call, answer and end counts; what could not be written is written with what came since.
- Drafts wait for an edit or a post of their own run, which shows them; the last one of an answer waits for nothing.
- Of each run it keeps all that stands, so that one which the database does not know can be written anew.
"""

from collections.abc import Set as AbstractSet
from dataclasses import replace

from bot.durable.record import WITHDRAWN, Begun, Changes, Conversation, Copy, Outcome, Record, Withdrawn
from bot.engine.draft import Draft
from bot.slack.question import Question
from bot.texts.language import Language

MOST_LATE = 1_000  # runs that ended while the database was away, and are written late; the oldest of more are forgotten
MINUTE = 60.0  # seconds; edits of longer ago count no more


class Unsaved:
    """Of one process. Times are seconds since 1970."""

    def __init__(self) -> None:
        self._runs: dict[str, Copy] = {}
        self._changes = Changes()
        self._being_written = Changes()  # taken out, and perhaps not in the database yet
        self._due: set[str] = set()  # runs whose newest drafts go with the next write

    @property
    def live(self) -> AbstractSet[str]:
        """The runs on which this process works."""
        return self._runs.keys()

    @property
    def ended(self) -> AbstractSet[str]:
        """Runs whose end is not known to be in the database: it is still to be written, or is just being written."""
        return self._changes.ends.keys() | self._being_written.ends.keys()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be written."""
        return self._changes == Changes()

    def begin(self, question: Question, now: float) -> None:
        """Work on a new run."""
        self._runs[question.key] = Copy(Begun(question, now))

    def claim(self, record: Record) -> None:
        """Work on a run that another process has left, or on one that had ended."""
        self._runs[record.question.key] = Copy.of(record)

    def drop(self, key: str) -> None:
        """Work on a run no more: it is another process's."""
        self._runs.pop(key, None)

    def end(self, key: str, outcome: Outcome, *, is_saved: bool) -> None:
        """Note that a run has ended. One that is not saved is written all the same: its question may come once more."""
        copy = self._runs.pop(key, None)
        if copy and not is_saved:
            self._changes.begins[key] = copy.begun
            if len(self._changes.begins) > MOST_LATE:
                self._changes.forget(next(iter(self._changes.begins)))
        self._changes.ends[key] = outcome

    def note_post(self, key: str, part: str, ts: str | Withdrawn | None) -> None:
        """Note what is known of a message: that it is about to be posted, was not posted, or stands."""
        self._changes.posts[key, part] = ts
        self._due.add(key)
        if copy := self._runs.get(key):
            if ts is WITHDRAWN:
                copy.posts.pop(part, None)
            else:
                copy.posts[part] = ts

    def note_draft(self, key: str, name: str, draft: Draft) -> None:
        """Note an answer's newest draft."""
        self._changes.answers[key, name] = draft
        if copy := self._runs.get(key):
            copy.answers[name] = draft
        if draft.state.is_final:
            self._due.add(key)

    def records(self, workspace: str) -> list[Record]:
        """The runs of a workspace on which this process works, as they stand."""
        return [copy.record() for copy in self._runs.values() if copy.begun.question.workspace == workspace]

    def note_material(self, key: str, material: str) -> None:
        """Note what a run's thread had said."""
        self._changes.materials[key] = material
        if copy := self._runs.get(key):
            copy.begun = replace(copy.begun, material=material)

    def note_language(self, key: str, language: Language) -> None:
        """Note in which language a run is spoken of, where its question had no words to tell it by."""
        self._changes.languages[key] = language.key
        if copy := self._runs.get(key):
            question = replace(copy.begun.question, language=language)
            copy.begun = replace(copy.begun, question=question)

    def note_stop(self, key: str, user: str) -> None:
        """Note that somebody has stopped a run, and have it written."""
        if self.learn_of_stop(key, user):
            self._changes.stops[key] = user

    def learn_of_stop(self, key: str, user: str) -> bool:
        """Note that a run was stopped, as the database has it; whether that is new. Who was first has stopped it."""
        copy = self._runs.get(key)
        if copy is None or copy.begun.stopped_by:
            return False
        copy.begun = replace(copy.begun, stopped_by=user)
        return True

    def recall(self, workspace: str, key: str, found: Conversation | None) -> Conversation | None:
        """The conversation that begins with the run `key`, as it was `found` in the database if it was.

        Of runs on which this process works it is what is newest, and those that were not found are there.
        """
        ours = {name: copy for name, copy in self._runs.items() if copy.begun.question.workspace == workspace}
        live = {name: copy.record() for name, copy in ours.items() if key in {name, copy.begun.question.root}}
        root = live.pop(key, found.root if found else None)
        if root is None:
            return None
        further = {one.question.key: one for one in (found.further if found else ())} | live
        return Conversation(root, sorted(further.values(), key=lambda one: (one.asked_at, one.question.key)))

    def note_edit(self, key: str, part: str, now: float) -> None:
        """Note that an edit of a message is about to be sent."""
        self._changes.calls[key, part] = now
        self._due.add(key)
        if copy := self._runs.get(key):  # else it is not sent: the run is another process's
            copy.calls[part] = now
            self._changes.edits.append((copy.begun.question.workspace, now))

    def note_edit_answered(self, key: str, part: str) -> None:
        """Note that no edit of a message is under way any more."""
        self._changes.calls[key, part] = None
        if copy := self._runs.get(key):
            copy.calls.pop(part, None)

    def note_done(self, signal: str) -> None:
        """Note that what was pressed elsewhere is carried out."""
        self._changes.done.add(signal)

    def note_learned(self, workspace: str, what: str) -> None:
        """Note what a workspace has taught."""
        self._changes.learned[workspace] = what

    def take(self, known: AbstractSet[str], *, is_last: bool = False) -> tuple[Changes, AbstractSet[str]]:
        """Take out what is to be written now, and of which runs the drafts are due; all of it, if it is the last time.

        Runs that are not `known` to the database are written whole. The drafts of runs that show none now are held
        back: while answers grow they would be most of what is written, and unfinished ones are asked for again anyway.
        """
        changes, due = self._changes, self._due
        self._changes, self._due = Changes(answers={} if is_last else changes.take_drafts(due)), set()
        for key in [key for key in self._runs if key not in known]:
            changes.begin(key, self._runs[key])
        self._being_written = changes
        return changes, due

    def settle(self) -> None:
        """Note that what was taken is written."""
        self._being_written = Changes()

    def put_back(self, changes: Changes, due: AbstractSet[str], now: float) -> None:
        """Have written what was taken, and could not be written, with what has come since."""
        newer, self._changes, self._being_written = self._changes, changes, Changes()
        self._changes.update(newer, horizon=now - MINUTE)
        self._due |= due
