/* The survey form: shows what an answer asks for. Without this file everything is shown, and buttons send the form. */
(function () {
  "use strict";

  var FAMILY = { home: ["at_home", "yes"], county: ["left_county", "no"], contact: ["hubei_contact", "no"] };

  function all(selector, root) {
    return Array.prototype.slice.call((root || document).querySelectorAll(selector));
  }

  function chosen(form, name) {
    var ticked = all('[name="' + name + '"]:checked', form).map(function (input) { return input.value; });
    return ticked;
  }

  /* data-when="outcome=SIGNED,REFUSED": shown while one of these is chosen; what has been typed always shows. */
  function showPanels(form) {
    all("[data-when]", form).forEach(function (panel) {
      var parts = panel.dataset.when.split("=");
      var fits = chosen(form, parts[0]).some(function (value) { return parts[1].split(",").indexOf(value) >= 0; });
      var isFilled = all("input:not([type=hidden]), select", panel).some(function (input) {
        return input.type === "checkbox" || input.type === "radio" ? input.checked : input.value !== "";
      });
      panel.hidden = !(fits || (isFilled && !panel.hasAttribute("data-strict")) || panel.querySelector(".field--error"));
    });
  }

  /* 全家相同 is of use from the second person on, also when he has just been added. */
  function showFamilyRow(form) {
    all("[data-family-row]", form).forEach(function (row) { row.hidden = all(".person-card", form).length < 2; });
  }

  function openJourney(form, input) {
    var card = input.closest(".person-card");
    var fold = card && card.querySelector("[data-journey]");
    if (fold && /-(left_county|hubei_contact)$/.test(input.name) && input.value === "yes" && input.checked) {
      fold.open = true;
    }
  }

  /* 无 and a symptom exclude each other. */
  function tickSymptom(form, input) {
    if (!/-symptoms$/.test(input.name)) { return; }
    all('[name="' + input.name + '"]', form).forEach(function (other) {
      if (input.checked && other !== input && (input.value === "无" || other.value === "无")) { other.checked = false; }
    });
    all('[data-ticked="' + input.name + '"]', form).forEach(function (words) {
      words.textContent = chosen(form, input.name).join("、") || "未问";
    });
  }

  function answerForAll(form, which) {
    var rule = FAMILY[which];
    all(".person-card:not(.person-card--gone)", form).forEach(function (card) {
      var isAway = card.querySelector('input[name$="-living"][value="away"]:checked');
      var input = card.querySelector('input[name$="-' + rule[0] + '"][value="' + rule[1] + '"]');
      if (input && !isAway) {
        input.checked = true;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      }
    });
  }

  /* A link of the error summary leads into a fold. */
  function reveal(target) {
    for (var el = target; el; el = el.parentElement) {
      if (el.tagName === "DETAILS") { el.open = true; }
      if (el.hidden) { el.hidden = false; }
    }
  }

  function ready() {
    var form = document.getElementById("survey-form");
    if (!form) { return; }
    showPanels(form);
    form.addEventListener("change", function (event) {
      showPanels(form);
      openJourney(form, event.target);
      tickSymptom(form, event.target);
    });
    form.addEventListener("click", function (event) {
      var button = event.target.closest("[data-family]");
      if (button) {
        event.preventDefault();
        answerForAll(form, button.dataset.family);
        window.Grass.toast("已填:" + button.textContent.trim(), { kind: "ok" });
      }
    });
    document.addEventListener("click", function (event) {
      var link = event.target.closest('.error-summary a[href^="#"]');
      var target = link && document.getElementById(link.getAttribute("href").slice(1));
      if (target) {
        reveal(target);
        var control = target.matches("input, select, textarea") ? target : target.querySelector("input:not([type=hidden])");
        event.preventDefault();
        target.scrollIntoView({ block: "center" });
        if (control) { control.focus({ preventScroll: true }); }
      }
    });
    document.addEventListener("htmx:afterSettle", function (event) {
      showPanels(form);
      showFamilyRow(form);
      var fresh = event.detail.elt.querySelector && event.detail.elt.querySelector("[data-fresh]");
      if (fresh) {
        fresh.removeAttribute("data-fresh");
        var first = fresh.querySelector('input[name$="-name"]');
        if (first) { first.focus(); }
      }
    });
  }
  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", ready); } else { ready(); }
})();
