/* The survey form: shows what an answer asks for. Without this file everything is shown, and buttons send the form. */
(function () {
  "use strict";

  var FAMILY = { home: ["at_home", "yes"], county: ["left_county", "no"], contact: ["hubei_contact", "no"] };
  /* The same words as in households/forms/survey_shown.py. */
  var SAID = {
    at_home: { yes: "在家", no: "不在家" },
    left_county: { no: "未离县", yes: "离过县" },
    hubei_contact: { no: "无接触", yes: "有武汉（湖北）接触" }
  };
  var USUAL = { at_home: "yes", left_county: "no", hubei_contact: "no" };
  var NONE = "无";

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

  /* What some have in common is of use from the second person on, also when he has just been added. */
  function showFamilyRow(form) {
    all("[data-several]", form).forEach(function (row) { row.hidden = all(".person-card", form).length < 2; });
  }

  function isAway(card) { return Boolean(card.querySelector('input[name$="-living"][value="away"]:checked')); }

  function answerOf(card, name) {
    var input = card.querySelector('input[name$="-' + name + '"]:checked');
    return input ? input.value : "";
  }

  /* The answers in a few words beside the name, so that a folded card tells them. */
  function showSaid(card) {
    var line = card.querySelector("[data-said]");
    if (!line) { return; }
    var words = [];
    var differs = false;
    Object.keys(SAID).forEach(function (name) {
      var value = answerOf(card, name);
      if (value) { words.push(SAID[name][value]); }
      if (value && value !== USUAL[name]) { differs = true; }
    });
    var symptoms = all('input[name$="-symptoms"]:checked', card).map(function (input) { return input.value; });
    if (symptoms.length) { words.push(symptoms.join("、") === NONE ? "无不适" : symptoms.join("、")); }
    var temperature = card.querySelector('input[name$="-temperature"]');
    if (temperature && temperature.value) { words.push(temperature.value + "℃"); }
    if (symptoms.length && symptoms.join() !== NONE || temperature && temperature.value) { differs = true; }
    if (isAway(card)) { words = ["外出未归"]; differs = false; }
    line.textContent = words.join(" · ") || "未问";
    line.classList.toggle("person-card__said--differs", differs);
    line.classList.toggle("person-card__said--usual", !differs && words.length > 0);
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
      if (input.checked && other !== input && (input.value === NONE || other.value === NONE)) { other.checked = false; }
    });
    all('[data-ticked="' + input.name + '"]', form).forEach(function (words) {
      words.textContent = chosen(form, input.name).join("、") || "未问";
    });
  }

  /* One event for however many were ticked: each of them looks through the whole form. */
  function check(inputs) {
    var fresh = inputs.filter(function (input) { return input && !input.checked; });
    fresh.forEach(function (input) { input.checked = true; });
    if (fresh.length) { fresh[0].dispatchEvent(new Event("change", { bubbles: true })); }
  }

  function answerForAll(form, which) {
    var rules = which === "usual" ? Object.keys(FAMILY).map(function (one) { return FAMILY[one]; }) : [FAMILY[which]];
    if (which === "usual") { rules.push(["symptoms", NONE]); }
    var inputs = [];
    var cards = all(".person-card:not(.person-card--gone)", form).filter(function (card) { return !isAway(card); });
    cards.forEach(function (card) {
      rules.forEach(function (rule) {
        /* Somebody who was said to differ stays as he is. */
        if (which === "usual" && answerOf(card, rule[0])) { return; }
        inputs.push(card.querySelector('input[name$="-' + rule[0] + '"][value="' + rule[1] + '"]'));
      });
    });
    check(inputs);
    cards.forEach(showSaid);
    inputs.forEach(function (input) { if (input) { tickSymptom(form, input); } });
    return cards.length;
  }

  /* data-does="greet ask": doing this is doing these of the seven steps. */
  function tickSteps(form, element) {
    check((element.dataset.does || "").split(" ").map(function (step) {
      return form.querySelector('[name="steps"][value="' + step + '"]');
    }));
  }

  /* 代填: a tap instead of typing what he is to them; an officer's own name comes along. */
  function proxyChips(form) {
    all("[data-proxy-relations]", form).forEach(function (chips) {
      chips.hidden = false;
      chips.addEventListener("click", function (event) {
        var chip = event.target.closest("[data-relation]");
        if (!chip) { return; }
        fill(form, "respondent_relation", chip.dataset.relation);
        if (chip.dataset.name) { fill(form, "respondent", chip.dataset.name); }
        all("[data-relation]", chips).forEach(function (one) { one.setAttribute("aria-pressed", String(one === chip)); });
      });
    });
  }

  function fill(form, name, value) {
    var input = form.querySelector('[name="' + name + '"]');
    input.value = value;
    input.dispatchEvent(new Event("change", { bubbles: true }));
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
      var card = event.target.closest(".person-card");
      if (card) { showSaid(card); }
      if (event.target.name === "outcome" && event.target.value === "SIGNED") {
        check([form.querySelector('[name="steps"][value="sign"]')]);
      }
    });
    form.addEventListener("click", function (event) {
      var button = event.target.closest("[data-family]");
      if (button) {
        event.preventDefault();
        var count = answerForAll(form, button.dataset.family);
        tickSteps(form, button);
        button.classList.add("is-done");
        window.Grass.toast("已填" + count + "人。有不同的，点开他改。", { kind: "ok" });
      }
    });
    /* Shown to the household: that is the step done. Toggle does not bubble. */
    all("details[data-does]", form).forEach(function (fold) {
      fold.addEventListener("toggle", function () {
        if (!fold.open) { return; }
        tickSteps(form, fold);
        all("details[data-does][open]", form).forEach(function (other) { if (other !== fold) { other.open = false; } });
      });
    });
    proxyChips(form);
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
