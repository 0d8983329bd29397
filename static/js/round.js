/* The round: Enter saves a row and goes to the next field; chips of symptoms; method and measurer for all rows.
   Progressive only: each row is a form of its own. Chrome 79: ES2018, no optional chaining. */
(function () {
  "use strict";

  var PLAIN = /^\d{2}([.]\d)?$/;

  function all(selector, root) {
    return Array.prototype.slice.call((root || document).querySelectorAll(selector));
  }

  function rowOf(el) {
    return el && el.closest ? el.closest("[data-round-row]") : null;
  }

  function fieldIn(row) {
    return row ? row.querySelector("[data-round-field]") : null;
  }

  function go(field) {
    if (!field) { return; }
    field.focus({ preventScroll: true });
    if (field.value && field.select) { field.select(); }
    var row = rowOf(field);
    if (row && row.scrollIntoView) { row.scrollIntoView({ block: "center", behavior: "auto" }); }
  }

  function goToNext(row) {
    var fields = all("[data-round-list] [data-round-field]");
    for (var i = 0; i < fields.length; i++) {
      /* eslint-disable-next-line no-bitwise */
      if (row.compareDocumentPosition(fields[i]) & Node.DOCUMENT_POSITION_FOLLOWING && rowOf(fields[i]) !== row) {
        go(fields[i]);
        return;
      }
    }
    var counter = document.getElementById("round-counter");
    if (counter) {
      counter.focus({ preventScroll: true });
      counter.scrollIntoView({ block: "center" });
    } else if (document.activeElement && document.activeElement.blur) {
      document.activeElement.blur();
    }
  }

  /* Surely nothing to ask again: then the next field may be typed into while this row is on its way. */
  function isPlain(form) {
    var row = rowOf(form);
    var field = fieldIn(row);
    var typed = field ? field.value.trim().replace(/[\u3002\uff0e]/g, ".") : "";
    var value = Number(typed);
    return PLAIN.test(typed) && value >= Number(row.dataset.low) && value < Number(row.dataset.fever);
  }

  function unsaved(row, is) {
    row.classList.toggle("is-unsaved", is);
    var note = row.querySelector(".round-row__unsaved");
    if (note) { note.remove(); }
    var form = row.querySelector("form");
    if (is && form) {
      var words = document.createElement("p");
      words.className = "round-row__unsaved";
      words.setAttribute("role", "alert");
      words.textContent = "这一行没有保存,数字还在,请再按一次“保存”。";
      form.appendChild(words);
    }
  }

  /* ---- a row on its way ---- */
  /* Two rows may be on their way at once, and the first come back last: an older count takes no newer one's place. */
  document.addEventListener("htmx:oobBeforeSwap", function (event) {
    var there = event.detail.target;
    var coming = event.detail.fragment.querySelector("[data-counted]");
    if (there && coming && there.dataset.counted && Number(coming.dataset.counted) < Number(there.dataset.counted)) {
      event.detail.shouldSwap = false;
    }
  });

  document.addEventListener("htmx:beforeRequest", function (event) {
    var row = rowOf(event.detail.elt);
    if (!row) { return; }
    row.classList.add("is-saving");
    unsaved(row, false);
    if (event.detail.elt.matches("[data-round-form]") && isPlain(event.detail.elt)) { goToNext(row); }
  });
  document.addEventListener("htmx:afterRequest", function (event) {
    var row = rowOf(event.detail.elt);
    if (!row) { return; }
    row.classList.remove("is-saving");
    var status = event.detail.xhr ? event.detail.xhr.status : 0;
    if (!event.detail.successful && status !== 409 && status !== 422) { unsaved(row, true); }
  });

  /* ---- the row has come back ---- */
  function isBusyElsewhere(row) {
    var at = document.activeElement;
    var other = rowOf(at);
    return Boolean(other && other !== row && at.matches("input[type=text]") && at.value !== "");
  }

  document.addEventListener("htmx:afterSettle", function (event) {
    var row = event.target;
    if (!row.matches || !row.matches("[data-round-row]")) { return; }
    if (row.hasAttribute("data-round-stay")) {
      if (!isBusyElsewhere(row)) {
        go(fieldIn(row));
      } else if (window.Grass) {
        var words = row.querySelector(".round-row__words");
        var who = row.querySelector(".round-row__door");
        window.Grass.toast((who ? who.textContent.trim() + ":" : "") + (words ? words.textContent.trim() : ""), { kind: "danger" });
      }
      return;
    }
    var at = document.activeElement;
    if (!at || at === document.body || row.contains(at)) { goToNext(row); } else { keepInSight(rowOf(at)); }
  });

  /* A row above has grown or shrunk: where somebody types stays in sight. */
  function keepInSight(row) {
    if (!row) { return; }
    var bar = document.querySelector(".round-bar");
    var box = row.getBoundingClientRect();
    if (box.top < (bar ? bar.getBoundingClientRect().bottom : 0) || box.bottom > window.innerHeight) {
      row.scrollIntoView({ block: "center" });
    }
  }

  /* ---- Enter in the temperature goes on to the time where there is one ---- */
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) { return; }
    if (!event.target.matches || !event.target.matches("[data-round-field]")) { return; }
    var then = event.target.form.querySelector("[data-round-then]");
    if (then && event.target.value.trim() !== "") {
      event.preventDefault();
      then.focus();
    }
  });

  /* ---- symptoms: chips from the page's template ---- */
  document.addEventListener("click", function (event) {
    var link = event.target.closest ? event.target.closest("[data-round-symptoms]") : null;
    if (!link) { return; }
    var row = rowOf(link);
    var chips = document.getElementById(row.dataset.symptoms);
    var box = row.querySelector("[data-round-symptom-box]");
    if (!chips || !box) { return; }
    event.preventDefault();
    if (box.children.length) {
      if (!box.querySelector("input:checked")) {
        box.textContent = "";
        link.setAttribute("aria-expanded", "false");
      }
      return;
    }
    box.appendChild(document.importNode(chips.content, true));
    link.setAttribute("aria-expanded", "true");
    var first = box.querySelector("input");
    if (first) { first.focus(); }
  });

  /* ---- one choice for all rows ---- */
  document.addEventListener("change", function (event) {
    var name = event.target.id === "round-method" ? "method" : event.target.getAttribute && event.target.getAttribute("data-round-sets");
    if (!name) { return; }
    all("[data-round-" + name + "]").forEach(function (hidden) { hidden.value = event.target.value; });
  });

  /* A browser may keep what was chosen across a reload, but not what the rows carry. */
  function sync() {
    all("#round-method, [data-round-sets]").forEach(function (select) {
      select.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", sync); } else { sync(); }
})();
