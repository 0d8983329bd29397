"""URLs of households. People and doors go by uid: nothing personal stands in an address."""

from django.urls import URLPattern, URLResolver, path

from households.views import absent, doors, duties, household, people, picture, removals, residencies, survey

app_name = "households"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", doors.household_list, name="household_list"),
    path("find/", doors.door_find, name="door_find"),
    path("picture/", picture.picture_top, name="picture_top"),
    path("picture/<int:pk>/", picture.picture, name="picture"),
    path("missing/<int:pk>/", picture.missing_doors, name="missing_doors"),
    path("missing/doors/<uuid:uid>/undo/", picture.missing_undo, name="missing_undo"),
    path("absent/", absent.absent_list, name="absent_list"),
    path("create/", household.household_create, name="household_create"),
    path("<uuid:uid>/", household.household_detail, name="household_detail"),
    path("<uuid:uid>/edit/", household.household_edit, name="household_edit"),
    path("<uuid:uid>/close/", household.household_close_page, name="household_close"),
    path("<uuid:uid>/survey/", survey.survey_create, name="survey_create"),
    path("<uuid:uid>/survey/member/", survey.survey_member_row, name="survey_member_row"),
    path("survey/<uuid:uid>/", survey.survey_detail, name="survey_detail"),
    path("id-check/", survey.id_check, name="id_check"),
    path("<uuid:uid>/duties/create/", duties.household_duty_create, name="household_duty_create"),
    path("duties/<slug:on>/<int:pk>/edit/", duties.duty_edit_page, name="duty_edit"),
    path("duties/<slug:on>/<int:pk>/end/", duties.duty_end_page, name="duty_end"),
    path("people/doubles/", removals.double_list, name="double_list"),
    path("people/removals/", removals.removal_list, name="removal_list"),
    path("people/removals/<uuid:uid>/undo/", removals.removal_undo_page, name="removal_undo"),
    path("people/<uuid:uid>/merge/", removals.person_merge_pick, name="person_merge_pick"),
    path("people/<uuid:uid>/merge/<uuid:other>/", removals.person_merge, name="person_merge"),
    path("people/<uuid:uid>/void/", removals.person_void_page, name="person_void"),
    path("people/<uuid:uid>/", people.person_detail, name="person_detail"),
    path("people/<uuid:uid>/edit/", people.person_edit, name="person_edit"),
    path("people/<uuid:uid>/unmask/", people.person_unmask, name="person_unmask"),
    path("people/<uuid:uid>/dial/", people.person_dial, name="person_dial"),
    path("people/<uuid:uid>/duties/create/", duties.person_duty_create, name="person_duty_create"),
    path("people/<uuid:uid>/supports/create/", residencies.support_create, name="support_create"),
    path("people/<uuid:uid>/supports/<int:pk>/end/", residencies.support_end_page, name="support_end"),
    path("people/<uuid:uid>/residencies/<int:pk>/end/", residencies.residency_end_page, name="residency_end"),
    path("people/<uuid:uid>/residencies/<int:pk>/away/", residencies.residency_away, name="residency_away"),
    path(
        "people/<uuid:uid>/residencies/<int:pk>/return/",
        residencies.residency_return,
        name="residency_return",
    ),
]
