/* 补录 from a printed sheet: Enter goes from field to field and saves a box; the next one may be typed into while it is
   on its way. Progressive only: every box is a form of its own. Chrome 79: ES2018, no optional chaining. */
(function () {
  "use strict";

  var PLAIN = /^(\d{2}|\d{2}[.]\d|3\d\d|4[0-3]\d)$/;

  function all(selector, root) {
    return Array.prototype.slice.call((root || document).querySelectorAll(selector));
  }

  function boxOf(el) {
    return el && el.closest ? el.closest("[data-entry-box]") : null;
  }

  function go(field) {
    if (!field) { return; }
    field.focus({ preventScroll: true });
    if (field.value && field.select) { field.select(); }
    field.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function goBeyond(box) {
    var fields = all("[data-entry-list] [data-entry-field]");
    for (var i = 0; i < fields.length; i++) {
      /* eslint-disable-next-line no-bitwise */
      if (box.compareDocumentPosition(fields[i]) & Node.DOCUMENT_POSITION_FOLLOWING && boxOf(fields[i]) !== box) {
        go(fields[i]);
        return;
      }
    }
  }

  /* Surely nothing to ask about. */
  function isPlain(form) {
    var typed = form.querySelector("[data-entry-temp]").value.trim();
    if (!PLAIN.test(typed)) { return false; }
    var value = typed.length === 3 ? Number(typed) / 10 : Number(typed);
    return value >= Number(form.dataset.low) && value < Number(form.dataset.fever);
  }

  document.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) { return; }
    var field = event.target;
    if (!field.matches || !field.matches("[data-entry-field]")) { return; }
    if (!field.matches("[data-entry-temp]")) {
      event.preventDefault();
      go(field.form.querySelector("[data-entry-temp]"));
      return;
    }
    var ill = field.form.querySelector("[name=symptom_words]");
    if (field.value.trim() === "" && (!ill || ill.value.trim() === "")) {  // blank on the paper: go on
      event.preventDefault();
      goBeyond(boxOf(field));
    }
  });

  document.addEventListener("htmx:beforeRequest", function (event) {
    var form = event.detail.elt;
    if (!form.matches || !form.matches("[data-entry-form]")) { return; }
    var box = boxOf(form);
    box.classList.add("is-saving");
    box.classList.remove("is-unsaved");
    if (isPlain(form)) { goBeyond(box); }
  });

  document.addEventListener("htmx:afterRequest", function (event) {
    var box = boxOf(event.detail.elt);
    if (!box) { return; }
    box.classList.remove("is-saving");
    var status = event.detail.xhr ? event.detail.xhr.status : 0;
    if (!event.detail.successful && status !== 409 && status !== 422) {
      box.classList.add("is-unsaved");
      if (window.Grass) { window.Grass.toast("这一格没有保存，数字还在，请再按一次“存”。", { kind: "danger" }); }
    }
  });

  document.addEventListener("htmx:afterSettle", function (event) {
    var box = event.target;
    if (!box.matches || !box.matches("[data-entry-box]")) { return; }
    var at = document.activeElement;
    var elsewhere = boxOf(at);
    var isBusy = Boolean(elsewhere && elsewhere !== box && at.value);
    if (box.hasAttribute("data-entry-stay")) {
      if (!isBusy) {
        go(box.querySelector("[data-entry-temp]"));
      } else if (window.Grass) {
        var words = box.querySelector(".entry-box__words");
        window.Grass.toast(words ? words.textContent.trim() : "有一格需要核对。", { kind: "danger" });
      }
    } else if (!elsewhere || elsewhere === box) {
      goBeyond(box);
    }
  });

  document.addEventListener("change", function (event) {
    var name = event.target.getAttribute && event.target.getAttribute("data-entry-sets");
    if (!name) { return; }
    all("[data-round-" + name + "]").forEach(function (hidden) { hidden.value = event.target.value; });
  });
  /* A browser may keep what was chosen across a reload, but not what the boxes carry. */
  function sync() {
    all("[data-entry-sets]").forEach(function (select) {
      select.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", sync); } else { sync(); }
})();
