"""URLs of papers: issuing, printing, their words, and typing from them."""

from django.urls import URLPattern, URLResolver, path

from quarantine.views import paper_entry, paper_texts, papers

urlpatterns: list[URLPattern | URLResolver] = [
    path("papers/", papers.paper_list, name="paper_list"),
    path("papers/new/", papers.paper_batch, name="paper_batch"),
    path("papers/of/<uuid:uid>/", papers.observation_papers, name="observation_papers"),
    path("papers/of/<uuid:uid>/<slug:kind>/", papers.paper_issue, name="paper_issue"),
    path("papers/issued/<uuid:issue>/", papers.paper_issued, name="paper_issued"),
    path("papers/issued/<uuid:issue>/print/", papers.paper_issued_print, name="paper_issued_print"),
    path("papers/texts/", paper_texts.paper_texts, name="paper_texts"),
    path("papers/texts/<int:pk>/<slug:kind>/", paper_texts.paper_text_edit, name="paper_text_edit"),
    path("papers/no/<slug:code>/", papers.paper_detail, name="paper_detail"),
    path("papers/no/<slug:code>/print/", papers.paper_print, name="paper_print"),
    path("papers/no/<slug:code>/void/", papers.paper_void_page, name="paper_void"),
    path("papers/no/<slug:code>/entry/", paper_entry.paper_entry, name="paper_entry"),
    path(
        "papers/no/<slug:code>/entry/<uuid:uid>/", paper_entry.paper_entry_record, name="paper_entry_record"
    ),
    # what the QR code holds: as short as it can be
    path("p/<slug:code>/", papers.paper_open, name="paper_open"),
]
