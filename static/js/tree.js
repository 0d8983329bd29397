/* The tree of areas: a branch that has been fetched shuts and opens in place. Without script the arrows are links. */
(function () {
  "use strict";

  function turn(link, isOpen) {
    link.setAttribute("aria-expanded", String(isOpen));
    link.classList.toggle("is-open", isOpen);
  }

  document.addEventListener("htmx:afterSwap", function (event) {
    var link = event.detail.requestConfig && event.detail.requestConfig.elt;
    if (link && link.hasAttribute("data-tree-toggle")) { turn(link, true); }
  });

  document.addEventListener("click", function (event) {
    var link = event.target.closest ? event.target.closest("[data-tree-toggle]") : null;
    if (!link) { return; }
    var under = document.getElementById(link.getAttribute("aria-controls"));
    if (!under || !under.children.length) { return; }
    event.preventDefault();
    event.stopPropagation();
    under.hidden = !under.hidden;
    turn(link, !under.hidden);
  }, true);
})();
