/* The round with one hand, or with no hand off the keyboard: a keypad for the thumb, arrow keys between fields, and the
   days before of one person behind a tap. It presses what the page has: each row stays a form of its own. Chrome 79. */
(function () {
  "use strict";

  var FIELD = "[data-round-list] [data-round-field]";

  function fields() { return Array.prototype.slice.call(document.querySelectorAll(FIELD)); }
  function rowOf(el) { return el && el.closest ? el.closest("[data-round-row]") : null; }

  function go(field) {
    if (!field) { return false; }
    field.focus({ preventScroll: true });
    if (field.value && field.select) { field.select(); }
    var row = rowOf(field);
    if (row) { row.scrollIntoView({ block: "center" }); }
    return true;
  }

  function step(field, by) {
    var all = fields();
    return go(all[all.indexOf(field) + by]);
  }

  /* ---- keys ---- */
  document.addEventListener("keydown", function (event) {
    var by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by && event.target.matches && event.target.matches(FIELD) && step(event.target, by)) { event.preventDefault(); }
  });

  /* Where there is a keyboard, typing begins at once; on a phone it would only open the keyboard over the list. */
  function begin() {
    var hasMouse = window.matchMedia && window.matchMedia("(hover: hover) and (pointer: fine)").matches;
    var at = document.activeElement;
    if (hasMouse && !location.hash && (!at || at === document.body)) {
      var first = fields()[0];
      if (first) { first.focus({ preventScroll: true }); }
    }
  }

  /* ---- the days before ---- */
  document.addEventListener("click", function (event) {
    var link = event.target.closest ? event.target.closest("[data-round-trend]") : null;
    if (!link || event.ctrlKey || event.metaKey) { return; }
    event.preventDefault();
    var row = rowOf(link);
    var old = row.querySelector("[data-trend]");
    if (old) {
      old.remove();
      link.setAttribute("aria-expanded", "false");
      return;
    }
    if (link.hasAttribute("data-busy")) { return; }
    link.setAttribute("data-busy", "");
    fetch(link.href, { headers: { "HX-Request": "true" }, credentials: "same-origin" })
      .then(function (answer) {
        if (answer.redirected || !answer.ok) { throw new Error(String(answer.status)); }
        return answer.text();
      })
      .then(function (html) {
        link.closest(".round-row__head").insertAdjacentHTML("afterend", html);
        link.setAttribute("aria-expanded", "true");
      })
      .catch(function () {
        if (window.Grass) { window.Grass.toast("没有取到前几天的体温，有信号时再点一次。", { kind: "danger" }); }
      })
      .then(function () { link.removeAttribute("data-busy"); });
  });

  /* ---- the keypad ---- */
  var KEPT = "round-keypad";
  var pad = null;
  var current = null;

  function kept() { try { return localStorage.getItem(KEPT) === "1"; } catch (error) { return false; } }
  function keep(is) { try { localStorage.setItem(KEPT, is ? "1" : "0"); } catch (error) { /* private window: not kept */ } }

  /* The phone's own keyboard stays away while ours is there. */
  function quiet() {
    fields().forEach(function (field) { field.setAttribute("inputmode", pad ? "none" : "decimal"); });
  }

  function show() {
    if (!pad) { return; }
    var row = rowOf(current);
    var door = row && row.querySelector(".round-row__door");
    var name = row && row.querySelector(".round-row__name");
    pad.querySelector("[data-keypad-who]").textContent = row ? (door ? door.textContent.trim() : "") + " " + (name ? name.textContent.trim() : "") : "点一个人的体温框";
    pad.querySelector("[data-keypad-value]").textContent = current && current.value ? current.value : "—";
  }

  function type(text) {
    if (!current) { return; }
    var start = current.selectionStart;
    var end = current.selectionEnd;
    var value = current.value;
    var isAll = start === 0 && end === value.length;
    var next = isAll ? text : value + text;
    if (!/^\d{0,2}([.]\d?)?$/.test(next)) { return; }
    /* Two digits are followed by the point: it is seen before it is saved. */
    if (/^\d\d$/.test(next) && text !== ".") { next += "."; }
    change(next);
  }

  function change(value) {
    current.value = value;
    current.dispatchEvent(new Event("input", { bubbles: true }));
    show();
  }

  function press(selector) {
    var row = rowOf(current);
    var button = row && row.querySelector(selector);
    if (button) { button.click(); }
  }

  var KEYS = {
    back: function () { if (current) { change(current.value.replace(/[.]?.$/, "")); } },
    away: function () { press('.round-row__outcomes [value="AWAY"]'); },
    ill: function () { press("[data-round-symptoms]"); },
    next: function () { if (current) { step(current, 1); } },
    save: function () { press(".round-row__save"); }
  };

  function open() {
    var template = document.getElementById("keypad");
    pad = document.importNode(template.content, true).querySelector("[data-keypad]");
    document.body.appendChild(pad);
    document.documentElement.classList.add("has-keypad");
    /* The field keeps the focus: a press goes to it, not to the key. */
    pad.addEventListener("mousedown", function (event) { event.preventDefault(); });
    pad.addEventListener("click", function (event) {
      var button = event.target.closest("[data-key]");
      if (!button) { return; }
      var key = button.getAttribute("data-key");
      if (KEYS[key]) { KEYS[key](); } else { type(key); }
    });
    quiet();
    if (!current || !document.body.contains(current)) { go(fields()[0]); }
    show();
  }

  function close() {
    pad.remove();
    pad = null;
    document.documentElement.classList.remove("has-keypad");
    quiet();
  }

  document.addEventListener("focusin", function (event) {
    if (event.target.matches && event.target.matches(FIELD)) {
      current = event.target;
      if (pad) { current.setAttribute("inputmode", "none"); }
      show();
    }
  });
  document.addEventListener("input", function (event) { if (event.target === current) { show(); } });
  document.addEventListener("htmx:afterSettle", function () {
    if (!pad) { return; }
    if (current && !document.body.contains(current)) { current = null; }
    quiet();
    show();
  });

  function ready() {
    begin();
    var toggle = document.querySelector("[data-keypad-toggle]");
    if (!toggle || !document.getElementById("keypad") || !fields().length) { return; }
    var isTouch = window.matchMedia && window.matchMedia("(pointer: coarse)").matches;
    if (!isTouch) { return; }
    toggle.hidden = false;
    toggle.addEventListener("click", function () {
      if (pad) { close(); } else { open(); }
      toggle.setAttribute("aria-pressed", pad ? "true" : "false");
      keep(Boolean(pad));
    });
    if (kept()) {
      open();
      toggle.setAttribute("aria-pressed", "true");
    }
  }
  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", ready); } else { ready(); }
})();
