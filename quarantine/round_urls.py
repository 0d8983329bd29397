"""URLs of the round, of paper, corrections and alerts."""

from django.urls import URLPattern, URLResolver, path

from quarantine.views import alert_actions, alerts, backfill, corrections, flags, walks
from quarantine.views import round as rounds

urlpatterns: list[URLPattern | URLResolver] = [
    path("round/", rounds.round_page, name="round"),
    path("round/order/", walks.round_order, name="round_order"),
    path("visits/<uuid:uid>/trend/", walks.visit_trend, name="visit_trend"),
    path("visits/<uuid:uid>/", rounds.round_row, name="round_row"),
    path("visits/<uuid:uid>/record/", rounds.visit_record, name="visit_record"),
    path("visits/<uuid:uid>/mark/", rounds.visit_state, name="visit_mark"),
    path("visits/<uuid:uid>/explain/", backfill.visit_reason, name="visit_explain"),
    path("backfill/", backfill.backfill, name="backfill"),
    path("backfill/<uuid:uid>/", backfill.backfill_record, name="backfill_record"),
    path("readings/<uuid:uid>/correct/", corrections.reading_correct, name="reading_correct"),
    path("alerts/", alerts.alert_list, name="alert_list"),
    path("alerts/<uuid:uid>/", alerts.alert_detail, name="alert_detail"),
    path("alerts/<uuid:uid>/update/", alerts.alert_update, name="alert_update"),
    path("alerts/<uuid:uid>/act/<slug:step>/", alert_actions.alert_act, name="alert_act"),
    path("alerts/actions/<uuid:uid>/arrive/", alert_actions.alert_arrive_page, name="alert_arrive"),
    path("alerts/actions/<uuid:uid>/annul/", alert_actions.alert_annul_page, name="alert_annul"),
    path("flags/", flags.flag_list, name="flag_list"),
    path("flags/<uuid:uid>/", flags.flag_detail, name="flag_detail"),
]
