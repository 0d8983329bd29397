/* The order of the round: arrow keys move whoever has the focus. Without this file the buttons do. Chrome 79. */
(function () {
  "use strict";
  document.addEventListener("keydown", function (event) {
    var isUp = event.key === "ArrowUp";
    if ((!isUp && event.key !== "ArrowDown") || event.altKey || event.ctrlKey || event.metaKey) { return; }
    var stop = event.target.closest ? event.target.closest("[data-walk-stop]") : null;
    var button = stop && stop.querySelector(isUp ? "[data-walk-up]" : "[data-walk-down]");
    if (!button) { return; }
    event.preventDefault();
    if (!button.disabled) {
      button.focus();
      button.click();
    }
  });
  /* The button that was pressed keeps the focus by its id (htmx); at the end of its area it is off: the other one has it. */
  document.addEventListener("htmx:beforeRequest", function (event) {
    var form = event.target.closest ? event.target.closest("[data-walk]") : null;
    if (form && document.activeElement) { form.setAttribute("data-last", document.activeElement.id); }
  });
  var last = "";
  document.addEventListener("htmx:beforeSwap", function (event) {
    var form = event.target.closest ? event.target.closest("[data-walk]") : null;
    last = form ? form.getAttribute("data-last") || "" : "";
  });
  document.addEventListener("htmx:afterSettle", function () {
    var pressed = last && document.getElementById(last);
    last = "";
    if (!pressed) { return; }
    var stop = pressed.closest("[data-walk-stop]");
    var other = stop && stop.querySelector("button:not([disabled])");
    var to = pressed.disabled ? (stop && stop.querySelector("[data-walk-up]:not([disabled]), [data-walk-down]:not([disabled])")) || other : pressed;
    if (to) {
      to.focus({ preventScroll: true });
      to.scrollIntoView({ block: "nearest" });
    }
  });
})();
