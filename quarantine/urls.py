"""URLs of quarantine."""

from django.urls import URLPattern, URLResolver

app_name = "quarantine"
urlpatterns: list[URLPattern | URLResolver] = []
