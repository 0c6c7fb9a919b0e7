"""What notifications answers: each person's inbox, and the subscriptions of outside systems. It tells nothing inside:
it is where the telling ends."""

import re
from typing import Any

from marshmallow import ValidationError, validate

from services.contracts.base import (
    EventType,
    Message,
    Nothing,
    code,
    command,
    event_envelope,
    flag,
    instant,
    many,
    nested,
    number,
    opaque,
    query,
    secret,
)

KINDS = (
    "talk_recorded",
    "consent_requested",
    "consent_given",
    "consent_refused",
    "consent_talk_first",
    "consent_withdrawn",
    "consent_lapsed",
    "consent_answer_needed",
    "consent_ends_soon",
    "consent_ended",
    "say_coming",
    "consent_registered",
    "consent_registered_over_no",
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
    "lane_report_answered",
    "lane_reader_named",
    "emergency_opened",
    "discussion_asked",
    "discussion_answered",
    "log_ended",
    "third_person_asked",
    "nobody_may_act",
    "consent_requested_anew",
    "emergency_ended",
    "protected_order_registered",
    "measure_unread",
    "care_order_awaits",
    "care_order_decided",
)
CHANNELS = ("inbox", "email")
ATTEMPTS = ("waiting", "sent", "unknown", "failed", "not_allowed", "no_address", "too_late")

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


# ---------------------------------------------------------------- outside systems

WAYS = ("queue", "webhook", "feed")
STATES = ("active", "disabled")
DISABLED = ("gone", "failing")
MOST_ITEMS = 100


NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
"""How an outside system is called."""


def _check_name(value: str) -> None:
    if not NAME.fullmatch(value):
        raise ValidationError("not_a_name")


def _recipient() -> Any:
    """The name of an outside system within its municipality: a part of routing keys, so it holds no dot."""
    return code(
        validate=_check_name,
        description="Name of the outside system: a letter, then at most 39 of a-z, 0-9, _ and -",
    )


class SubscribeRequest(Message):
    recipient = _recipient()
    service_id = opaque(description="The service of the municipality that it acts for")
    unit_id = opaque(
        required=False, description="One unit of it: only then is it told as the owning unit is (LG-1)"
    )
    events = many(code(), max_items=50, validate=validate.Length(min=1, error="required"))
    way = code(*WAYS)
    url = secret(required=False, max_length=500, description="Where a webhook is posted to")
    allow_private = flag(load_default=False, description="The address may be private, and plain http")
    key = secret(required=False, description="The webhook's signing secret (whsec_...), or the feed's token")
    queue_most = number(
        minimum=1,
        load_default=100_000,
        description="How many events its queue keeps at most",
    )
    since = instant(required=False, description="Offer what has happened since then, too")


class RecipientRequest(Message):
    recipient = _recipient()


class RotateRequest(Message):
    recipient = _recipient()
    key = secret(description="The new signing secret, or the new token")


class CatchUpRequest(Message):
    recipient = _recipient()
    since = instant()


class SubscriptionState(Message):
    """One outside system, as an operator sees it. Numbers count what it was told; never what it was denied."""

    recipient = _recipient()
    subscription_id = opaque(
        description="Another for each subscription, also where one takes an earlier one's name"
    )
    service_id = opaque()
    unit_id = opaque(required=False)
    events = many(code(), max_items=50)
    way = code(*WAYS)
    state = code(*STATES)
    reason = code(*DISABLED, required=False, description="Why it is disabled")
    created_at = instant()
    last_number = number(description="Number of the last event that it was told")
    waiting = number(description="Events that are still to be decided and told")
    oldest_waiting = instant(required=False, description="When the oldest of them happened")
    catching_up = flag()
    failing_since = instant(required=False)
    next_try_at = instant(required=False)
    dropped = number(description="Events that its full queue has dropped, ever")
    allow_private = flag()


class SubscriptionsAnswer(Message):
    items = nested(SubscriptionState, many=True)


class FeedRequest(Message):
    token = secret()
    after = opaque(required=False, description="The cursor of the last page; left out: from the beginning")
    limit = number(minimum=1, maximum=MOST_ITEMS, load_default=50)


class FeedOfClientRequest(Message):
    recipient = _recipient()
    subscription_id = opaque(
        required=False, description="The one that the client was made for; no other is read"
    )
    after = opaque(required=False, description="The cursor of the last page; left out: from the beginning")
    limit = number(minimum=1, maximum=MOST_ITEMS, load_default=50)


class FeedPage(Message):
    """Its items are told in the moment of the answer: each was decided, numbered and recorded for it."""

    items = many(event_envelope(), max_items=MOST_ITEMS, description="CloudEvents, the oldest first")
    next = opaque(description="Cursor for the next page; the same as before when there is nothing new")
    more = flag(
        description="Ask again at once, with `next`, also when `items` is empty. False: that is all for now"
    )


GetInbox = query(
    "notifications.get_inbox", InboxRequest, InboxPage, "The asker's own messages, newest first."
)
UnreadCount = query("notifications.unread_count", Nothing, Unread, "How many of them are unread.")
MarkRead = command("notifications.mark_read", MarkReadRequest, "Marks one's own messages as read.")

Subscribe = command(
    "notifications.subscribe",
    SubscribeRequest,
    "Lets an outside system be told events of some types, each decided when it is sent. For the operator's command.",
)
Unsubscribe = command(
    "notifications.unsubscribe", RecipientRequest, "Ends a subscription; what waits for it is forgotten."
)
RotateSubscription = command(
    "notifications.rotate_subscription",
    RotateRequest,
    "A new secret: a webhook is signed with the old one too for a day; a feed's old token is void at once.",
)
CatchUp = command(
    "notifications.catch_up",
    CatchUpRequest,
    "Offers the granted events since a time anew, under today's decision.",
)
ResumeSubscription = command(
    "notifications.resume_subscription",
    RecipientRequest,
    "Begins again with a webhook that was disabled, from the first event that it did not get.",
)
Subscriptions = query(
    "notifications.subscriptions", Nothing, SubscriptionsAnswer, "The outside systems of a municipality."
)
ReadFeed = command(
    "notifications.read_feed",
    FeedRequest,
    "What an outside system is told that asks for its events. A command, since telling is numbered and recorded.",
    FeedPage,
)

ReadFeedOfClient = command(
    "notifications.read_feed_of_client",
    FeedOfClientRequest,
    "As read_feed, for a machine client whose scope and feed the gateway has looked up.",
    FeedPage,
)

PROCEDURES = (
    GetInbox,
    UnreadCount,
    MarkRead,
    Subscribe,
    Unsubscribe,
    RotateSubscription,
    CatchUp,
    ResumeSubscription,
    Subscriptions,
    ReadFeed,
    ReadFeedOfClient,
)
