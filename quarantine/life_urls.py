"""URLs of what goes beside the events of an observation: handovers, recalculations, follow-ups after release."""

from django.urls import URLPattern, URLResolver, path

from quarantine.views import followups, handovers, recalculations

urlpatterns: list[URLPattern | URLResolver] = [
    path("handovers/", handovers.handover_list, name="handover_list"),
    path("handovers/<uuid:uid>/", handovers.handover_detail, name="handover_detail"),
    path("handovers/<uuid:uid>/<slug:step>/", handovers.handover_decide, name="handover_decide"),
    path("recalculations/", recalculations.recalculation_list, name="recalculation_list"),
    path(
        "recalculations/<uuid:uid>/<slug:step>/",
        recalculations.recalculation_decide,
        name="recalculation_decide",
    ),
    path("followups/", followups.followup_list, name="followup_list"),
    path("followups/<uuid:uid>/", followups.followup_record_page, name="followup_record"),
]
