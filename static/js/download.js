/* The download form: only the layouts and filters of the ledger chosen are shown. Without this file all are, folded. */
(function () {
  "use strict";

  function show() {
    var chosen = document.querySelector("input[name=key]:checked");
    Array.prototype.forEach.call(document.querySelectorAll("[data-ledger]"), function (part) {
      var fits = chosen !== null && part.dataset.ledger === chosen.value;
      part.hidden = !fits;
      if (fits) { part.open = true; }
    });
  }

  document.addEventListener("change", function (event) {
    if (event.target.name === "key") { show(); }
  });
  document.body.addEventListener("htmx:afterSwap", show);
  show();
})();
