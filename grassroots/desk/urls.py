"""URLs of desk."""

from django.urls import path

from grassroots.desk import display, leaders_page, views

app_name = "desk"
urlpatterns = [
    path("", views.workbench, name="workbench"),
    path("leaders/", leaders_page.leaders, name="leaders"),
    path("search/", views.search_page, name="search"),
    path("first-start/", views.first_start, name="first_start"),
    path("display/", display.display_choose, name="display"),
    path("health/", views.health, name="health"),
]
