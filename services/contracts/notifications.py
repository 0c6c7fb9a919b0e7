"""What notifications answers: each person's inbox. It tells nothing: it is where the telling ends."""

from services.contracts.base import (
    EventType,
    Message,
    Nothing,
    code,
    command,
    flag,
    instant,
    many,
    nested,
    number,
    opaque,
    query,
)

KINDS = (
    "talk_recorded",
    "consent_requested",
    "consent_given",
    "consent_refused",
    "consent_talk_first",
    "consent_withdrawn",
    "access_opened",
    "participant_added",
    "participant_released",
    "meeting_called",
    "minutes_published",
    "evaluation_set",
    "evaluation_recorded",
    "plan_changed",
    "family_entry",
    "hindrance",
    "handover_proposed",
    "handover_accepted",
    "handover_declined",
    "holder_changed",
    "level_moved",
    "deadline_near",
    "deadline_passed",
    "case_closed",
    "report_made",
    "lane_report_filed",
)
CHANNELS = ("inbox", "email")
ATTEMPTS = ("waiting", "sent", "unknown", "failed", "not_allowed", "no_address")

EVENTS: tuple[EventType, ...] = ()


class Attempt(Message):
    """What was tried on a channel outside the log (NO-2): at most once, an unknown outcome is not repeated."""

    channel = code(*CHANNELS)
    outcome = code(*ATTEMPTS)
    at = instant(required=False)


class InboxMessage(Message):
    """A message: its kind is a key of the translations; what it is about is shown when it is opened."""

    message_id = opaque()
    kind = code(*KINDS)
    case_id = opaque(required=False)
    item_id = opaque(required=False)
    by_person_id = opaque(required=False)
    action_needed = flag()
    at = instant()
    read_at = instant(required=False)
    attempts = nested(Attempt, many=True)


class InboxRequest(Message):
    cursor = opaque(required=False)
    limit = number(minimum=1, maximum=100, load_default=50)
    unread_only = flag(load_default=False)


class InboxPage(Message):
    items = nested(InboxMessage, many=True)
    unread = number()
    next_cursor = opaque(required=False)


class MarkReadRequest(Message):
    message_ids = many(opaque(), max_items=100)


class Unread(Message):
    unread = number()


GetInbox = query(
    "notifications.get_inbox", InboxRequest, InboxPage, "The asker's own messages, newest first."
)
UnreadCount = query("notifications.unread_count", Nothing, Unread, "How many of them are unread.")
MarkRead = command("notifications.mark_read", MarkReadRequest, "Marks one's own messages as read.")

PROCEDURES = (GetInbox, UnreadCount, MarkRead)
