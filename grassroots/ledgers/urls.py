"""URLs of ledgers."""

from django.urls import path

from grassroots.ledgers.views import download, jobs, statistics

app_name = "ledgers"
urlpatterns = [
    path("", download.ledger_list, name="ledger_list"),
    path("download/", download.download, name="download"),
    path("jobs/", jobs.job_list, name="job_list"),
    path("jobs/<uuid:uid>/", jobs.job_detail, name="job_detail"),
    path("jobs/<uuid:uid>/progress/", jobs.job_progress, name="job_progress"),
    path("jobs/<uuid:uid>/cancel/", jobs.cancel, name="job_cancel"),
    path("jobs/<uuid:uid>/retry/", jobs.retry, name="job_retry"),
    path("jobs/<uuid:uid>/file/", jobs.job_file, name="job_file"),
    path("statistics/", statistics.statistics, name="statistics"),
]
