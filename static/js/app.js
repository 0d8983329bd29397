/* Progressive only: every page works without this file. Chrome 79: ES2018, no optional chaining. */
(function () {
  "use strict";

  var IN_A_MOMENT = 0;
  var BUSY_AT_MOST_MS = 20000;
  var WARN_BEFORE_IDLE_S = 120;
  var KEEP_ALIVE_EVERY_S = 300;

  function all(selector, root) {
    return Array.prototype.slice.call((root || document).querySelectorAll(selector));
  }

  function cookie(name) {
    var found = document.cookie.match("(?:^|; )" + name + "=([^;]*)");
    return found ? decodeURIComponent(found[1]) : "";
  }

  /* The cookie is newer than the page after a sign-in in another window. */
  function csrfToken() {
    var meta = document.querySelector("meta[name=csrf-token]");
    return cookie("csrftoken") || (meta ? meta.content : "");
  }

  /* A word about what was just done must not lie over the button that is wanted next. */
  function keepClear(box) {
    var bar = document.querySelector(".action-bar"), top = bar ? bar.getBoundingClientRect().top : 0;
    var isBelow = top > window.innerHeight / 2 && top < window.innerHeight;
    box.style.bottom = isBelow ? window.innerHeight - top + 8 + "px" : "";
  }

  /* ---- toasts: Grass.toast("已保存", {kind: "ok"}); kind ok, warn, danger; action {text, href} or {text, run} ---- */
  function toast(text, options) {
    var o = options || {};
    var urgent = o.kind === "danger" || o.kind === "warn";
    var box = document.getElementById(urgent ? "toasts-urgent" : "toasts");
    if (!box) { return null; }
    all(".toast-line", box).forEach(function (old) {
      if (old.dataset.text === text) { old.remove(); }
    });
    var line = document.createElement("div");
    line.className = "toast-line" + (o.kind ? " toast-line--" + o.kind : "");
    line.dataset.text = text;
    var words = document.createElement("span");
    words.className = "toast-line__text";
    words.textContent = text;
    line.appendChild(words);
    if (o.action) { line.appendChild(actionOf(o.action, line)); }
    var close = document.createElement("button");
    close.type = "button";
    close.textContent = "知道了";
    close.addEventListener("click", function () { line.remove(); });
    if (!o.action || urgent) { line.appendChild(close); }
    box.appendChild(line);
    if (!urgent) { keepClear(box); }
    var stay = o.stay === undefined ? (urgent ? 12000 : 4000) : o.stay;
    if (stay) { setTimeout(function () { line.remove(); }, stay); }
    return line;
  }

  function actionOf(action, line) {
    var el = document.createElement(action.href ? "a" : "button");
    el.textContent = action.text;
    if (action.href) {
      el.href = action.href;
      el.target = "_blank";
      el.rel = "noopener";
    } else {
      el.type = "button";
      el.addEventListener("click", function () { line.remove(); action.run(); });
    }
    return el;
  }

  /* ---- htmx: token, and what did not arrive is said ---- */
  function isWholePage(xhr) {
    return /<html[\s>]/i.test((xhr.responseText || "").slice(0, 500));
  }

  function signedOut() {
    toast("登录已过期，没有保存。内容还在：请在新窗口登录，再回来保存一次。", {
      kind: "danger", stay: 0,
      action: { text: "去登录", href: document.body.dataset.loginUrl || "/" }
    });
  }

  function wordsFor(status) {
    if (status === 403) { return "没有保存：您没有这一项的权限，或页面已过期。内容还在，请刷新后再试。"; }
    if (status === 404) { return "没有保存：这条记录已不在您的责任区内，或已被删除。"; }
    if (status === 409) { return "没有保存：这条记录刚被别人改过，请刷新页面核对。"; }
    if (status === 429) { return "操作太快，没有保存，请稍等再试，内容还在。"; }
    return "没有保存，请重试，内容还在。";
  }

  function isRead(event) {
    var config = event.detail.requestConfig;
    return config && String(config.verb).toLowerCase() === "get";
  }

  /* A part of the page that asks by itself every few seconds ([data-polls]): nobody is acting, nothing can be lost. */
  function isPolled(event) {
    var elt = event.detail && event.detail.elt;
    return Boolean(elt && elt.hasAttribute && elt.hasAttribute("data-polls"));
  }

  document.addEventListener("htmx:configRequest", function (event) {
    event.detail.headers["X-CSRFToken"] = csrfToken();
  });
  document.addEventListener("htmx:beforeOnLoad", function (event) {
    var xhr = event.detail.xhr;
    var login = document.body.dataset.loginUrl;
    var landed = xhr.responseURL ? new URL(xhr.responseURL, location.href).pathname : "";
    if (xhr.status === 401 || (login && landed === login && location.pathname !== login)) {
      event.preventDefault();
      if (isPolled(event)) { location.reload(); } else { signedOut(); }
    }
  });
  document.addEventListener("htmx:beforeSwap", function (event) {
    if ((event.detail.xhr.status === 409 || event.detail.xhr.status === 422) && isWholePage(event.detail.xhr)) {
      event.detail.shouldSwap = false;
      event.detail.isError = true;
    }
  });
  document.addEventListener("htmx:responseError", function (event) {
    if (isPolled(event)) { return; }
    toast(isRead(event) ? "没有取到内容，请重试。" : wordsFor(event.detail.xhr.status), { kind: "danger" });
  });
  ["htmx:sendError", "htmx:timeout"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      if (isPolled(event)) { return; }
      toast(isRead(event) ? "网络不通，没有取到内容，请重试。" : "网络不通，没有保存，请重试，内容还在。", { kind: "danger" });
    });
  });
  /* A response may carry HX-Trigger: {"toast": {"text": "…", "kind": "ok"}} (ASCII JSON). */
  document.addEventListener("toast", function (event) {
    var d = event.detail || {};
    toast(d.text || d.value || "", { kind: d.kind });
  });

  /* ---- forms ---- */
  function guarded() { return all("form[data-guard]"); }

  function markDirty(event) {
    var form = event.target.form || (event.target.closest && event.target.closest("form"));
    if (form && form.hasAttribute("data-guard")) { form.dataset.dirty = "1"; }
  }
  document.addEventListener("input", markDirty);
  document.addEventListener("change", markDirty);
  window.addEventListener("beforeunload", function (event) {
    if (guarded().some(function (form) { return form.dataset.dirty === "1"; })) {
      event.preventDefault();
      event.returnValue = "";
    }
  });

  function submitters(form) {
    var own = all("button:not([type=button]):not([type=reset]), input[type=submit]", form);
    if (!form.id) { return own; }
    return own.concat(all('button[form="' + form.id + '"]').filter(function (b) { return own.indexOf(b) < 0; }));
  }

  function setBusy(form, busy) {
    submitters(form).forEach(function (button) {
      button.disabled = busy;
      if (busy) { button.setAttribute("aria-busy", "true"); } else { button.removeAttribute("aria-busy"); }
    });
  }

  /* Before htmx gathers the values. */
  document.addEventListener("submit", function (event) {
    var token = event.target.querySelector("input[name=csrfmiddlewaretoken]");
    if (token && cookie("csrftoken")) { token.value = cookie("csrftoken"); }
  }, true);
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented && !form.matches("[hx-post], [data-hx-post]")) { return; }
    delete form.dataset.dirty;
    if (form.hasAttribute("data-once")) {
      /* After the browser has taken the button's name and value along. */
      form.dataset.sending = "1";
      setTimeout(function () { if (form.dataset.sending) { setBusy(form, true); } }, IN_A_MOMENT);
      setTimeout(function () { setBusy(form, false); }, BUSY_AT_MOST_MS);
    }
  });
  document.addEventListener("htmx:afterRequest", function (event) {
    var form = event.target.closest ? event.target.closest("form") : null;
    if (!form) { return; }
    delete form.dataset.sending;
    if (form.hasAttribute("data-once")) { setBusy(form, false); }
    if (!event.detail.successful && form.hasAttribute("data-guard")) { form.dataset.dirty = "1"; }
  });
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) { all("form[data-once]").forEach(function (form) { setBusy(form, false); }); }
  });

  /* Full-width digits and points of a Chinese keyboard, in fields for numbers. */
  function plainDigits(text) {
    return text.replace(/[\uff10-\uff19]/g, function (c) {
      return String.fromCharCode(c.charCodeAt(0) - 0xfee0);
    }).replace(/[\u3002\uff0e]/g, ".").replace(/\s+/g, "");
  }
  document.addEventListener("change", function (event) {
    var mode = event.target.getAttribute && event.target.getAttribute("inputmode");
    if (mode === "decimal" || mode === "numeric") {
      var plain = plainDigits(event.target.value);
      if (plain !== event.target.value) { event.target.value = plain; }
    }
  }, true);

  /* Enter goes to the next field: <div data-enter-next> or data-enter-next=".temp-input". */
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) { return; }
    var field = event.target;
    var box = field.closest && field.closest("[data-enter-next]");
    if (!box || !field.matches("input, select") || field.matches("[type=submit], [type=button]")) { return; }
    event.preventDefault();
    var wanted = box.getAttribute("data-enter-next") || "input, select, textarea";
    var fields = all(wanted, box).filter(function (el) {
      return el.type !== "hidden" && !el.disabled && !el.readOnly && el.offsetParent !== null;
    });
    var next = fields[fields.indexOf(field) + 1];
    if (!next) {
      next = all("[data-enter-last], button[type=submit]", box).pop() || field;
      if (next === field) { field.blur(); return; }
    }
    next.focus();
    if (next.select && next.matches("input")) { next.select(); }
    if (next.scrollIntoView) { next.scrollIntoView({ block: "center" }); }
  });

  /* ---- menus made of <details> close by Escape and by a tap elsewhere ---- */
  document.addEventListener("click", function (event) {
    all("details[data-menu][open]").forEach(function (menu) {
      if (menu.contains(event.target)) { return; }
      menu.open = false;
      if (menu.querySelector(".more-sheet")) {
        /* The tap was on the shade over the page, not on what lies under it. */
        event.preventDefault();
        event.stopPropagation();
      }
    });
  }, true);
  document.addEventListener("click", function (event) {
    var back = event.target.closest && event.target.closest("[data-back]");
    if (back && history.length > 1) {
      event.preventDefault();
      history.back();
    }
  });
  document.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") { return; }
    all("details[data-menu][open]").forEach(function (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });

  /* The keyboard of a phone covers half the screen: bars give way while something is typed. */
  function isTyped(el) {
    return el.matches && el.matches("input:not([type=checkbox]):not([type=radio]):not([type=submit]), textarea");
  }
  if (window.matchMedia && window.matchMedia("(pointer: coarse)").matches) {
    document.addEventListener("focusin", function (event) {
      if (isTyped(event.target)) { document.body.classList.add("is-typing"); }
    });
    document.addEventListener("focusout", function () {
      setTimeout(function () {
        if (!isTyped(document.activeElement)) { document.body.classList.remove("is-typing"); }
      }, 150);
    });
  }

  /* ---- idle: the server signs out; whoever is still typing is kept signed in ---- */
  function watchIdle() {
    var limit = Number(document.body.dataset.idleSeconds);
    var url = document.body.dataset.keepaliveUrl;
    if (!limit) { return; }
    var seen = Date.now();
    var acted = 0;
    var warned = null;
    function touch() {
      if (!url) { return; }
      seen = Date.now();
      acted = 0;
      fetch(url, { method: "POST", credentials: "same-origin", headers: { "X-CSRFToken": csrfToken() } })
        .then(function (response) { if (response.redirected || response.status === 401) { signedOut(); } })
        .catch(function () { seen = 0; });
    }
    ["keydown", "pointerdown", "input"].forEach(function (name) {
      document.addEventListener(name, function () { acted = Date.now(); }, { passive: true });
    });
    document.addEventListener("htmx:afterOnLoad", function (event) {
      if (!isPolled(event)) { seen = Date.now(); }
    });
    setInterval(function () {
      var quiet = (Date.now() - seen) / 1000;
      if (acted && quiet > KEEP_ALIVE_EVERY_S && quiet < limit) {
        touch();
        if (warned) { warned.remove(); warned = null; }
      } else if (!warned && quiet > limit - WARN_BEFORE_IDLE_S && quiet < limit) {
        warned = toast("长时间没有操作，两分钟内将自动退出。没有保存的内容请先保存。", {
          kind: "warn", stay: WARN_BEFORE_IDLE_S * 1000,
          action: url ? { text: "继续使用", run: touch } : null
        });
      }
    }, 15000);
  }

  function ready() {
    var summary = document.querySelector("[data-focus]");
    if (summary) { summary.focus(); }
    watchIdle();
  }
  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", ready); } else { ready(); }

  window.Grass = { toast: toast, csrfToken: csrfToken };
})();
