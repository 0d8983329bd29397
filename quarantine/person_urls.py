"""URLs of a person's file (专档)."""

from django.urls import path

from quarantine.views import person_file

urlpatterns = [
    path("people/<uuid:uid>/", person_file.person_file_page, name="person_file"),
    path("people/<uuid:uid>/print/", person_file.person_file_print, name="person_file_print"),
]
