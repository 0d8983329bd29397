"""URLs of quarantine. People and files go by uid: nothing personal stands in an address."""

from django.urls import URLPattern, URLResolver, path

from quarantine import life_urls, paper_urls, person_urls, pushed_urls, round_urls, service_urls
from quarantine.views import (
    events,
    observations,
    opening,
    policies,
    policy_edit,
    returnee_forms,
    returnee_voided,
    returnees,
)
from quarantine.views.contact_follow import contact_follow

app_name = "quarantine"
CREATE = returnee_forms.returnee_create
OPEN = opening.observation_open_page
urlpatterns: list[URLPattern | URLResolver] = [
    # files of returnees
    path("returnees/", returnees.returnee_list, name="returnee_list"),
    path("returnees/voided/", returnee_voided.returnee_voided_list, name="returnee_voided_list"),
    path("returnees/<uuid:uid>/restore/", returnee_voided.returnee_restore_page, name="returnee_restore"),
    path("returnees/create/", CREATE, name="returnee_create"),
    path("returnees/create/household/<uuid:household_uid>/", CREATE, name="returnee_create"),
    path("returnees/create/person/<uuid:person_uid>/", CREATE, name="returnee_create"),
    path(
        "returnees/create/survey/<uuid:survey_uid>/person/<uuid:person_uid>/", CREATE, name="returnee_create"
    ),
    path("returnees/create/pushed/<uuid:pushed_uid>/", CREATE, name="returnee_create"),
    path("returnees/<uuid:uid>/", returnees.returnee_detail, name="returnee_detail"),
    path("returnees/<uuid:uid>/edit/", returnee_forms.returnee_edit, name="returnee_edit"),
    path("returnees/<uuid:uid>/void/", returnees.returnee_void_page, name="returnee_void"),
    path("returnees/<uuid:uid>/contacts/<int:pk>/dial/", returnees.contact_dial, name="contact_dial"),
    path("returnees/<uuid:uid>/contacts/<int:pk>/follow/", contact_follow, name="contact_follow"),
    # the person's own file
    *person_urls.urlpatterns,
    # observations
    path("observations/", observations.observation_list, name="observation_list"),
    path("observations/open/returnee/<uuid:returnee_uid>/", OPEN, name="observation_open"),
    path("observations/open/person/<uuid:person_uid>/", OPEN, name="observation_open"),
    path("observations/<uuid:uid>/", observations.observation_detail, name="observation_detail"),
    path("observations/<uuid:uid>/sheet/", observations.observation_sheet, name="observation_sheet"),
    path("observations/<uuid:uid>/event/<slug:kind>/", events.observation_event, name="observation_event"),
    *life_urls.urlpatterns,
    # policies
    path("policies/", policies.policy_list, name="policy_list"),
    path("policies/create/", policy_edit.policy_edit, name="policy_create"),
    path("policies/compare/", policy_edit.policy_compare, name="policy_compare"),
    path("policies/<int:pk>/edit/", policy_edit.policy_edit, name="policy_edit"),
    path("policies/<int:pk>/discard/", policy_edit.policy_discard_page, name="policy_discard"),
    path("policies/<int:pk>/switch/", policies.policy_switch, name="policy_switch"),
    path("policies/<int:pk>/withdraw/", policies.policy_withdraw_page, name="policy_withdraw"),
    # services
    *service_urls.urlpatterns,
    # papers
    *paper_urls.urlpatterns,
    # lists pushed down from above
    *pushed_urls.urlpatterns,
    # the round, paper, corrections, alerts
    *round_urls.urlpatterns,
]
