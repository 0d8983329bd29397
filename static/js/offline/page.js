/* On every page over HTTPS, once somebody has chosen to work offline on this device: registers the worker, keeps the
   area fresh, sends what waits, counts it in the header, keeps drafts. Without a choice it does nothing. */
(function () {
  "use strict";

  var G = window.GrassOffline;
  var FLAG = "grassroots-offline", ON = "__on", FRESH_MS = 10 * 60000, DRAFT_AFTER_MS = 1200, TOUCH_MS = 60000, LATEST_MS = 60000;
  var body = document.body;
  var owner = body.dataset.staff || "";
  var isStored = body.classList.contains("is-offline-page");
  var timer = null, isEnded = false, isSent = false;

  function all(selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); }

  /* ---- small things that pages show ---- */
  function note(tone, title, text) {
    var box = document.createElement("div"), words = document.createElement("div"), head = document.createElement("strong");
    var line = document.createElement("span");
    box.className = "note note--" + tone;
    words.className = "note__body";
    head.className = "note__title";
    head.textContent = title;
    line.textContent = text;
    words.append(head, line);
    box.append(words);
    return box;
  }

  function button(text, run, css) {
    var made = document.createElement("button");
    made.type = "button";
    made.className = "btn btn-small " + (css || "btn-secondary");
    made.textContent = text;
    made.addEventListener("click", run);
    return made;
  }

  function clock(at) {
    var when = new Date(at), today = new Date();
    var time = String(when.getHours()).padStart(2, "0") + ":" + String(when.getMinutes()).padStart(2, "0");
    return when.toDateString() === today.toDateString() ? time : when.getMonth() + 1 + "月" + when.getDate() + "日 " + time;
  }

  function why() {
    if (!window.isSecureContext) { return "这个网址不是 HTTPS，浏览器不允许离线使用。"; }
    if (!navigator.serviceWorker || !window.indexedDB || !window.crypto || !crypto.subtle) {
      return "这个浏览器不支持离线使用，请换用手机自带浏览器或 Chrome。";
    }
    return "";
  }

  /* Whether it was chosen here. A row says so for certain: a killed browser forgets what localStorage was told last,
     and that is only asked so that a device where nobody chose it opens no database. */
  async function isOn() {
    var hint = navigator.serviceWorker.controller;
    try { hint = hint || localStorage.getItem(FLAG) === "1"; } catch (error) { /* not allowed: the worker tells */ }
    return Boolean(hint && (await G.get(G.QUEUE, ON).catch(function () { return null; })));
  }

  function register() { return navigator.serviceWorker.register("/sw.js", { scope: "/", updateViaCache: "none" }); }

  async function start() {
    await G.put(G.QUEUE, ON, { at: Date.now() });
    try { localStorage.setItem(FLAG, "1"); } catch (error) { /* the row stands */ }
    if (navigator.storage && navigator.storage.persist) { await navigator.storage.persist().catch(function () { return false; }); }
    await register();
    await navigator.serviceWorker.ready;
    return sync(true);
  }

  /* Nothing of the area stays; what waits is still sent from the open page, and the worker goes when all of it is. */
  async function stop() {
    await G.remove(G.QUEUE, ON);
    try { localStorage.removeItem(FLAG); } catch (error) { /* the row is gone */ }
    await G.wipe();
    if ((await G.counts()).waiting === 0) {
      var found = await navigator.serviceWorker.getRegistration("/");
      if (found) { await found.unregister(); }
    }
  }

  /* ---- the area ---- */
  async function asked(url, options) {
    var response = await fetch(url, Object.assign({ credentials: "same-origin", cache: "no-store" }, options));
    if (!response.ok || response.redirected) { throw new Error("not given"); }
    return response.json();
  }

  function posted(what) {
    return asked("/offline/pages/", {
      method: "POST", body: JSON.stringify(what), headers: { "X-CSRFToken": window.Grass.csrfToken(), "Content-Type": "application/json" }
    });
  }

  async function sync(isForced) {
    if (!owner || isStored || why()) { return; }
    var now = await G.session();
    if (now && now.owner === owner && now.synced && Date.now() - now.synced < FRESH_MS && !isForced) { return; }
    if (navigator.locks) {
      await navigator.locks.request("grassroots-sync", { ifAvailable: true }, function (lock) { return lock ? fetchArea() : null; });
    } else {
      await fetchArea();
    }
  }

  async function fetchArea() {
    var facts = await asked("/offline/bundle/");
    if (facts.owner !== owner || isEnded) { return; }
    var now = await G.begin(facts);
    var where = (await G.kept(now, "where")) || {}, versions = (await G.kept(now, "versions")) || {};
    var jobs = [], known = {};
    Object.keys(facts.sets).forEach(function (set) {
      var rows = facts.sets[set], wanted = [];
      rows.forEach(function (row) {
        known[row.path] = true;
        if (!where[row.path] || versions[row.path] !== row.version) { wanted.push(row); }
      });
      for (var at = 0; at < wanted.length; at += facts.at_once[set]) { jobs.push([set, wanted.slice(at, at + facts.at_once[set])]); }
    });
    for (var i = 0; i < jobs.length; i++) {
      if (isEnded) { return; } /* signed out in another window */
      await fetchChunk(now, jobs[i][0], jobs[i][1], where, versions);
      if (i % 5 === 4) { await G.keep(now, "where", where); await G.keep(now, "versions", versions); }
      G.tell({ type: "sync", done: i + 1, total: jobs.length });
    }
    Object.keys(where).forEach(function (path) { if (!known[path]) { delete where[path]; delete versions[path]; } });
    await G.keep(now, "where", where);
    await G.keep(now, "versions", versions);
    for (var set in facts.sets) { await G.keep(now, "list:" + set, facts.sets[set]); }
    if (facts.sets.survey) { await G.keep(now, "cards", await posted({ set: "survey", ids: [] })); }
    await sweep(where);
    await G.change_session({ synced: Date.now() });
    G.tell({ type: "synced" });
  }

  async function fetchChunk(now, set, rows, where, versions) {
    var packed = await posted({ set: set, ids: rows.map(function (row) { return row.id; }) });
    var name = "chunk:" + G.uuid();
    await keepFiles(packed.pieces);
    await G.keep(now, name, packed);
    rows.forEach(function (row) {
      if (packed.pages[row.path]) { where[row.path] = name; versions[row.path] = row.version; }
    });
  }

  /* Styles, scripts and icons that the pages name: static files, nothing personal. */
  var seen = {};
  async function keepFiles(pieces) {
    var cache = await caches.open("grassroots-static");
    for (var i = 0; i < pieces.length; i++) {
      var found = /(?:src|href)="(\/static\/[^"#]+)/.exec(pieces[i]);
      if (!found || seen[found[1]]) { continue; }
      seen[found[1]] = true;
      if (!(await cache.match(found[1]))) { await cache.add(found[1]).catch(function () { return null; }); }
    }
  }

  async function sweep(where) {
    var used = {};
    Object.keys(where).forEach(function (path) { used[where[path]] = true; });
    var names = await G.names("chunk:");
    for (var i = 0; i < names.length; i++) { if (!used[names[i]]) { await G.forget(names[i]); } }
  }

  /* ---- sending, and the number in the header ---- */
  async function badge() {
    var count = await G.counts(), number = count.waiting + count.sending + count.stuck + count.returned;
    all("[data-offline-badge]").forEach(function (link) {
      link.hidden = !number;
      all("[data-offline-number]", link).forEach(function (dot) { dot.textContent = number > 99 ? "99+" : String(number); });
      all("[data-offline-words]", link).forEach(function (words) {
        words.textContent = count.waiting + count.sending + count.stuck + " 条待发送" + (count.returned ? "，" + count.returned + " 条被退回" : "");
      });
    });
    clearTimeout(timer);
    if (count.waiting) { timer = setTimeout(send, Math.max(1500, Math.min(LATEST_MS, count.next - Date.now()))); }
    return count;
  }

  async function send(isForced) {
    await G.flush(isForced === true).catch(function () { return 0; });
    return badge();
  }

  /* ---- how the screen was chosen to look: pages from this device look the same ---- */
  async function keepLight() {
    var bar = document.querySelector('meta[name="theme-color"]'), light = { bar: bar ? bar.content : "", sheets: {} };
    all('link[href*="css/theme-"]').forEach(function (link) {
      light.sheets[/theme-([a-z]+)\.css/.exec(link.href)[1]] = link.media;
    });
    if (JSON.stringify(await G.get(G.QUEUE, G.LIGHT)) !== JSON.stringify(light)) { await G.put(G.QUEUE, G.LIGHT, light); }
  }

  /* ---- whose session it is ---- */
  async function pulse() {
    var now = await G.session();
    if (now && !(await G.pulse(now)) && isStored) { location.replace("/"); }
  }

  /* ---- drafts ---- */
  function draftForm() { return document.querySelector("form[data-draft]"); }

  function snapshot(form) {
    var copy = form.cloneNode(true), from = all("input, select, textarea", form), to = all("input, select, textarea", copy);
    from.forEach(function (field, at) {
      if (field.type === "checkbox" || field.type === "radio") {
        if (field.checked) { to[at].setAttribute("checked", ""); } else { to[at].removeAttribute("checked"); }
      } else if (field.tagName === "SELECT") {
        all("option", field).forEach(function (option, number) {
          var twin = to[at].options[number];
          if (option.selected) { twin.setAttribute("selected", ""); } else { twin.removeAttribute("selected"); }
        });
      } else if (field.tagName === "TEXTAREA") {
        to[at].textContent = field.value;
      } else {
        to[at].setAttribute("value", field.value);
      }
    });
    return copy.innerHTML;
  }

  function fieldsOf(form) {
    return Array.from(new FormData(form).entries()).filter(function (pair) {
      return typeof pair[1] === "string" && pair[0] !== "csrfmiddlewaretoken" && pair[0] !== "submission_id";
    });
  }

  async function keepDraft(form) {
    var now = await G.session();
    if (!now || form.dataset.dirty !== "1" || isSent) { return; }
    var fields = fieldsOf(form);
    await G.keepDraft(now, location.pathname, {
      path: location.pathname, label: form.dataset.draft, subject: /[0-9a-f-]{36}/.exec(location.pathname)[0],
      fields: fields, form: form.id, html: snapshot(form), at: Date.now()
    });
    if (isSent) { await G.forgetDraft(location.pathname); } /* saved while this was being written */
  }

  function watchDraft(form) {
    var waits = null;
    function soon() { clearTimeout(waits); waits = setTimeout(function () { keepDraft(form); }, DRAFT_AFTER_MS); }
    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
    window.addEventListener("submit", function (event) { /* the last to hear of it: nobody has held it back */
      if (event.target === form && !event.defaultPrevented) { clearTimeout(waits); isSent = true; }
    });
    window.addEventListener("pageshow", function (event) { if (event.persisted) { isSent = false; } });
    document.addEventListener("visibilitychange", function () { if (document.hidden) { keepDraft(form); } });
  }

  async function offerDraft(form) {
    var now = await G.session(), draft = now ? await G.draft(now, location.pathname) : null;
    if (!draft) { return; }
    if (new URLSearchParams(location.search).get("draft")) {
      if (!isStored) {
        form.innerHTML = draft.html;
        if (window.htmx) { window.htmx.process(form); }
        form.dispatchEvent(new Event("change", { bubbles: true }));
      }
      form.dataset.dirty = "1";
      return;
    }
    if (JSON.stringify(draft.fields) === JSON.stringify(fieldsOf(form))) { return; } /* shown again by the server */
    var note = G.note("warn", "这里有一份没保存的草稿", G.clock(draft.at) + " 填的，还没有保存。");
    var tools = document.createElement("div");
    tools.className = "note__tools";
    note.querySelector(".note__body").append(tools);
    tools.append(
      G.button("接着填", function () {
        delete form.dataset.dirty; /* nothing is typed here yet that the draft would push away */
        location.search = "?draft=1";
      }),
      G.button("丢弃草稿", function () { G.forgetDraft(location.pathname); note.remove(); })
    );
    form.before(note);
  }

  /* ---- a page that came from this device ---- */
  function dressStored() {
    var field = document.querySelector('input[name="visited_at"]'), at = new Date();
    if (field && !new URLSearchParams(location.search).get("draft")) {
      field.value = new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
    }
  }

  async function sayQueued() {
    var subject = new URLSearchParams(location.search).get("queued");
    if (!subject) { return; }
    var now = await G.session(), rows = now ? (await G.kept(now, "list:survey")) || [] : [];
    var door = rows.find(function (row) { return row.id === subject; });
    window.Grass.toast((door ? door.title + " " : "") + "已存在手机里，有网络时自动发送。", { kind: "ok" });
    history.replaceState(null, "", location.pathname);
  }

  function watchActivity() {
    var last = 0;
    ["pointerdown", "keydown", "input"].forEach(function (name) {
      document.addEventListener(name, function () {
        if (Date.now() - last > TOUCH_MS) { last = Date.now(); G.change_session({ active: last }).catch(function () { return null; }); }
      }, { passive: true });
    });
  }

  async function ready() {
    if (why() || !(await isOn())) { return; }
    register().catch(function () { return null; });
    if (isStored) { dressStored(); } else { keepLight().catch(function () { return null; }); }
    var form = draftForm();
    if (form) { watchDraft(form); offerDraft(form); }
    watchActivity();
    sayQueued();
    window.addEventListener("online", function () { send(true).then(pulse); });
    document.addEventListener("visibilitychange", function () { if (!document.hidden) { send(); } });
    if (window.BroadcastChannel) {
      new BroadcastChannel("grassroots").addEventListener("message", function (event) {
        if (event.data.type === "queue") { badge(); }
        if (event.data.type === "wiped") {
          isEnded = true;
          if (isStored) { location.replace("/"); }
        }
      });
    }
    await send(!isStored); /* a page has just come from the server: no reason to wait longer */
    if (isStored) { await pulse(); } else { await sync(false).catch(function () { return null; }); }
  }

  Object.assign(G, {
    note: note, button: button, clock: clock, stored: isStored, owner: owner, all_of: all,
    why: why, isOn: isOn, start: start, stop: stop, sync: sync, send: send, badge: badge
  });
  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", ready); } else { ready(); }
})();
