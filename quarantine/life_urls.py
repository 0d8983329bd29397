"""URLs of what goes beside the events of an observation: handovers."""

from django.urls import URLPattern, URLResolver, path

from quarantine.views import handovers

urlpatterns: list[URLPattern | URLResolver] = [
    path("handovers/", handovers.handover_list, name="handover_list"),
    path("handovers/<uuid:uid>/", handovers.handover_detail, name="handover_detail"),
    path("handovers/<uuid:uid>/<slug:step>/", handovers.handover_decide, name="handover_decide"),
]
