"""URLs of pushed lists. Lists and rows go by uid: nothing personal stands in an address."""

from django.urls import path

from quarantine.views import pushed, pushed_rows

urlpatterns = [
    path("pushed/", pushed.pushed_list, name="pushed_list"),
    path("pushed/<uuid:uid>/", pushed.pushed_detail, name="pushed_detail"),
    path("pushed/<uuid:uid>/edit/", pushed.pushed_edit, name="pushed_edit"),
    path("pushed/<uuid:uid>/confirm/", pushed.pushed_confirm_page, name="pushed_confirm"),
    path("pushed/<uuid:uid>/file/", pushed.pushed_file, name="pushed_file"),
    path("pushed/rows/<uuid:uid>/", pushed_rows.pushed_row, name="pushed_row"),
    path("pushed/rows/<uuid:uid>/answer/", pushed_rows.pushed_answer_page, name="pushed_answer"),
    path("pushed/rows/<uuid:uid>/withdraw/", pushed_rows.pushed_withdraw_page, name="pushed_withdraw"),
    path("pushed/rows/<uuid:uid>/assign/", pushed_rows.pushed_assign_page, name="pushed_assign"),
    path("pushed/rows/<uuid:uid>/dial/", pushed_rows.pushed_dial, name="pushed_dial"),
]
