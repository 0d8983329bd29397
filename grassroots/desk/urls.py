"""URLs of desk."""

from django.urls import path

from grassroots.desk import views

app_name = "desk"
urlpatterns = [
    path("", views.workbench, name="workbench"),
    path("search/", views.search_page, name="search"),
    path("first-start/", views.first_start, name="first_start"),
    path("health/", views.health, name="health"),
]
