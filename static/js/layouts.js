/* The editor of a layout: columns are moved in place, by button, number, keyboard or mouse. Without this file the same
   buttons send the form. */
(function () {
  "use strict";

  var list = document.querySelector("[data-col-rows]");
  if (!list) { return; }
  var said = document.querySelector("[data-col-said]");
  var dragged = null;

  function rows() {
    return Array.prototype.slice.call(list.querySelectorAll("[data-col-row]"));
  }

  function rowOf(el) {
    return el && el.closest ? el.closest("[data-col-row]") : null;
  }

  function titleOf(row) {
    return row.querySelector(".form-check-label").textContent.trim();
  }

  /* The server takes the order of the rows; the numbers must agree with it. */
  function renumber(row) {
    rows().forEach(function (one, index) { one.querySelector("[data-place]").value = index + 1; });
    if (row) { said.textContent = titleOf(row) + "，现在排第 " + row.querySelector("[data-place]").value; }
    document.body.dispatchEvent(new CustomEvent("columns-moved", { bubbles: true }));
    var form = list.closest("form");
    if (form) { form.dataset.dirty = "1"; }
  }

  function moveTo(row, index) {
    var others = rows().filter(function (one) { return one !== row; });
    var at = Math.max(0, Math.min(index, others.length));
    list.insertBefore(row, others[at] || null);
  }

  function step(row, by) {
    var at = rows().indexOf(row) + by;
    if (at < 0 || at >= rows().length) { return; }
    moveTo(row, at);
    renumber(row);
  }

  /* On a desk every row lies open; on a phone one opens what one wants to change. */
  if (window.matchMedia && window.matchMedia("(min-width: 992px)").matches) {
    Array.prototype.forEach.call(list.querySelectorAll("[data-col-more]"), function (more) {
      more.open = true;
      more.setAttribute("data-unfolded", "");
    });
  }

  list.addEventListener("click", function (event) {
    var button = event.target.closest("[data-move]");
    if (!button) { return; }
    event.preventDefault();
    step(rowOf(button), Number(button.dataset.move));
    button.focus();
  });

  list.addEventListener("keydown", function (event) {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) { return; }
    var field = event.target;
    event.preventDefault();
    step(rowOf(field), event.key === "ArrowUp" ? -1 : 1);
    field.focus();
  });

  list.addEventListener("change", function (event) {
    var row = rowOf(event.target);
    if (event.target.matches("[data-place]")) {
      var wanted = parseInt(event.target.value, 10);
      if (wanted > 0) { moveTo(row, wanted - 1); }
      renumber(row);
      event.target.focus();
    } else if (event.target.matches(".form-check-input")) {
      row.classList.toggle("col-row--out", !event.target.checked);
    }
  });

  /* The preview shows the column that is being edited. */
  function show(row) {
    var box = document.querySelector(".sheet-preview");
    if (!box || row.classList.contains("col-row--out")) { return; }
    var before = rows().filter(function (one) { return !one.classList.contains("col-row--out"); }).indexOf(row);
    var left = 0;
    Array.prototype.slice.call(box.querySelectorAll("col"), 0, before).forEach(function (col) {
      left += Number(col.getAttribute("width"));
    });
    box.scrollLeft = Math.max(0, left - box.clientWidth / 2);
  }
  var shown = null;
  list.addEventListener("focusin", function (event) {
    shown = rowOf(event.target);
    if (shown) { show(shown); }
  });
  document.body.addEventListener("htmx:afterSwap", function () {
    if (shown && list.contains(shown)) { show(shown); }
  });

  /* Dragging by the grip, with a mouse; on a phone the buttons are at hand. */
  rows().forEach(function (row) { row.querySelector("[data-grip]").hidden = false; });
  list.addEventListener("dragstart", function (event) {
    if (!event.target.matches("[data-grip]")) { return; }
    dragged = rowOf(event.target);
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", titleOf(dragged));
    dragged.classList.add("is-dragged");
  });
  list.addEventListener("dragover", function (event) {
    var over = rowOf(event.target);
    if (!dragged || !over) { return; }
    event.preventDefault();
    if (over === dragged) { return; }
    var box = over.getBoundingClientRect();
    var isLower = event.clientY > box.top + box.height / 2;
    list.insertBefore(dragged, isLower ? over.nextSibling : over);
  });
  list.addEventListener("drop", function (event) {
    if (dragged) { event.preventDefault(); }
  });
  list.addEventListener("dragend", function () {
    if (!dragged) { return; }
    dragged.classList.remove("is-dragged");
    renumber(dragged);
    dragged = null;
  });
})();
