"""URLs of notices."""

from django.urls import URLPattern, URLResolver, path

from grassroots.notices.views import channels, inbox, leaves, records

app_name = "notices"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", inbox.inbox, name="inbox"),
    path("read-all/", inbox.read_all, name="inbox_read_all"),
    path("<uuid:uid>/open/", inbox.message_open, name="message_open"),
    path("<uuid:uid>/answer/", inbox.message_answered, name="message_answer"),
    path("records/", records.record_list, name="record_list"),
    path("channels/", channels.channel_list, name="channel_list"),
    path("channels/new/", channels.channel_create, name="channel_create"),
    path("channels/<uuid:uid>/", channels.channel_edit, name="channel_edit"),
    path("channels/<uuid:uid>/test/", channels.channel_test, name="channel_test"),
    path("mine/", channels.own_edit, name="own_edit"),
    path("leaves/", leaves.leave_list, name="leave_list"),
    path("leaves/new/", leaves.leave_create, name="leave_create"),
    path("leaves/<uuid:uid>/end/", leaves.leave_end_now, name="leave_end"),
    path("clock/", inbox.tick_log, name="tick_log"),
]
