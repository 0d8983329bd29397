"""URLs of notices."""

from django.urls import URLPattern, URLResolver, path

from grassroots.notices import views

app_name = "notices"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.inbox, name="inbox"),
    path("read-all/", views.read_all, name="inbox_read_all"),
    path("<uuid:uid>/open/", views.message_open, name="message_open"),
    path("clock/", views.tick_log, name="tick_log"),
]
