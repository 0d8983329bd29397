"""URLs of services: the board, the round, steps of one request, who is left alone."""

from django.urls import URLPattern, URLResolver, path

from quarantine.views import services, serving

urlpatterns: list[URLPattern | URLResolver] = [
    path("services/", serving.service_list, name="service_list"),
    path("services/round/", serving.service_round, name="service_round"),
    path("services/left-alone/", serving.left_alone_list, name="left_alone"),
    path("services/left-alone/<uuid:person_uid>/", serving.left_alone_ask, name="left_alone_ask"),
    path("services/create/<uuid:person_uid>/", services.service_create, name="service_create"),
    path("services/<uuid:uid>/tap/<slug:tap>/", serving.service_tap, name="service_tap"),
    path("services/<uuid:uid>/<slug:step>/", services.service_update, name="service_update"),
]
