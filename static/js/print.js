/* Opens the browser's print window; without script the browser's own menu does. */
(function () {
  "use strict";
  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("[data-print]");
    if (button) { window.print(); }
  });
  /* A page that is nothing but paper asks at once. */
  if (document.body && document.body.hasAttribute("data-print-now")) {
    window.addEventListener("load", function () { window.print(); });
  }
})();
