"""URLs of offline work. The service worker lies at the root: its scope is everything below where it lies."""

from django.urls import URLPattern, URLResolver, path

from grassroots.grid.offline.views import keeping, kept, sending

app_name = "offline"
urlpatterns: list[URLPattern | URLResolver] = [
    path("sw.js", keeping.worker, name="worker"),
    path("manifest.webmanifest", keeping.manifest, name="manifest"),
    path("offline/", kept.queue, name="queue"),
    path("offline/doors/", keeping.home, name="home"),
    path("offline/shell/", keeping.shell, name="shell"),
    path("offline/bundle/", keeping.bundle, name="bundle"),
    path("offline/pages/", keeping.pages, name="pages"),
    path("offline/upload/", sending.upload, name="upload"),
    path("offline/has/<uuid:uid>/", sending.has, name="has"),
    path("offline/pulse/", sending.pulse, name="pulse"),
    path("offline/end/", sending.end, name="end"),
    path("offline/kept/", kept.kept_state, name="kept_state"),
    path("offline/kept/<uuid:uid>/", kept.kept_detail, name="kept"),
    path("offline/kept/<uuid:uid>/dismiss/", kept.kept_dismiss, name="kept_dismiss"),
    path("offline/devices/<uuid:uid>/revoke/", kept.revoke, name="revoke"),
    path("offline/staff/<uuid:uid>/revoke/", kept.revoke_all, name="revoke_all"),
]
