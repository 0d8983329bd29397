"""URLs of ledgers."""

from django.urls import path

from grassroots.ledgers import views

app_name = "ledgers"
urlpatterns = [
    path("", views.ledger_list, name="ledger_list"),
    path("download/", views.download, name="download"),
    path("statistics/", views.statistics, name="statistics"),
]
