"""URLs of grid."""

from django.urls import URLPattern, URLResolver, path

from grassroots.grid.views import areas, audit, duties, office, postings, sign_in, staff

app_name = "grid"
urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", sign_in.SignInView.as_view(), name="login"),
    path("sign-out/", sign_in.SignOutView.as_view(), name="logout"),
    path("password/", sign_in.password_change, name="password_change"),
    path("keepalive/", sign_in.keepalive, name="keepalive"),
    path("areas/", areas.area_tree, name="area_tree"),
    path("areas/<int:pk>/", areas.area_detail, name="area_detail"),
    path("areas/<int:pk>/new/", areas.area_create, name="area_create"),
    path("areas/<int:pk>/edit/", areas.area_edit_page, name="area_edit"),
    path("areas/<int:pk>/move/", areas.area_move_page, name="area_move"),
    path("areas/<int:pk>/close/", areas.area_close_page, name="area_close"),
    path("areas/<int:pk>/duties/new/", duties.duty_create, name="duty_create"),
    path("duties/<int:pk>/edit/", duties.duty_edit, name="duty_edit"),
    path("duties/<int:pk>/end/", duties.duty_end_page, name="duty_end"),
    path("handover/", duties.handover, name="handover"),
    path("gaps/", duties.gaps, name="gaps"),
    path("duty-kinds/", duties.duty_kind_list, name="duty_kind_list"),
    path("duty-kinds/new/", duties.duty_kind_form, name="duty_kind_create"),
    path("duty-kinds/<int:pk>/edit/", duties.duty_kind_form, name="duty_kind_edit"),
    path("staff/", staff.staff_list, name="staff_list"),
    path("staff/new/", staff.staff_create_page, name="staff_create"),
    path("staff/<uuid:uid>/", staff.staff_detail, name="staff_detail"),
    path("staff/<uuid:uid>/edit/", staff.staff_edit_page, name="staff_edit"),
    path("staff/<uuid:uid>/roles/", staff.staff_roles, name="staff_roles"),
    path("staff/<uuid:uid>/reset/", staff.staff_reset, name="staff_reset"),
    path("staff/<uuid:uid>/dial/", staff.staff_dial, name="staff_dial"),
    path("staff/<uuid:uid>/leave/", staff.staff_deactivate_page, name="staff_deactivate"),
    path("staff/<uuid:uid>/return/", staff.staff_reactivate_page, name="staff_reactivate"),
    path("staff/<uuid:uid>/postings/new/", postings.posting_create, name="posting_create"),
    path("postings/<int:pk>/end/", postings.posting_end_page, name="posting_end"),
    path("office/", office.office_edit, name="office_edit"),
    path("access-log/", audit.access_log_page, name="access_log"),
    path("history/", audit.history_page, name="history"),
]
