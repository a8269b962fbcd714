"""People, their tokens, sessions and invitations, and the audit log."""

from datetime import datetime, timedelta

from monitor.people.person import AuditAction, AuditEntry, Invitation, Person, SignInSession, Token
from monitor.store import people_reads, rows
from monitor.store.access import StoreAccess
from monitor.store.statements import SqlStatement

USE_IS_TOLD = timedelta(minutes=1)  # so that not every request of a token is a write


class PeopleStore:
    """People, their rights, and the audit log. Writes survive the process. Raises StoreError."""

    def __init__(self, access: StoreAccess) -> None:
        self._access = access
        self._used: dict[str, datetime] = {}

    async def all(self) -> list[Person]:
        """Everybody who can, or could, sign in; by name."""
        return await self._access.read(people_reads.all_people)

    async def person(self, name: str) -> Person | None:
        """Somebody by their name, in lower case."""
        return await self._access.read(people_reads.person, name)

    async def put_person(self, person: Person, *audit: AuditEntry, sign_out: bool = False) -> None:
        """Keep somebody as they are now, new or in place of the one with that name, together with these lines of the
        audit log. The password of one who is there stays: only
        `accept_invitation` and `change_password` set it. `sign_out`: everywhere,
        too."""
        ended = [(SqlStatement.END_SESSIONS, {"of": person.name})] if sign_out else []
        await self._access.write(*rows.kept(SqlStatement.PERSON, person), *ended, *rows.noted(*audit))

    async def tokens(self) -> list[Token]:
        """Every token there ever was, oldest first."""
        return await self._access.read(people_reads.all_tokens)

    async def token_by_digest(self, digest: str) -> Token | None:
        """One token. It may be revoked or expired."""
        return await self._access.read(people_reads.token, digest)

    async def put_token(self, token: Token, *audit: AuditEntry) -> None:
        """Keep a token as it is now, new or in place of the one with that id, together with `audit`.

        Its digest stays what it was, what was revoked stays revoked, and only `token_used` changes when it was used.
        """
        await self._access.write(*rows.kept(SqlStatement.TOKEN, token), *rows.noted(*audit))

    async def token_used(self, token_id: str, at: datetime) -> None:
        """Keep that a token was used; to the minute, and without waiting if it was used in the same minute."""
        if token_id not in self._used or at - self._used[token_id] >= USE_IS_TOLD:
            self._used[token_id] = at
            await self._access.write((SqlStatement.USED, {"token": token_id, "at": at}))

    async def session(self, digest: str) -> SignInSession | None:
        """One session that nobody ended. It may have expired."""
        return await self._access.read(people_reads.session, digest)

    async def sessions(self, name: str) -> list[SignInSession]:
        """Return a person's sessions that nobody ended, the newest first. They may have expired."""
        return await self._access.read(people_reads.sessions_of, name)

    async def put_session(self, session: SignInSession, *audit: AuditEntry) -> None:
        """Keep a new session, together with `audit`, or when it was seen and will expire. One that was ended stays
        so."""
        await self._access.write(*rows.kept(SqlStatement.SESSION, session), *rows.noted(*audit))

    async def end_session(self, digest: str, *audit: AuditEntry) -> None:
        """Sign out here, together with `audit`."""
        await self._access.write((SqlStatement.END_SESSION, {"of": digest}), *rows.noted(*audit))

    async def change_password(self, name: str, password: str, session: str, *audit: AuditEntry) -> None:
        """Set the password (a hash) of a person and sign them out everywhere but in this session (a digest)."""
        await self._access.write(
            (SqlStatement.PASSWORD, {"of": name, "kept": password}),
            (SqlStatement.END_OTHER_SESSIONS, {"of": name, "but": session}),
            *rows.noted(*audit),
        )

    async def put_invitation(self, invitation: Invitation, *audit: AuditEntry) -> None:
        """Keep a new invitation, together with `audit`. It voids the one that its person had."""
        await self._access.write(*rows.kept(SqlStatement.INVITE, invitation), *rows.noted(*audit))

    async def invitation(self, digest: str) -> Invitation | None:
        """The invitation, while nobody took it. It may have expired."""
        return await self._access.read(people_reads.invitation, digest)

    async def accept_invitation(
        self, digest: str, at: datetime, password: str, *audit: AuditEntry
    ) -> Invitation | None:
        """The invitation, for the first who asks for it before it expires. It is gone then, its person has this
        password (a hash) and is signed out everywhere, and `audit` is kept: all of it or nothing."""
        if (found := await self._access.read(people_reads.invitation, digest)) is None:
            return None
        follows = (
            (SqlStatement.PASSWORD, {"of": found.person, "kept": password}),
            (SqlStatement.END_SESSIONS, {"of": found.person}),
            *rows.noted(*audit),
        )
        redeemed = await self._access.write((SqlStatement.REDEEM, {"of": digest, "at": at}), then=follows)
        return found if redeemed else None

    async def note(self, entry: AuditEntry) -> None:
        """Add a line to the audit log, which is kept for ever but for refused sign-ins; see `prune`."""
        await self._access.write(*rows.kept(SqlStatement.NOTE, entry))

    async def note_within(self, entry: AuditEntry, most: int, since: datetime) -> bool:
        """Add a line to the audit log. False, and nothing is written, if it has `most` of the same action about the
        same subject after `since`, whichever process wrote them."""
        row = {**rows.fields_of(entry), "most": most, "since": since}
        return await self._access.write((SqlStatement.NOTE_WITHIN, row)) > 0

    async def entries_at(self, what: AuditAction, at: datetime) -> list[AuditEntry]:
        """The lines of the audit log with this action of this very moment."""
        return await self._access.read(people_reads.entries_at, what.value, at)

    async def audit_log(self, before_id: int | None, most: int) -> list[tuple[int, AuditEntry]]:
        """At most so many lines of the audit log before that one, None: the last ones; newest first, with numbers."""
        return await self._access.read(people_reads.newest_audit_entries, before_id, most)
