"""URLs of ledgers."""

from django.urls import path

from grassroots.ledgers.views import (
    download,
    filling,
    import_steps,
    imports,
    jobs,
    layout_edit,
    layouts,
    statistics,
)

app_name = "ledgers"
urlpatterns = [
    path("", download.ledger_list, name="ledger_list"),
    path("options/", download.ledger_options, name="ledger_options"),
    path("download/", download.download, name="download"),
    path("forms/", filling.form_list, name="form_list"),
    path("forms/<uuid:uid>/", filling.form_detail, name="form_detail"),
    path("forms/<uuid:uid>/fill/", filling.fill, name="form_fill"),
    path("forms/<uuid:uid>/delete/", filling.form_delete, name="form_delete"),
    path("imports/", imports.import_list, name="import_list"),
    path("imports/new/", imports.import_create, name="import_create"),
    path("imports/<uuid:uid>/", imports.import_detail, name="import_detail"),
    path("imports/<uuid:uid>/columns/", import_steps.import_columns, name="import_columns"),
    path("imports/<uuid:uid>/confirm/", import_steps.import_confirm, name="import_confirm"),
    path("imports/<uuid:uid>/undo/", import_steps.import_undo, name="import_undo"),
    path("imports/<uuid:uid>/discard/", import_steps.import_discard, name="import_discard"),
    path("imports/<uuid:uid>/report/", import_steps.import_report, name="import_report"),
    path("jobs/", jobs.job_list, name="job_list"),
    path("jobs/<uuid:uid>/", jobs.job_detail, name="job_detail"),
    path("jobs/<uuid:uid>/progress/", jobs.job_progress, name="job_progress"),
    path("jobs/<uuid:uid>/cancel/", jobs.cancel, name="job_cancel"),
    path("jobs/<uuid:uid>/retry/", jobs.retry, name="job_retry"),
    path("jobs/<uuid:uid>/file/", jobs.job_file, name="job_file"),
    path("layouts/", layouts.layout_list, name="layout_list"),
    path("layouts/new/<slug:key>/", layout_edit.layout_new, name="layout_new"),
    path("layouts/<uuid:uid>/", layouts.layout_detail, name="layout_detail"),
    path("layouts/<uuid:uid>/edit/", layout_edit.layout_edit, name="layout_edit"),
    path("layouts/<uuid:uid>/restore/", layouts.layout_restore, name="layout_restore"),
    path("layouts/<uuid:uid>/close/", layouts.layout_close_page, name="layout_close"),
    path("statistics/", statistics.statistics, name="statistics"),
]
