"""All URLs. Only uids stand in them, never a name, an ID number or a phone."""

from django.urls import include, path

urlpatterns = [
    path("", include("grassroots.desk.urls")),
    path("", include("grassroots.grid.offline.urls")),
    path("grid/", include("grassroots.grid.urls")),
    path("ledgers/", include("grassroots.ledgers.urls")),
    path("notices/", include("grassroots.notices.urls")),
    path("households/", include("households.urls")),
    path("quarantine/", include("quarantine.urls")),
    path("measures/", include("measures.urls")),
]

handler400 = "grassroots.grid.views.bad_request"
handler403 = "grassroots.grid.views.permission_denied"
handler404 = "grassroots.grid.views.not_found"
handler500 = "grassroots.grid.views.server_error"
