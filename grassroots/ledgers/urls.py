"""URLs of ledgers."""

from django.urls import path

from grassroots.ledgers.views import download, statistics

app_name = "ledgers"
urlpatterns = [
    path("", download.ledger_list, name="ledger_list"),
    path("download/", download.download, name="download"),
    path("statistics/", statistics.statistics, name="statistics"),
]
