/* In the worker: a form on its way. It is sealed and written down before it is sent, so that neither a lost answer nor
   a killed browser loses it; a straight answer of the server takes it off again. Nothing is called saved that is not. */
(function (self) {
  "use strict";

  var G = self.GrassOffline;
  var PATIENCE_MS = 12000, HOLD_MS = 90000;
  var STEPS = { UNVISITED: 1, ABSENT: 1 };

  function formAt(path) {
    for (var i = 0; i < self.GRASS.forms.length; i++) {
      var found = new RegExp(self.GRASS.forms[i].path).exec(path);
      if (found) { return { label: self.GRASS.forms[i].label, buttons: self.GRASS.forms[i].buttons, subject: found[1] }; }
    }
    return null;
  }

  function patience(promise, ms) {
    return new Promise(function (resolve, reject) {
      var timer = setTimeout(function () { reject(new Error("slow")); }, ms);
      promise.then(function (value) { clearTimeout(timer); resolve(value); }, function (error) { clearTimeout(timer); reject(error); });
    });
  }

  function isWords(value) { return typeof value === "string"; }

  /* What a form holds as [name, value] pairs; null when it carries a file, which waits for a connection. */
  async function fieldsOf(request) {
    var pairs = Array.from((await request.clone().formData()).entries());
    if (!pairs.every(function (pair) { return isWords(pair[1]) || pair[1].size === 0; })) { return null; }
    return pairs.filter(function (pair) { return isWords(pair[1]) && pair[0] !== "csrfmiddlewaretoken"; });
  }

  function valueOf(fields, name) {
    var found = fields.filter(function (pair) { return pair[0] === name; });
    return found.length ? found[found.length - 1][1] : "";
  }

  /* The POST of a form of the list. `form` is formAt(path). */
  async function post(request, form) {
    var now = await G.stillMine();
    var fields = now ? await fieldsOf(request).catch(function () { return null; }) : null;
    if (now && !fields) {
      return fetch(request).catch(function () { return G.notSaved("表单里有照片文件，没有网络不能保存。请返回，等照片缩小好了再保存，或先去掉照片。", 503); });
    }
    if (!now || valueOf(fields, "kept")) { return fetch(request); }
    if (form.buttons.some(function (name) { return fields.some(function (pair) { return pair[0] === name; }); })) {
      return fetch(request).catch(function () { return G.notSaved("没有网络，这个按钮用不了。请返回，填过的内容还在。", 503); });
    }
    return save(request, form, now, fields);
  }

  async function save(request, form, now, fields) {
    var url = new URL(request.url), path = url.pathname + url.search, id = valueOf(fields, "submission_id");
    var isBehind = await G.waitsFor(form.subject);
    var print = await printOf(path, fields), before = await G.kept(now, "echo:" + id), row;
    if (before && (await G.get(G.QUEUE, id))) {
      if (before.print === print) { return queued(request, now, form, fields, path); } /* a second tap */
      id = G.uuid(); /* sent back to, and changed: what lies there already stays as it is */
      fields = fields.filter(function (pair) { return pair[0] !== "submission_id"; });
    }
    try {
      row = await G.add(now, {
        id: id, path: path, label: form.label, subject: form.subject, fields: fields, wait: isBehind ? 0 : HOLD_MS
      });
      await G.keep(now, "echo:" + id, Object.assign(echoOf(path, fields), { print: print }));
    } catch (error) {
      return fetch(request).catch(function () {
        return G.notSaved("没有保存：手机存不下了，也没有网络。请不要关闭这一页，先清理手机空间，再保存一次。", 507);
      });
    }
    var answer = isBehind ? null : await straight(request, row);
    if (answer) { return answer; }
    await G.change(row, { next: 0, isHeld: false });
    await G.forgetDraft(url.pathname);
    G.later();
    return queued(request, now, form, fields, path);
  }

  async function printOf(path, fields) {
    var hash = await crypto.subtle.digest("SHA-256", G.bytes(JSON.stringify([path, fields])));
    return Array.from(new Uint8Array(hash)).join(".");
  }

  function echoOf(path, fields) {
    return {
      path: path, at: Date.now(), temperature: valueOf(fields, "temperature"), state: valueOf(fields, "state"),
      outcome: valueOf(fields, "outcome"), isRechecked: valueOf(fields, "is_rechecked") === "on"
    };
  }

  /* The server's own answer; null when it has none, or none that says what became of the form. */
  async function straight(request, row) {
    var response;
    try {
      response = await patience(fetch(request), PATIENCE_MS);
    } catch (error) {
      return null;
    }
    if (response.type === "opaqueredirect") {
      if (await isSaved(row.id)) {
        await taken(row);
      } else {
        await G.change(row, { next: 0, isHeld: false }); /* sent to the sign-in page, say: it goes up by itself */
        G.later();
      }
      return response;
    }
    if (response.ok || response.status === 409 || response.status === 422) {
      await taken(row, !response.ok); /* saved, or shown again with everything typed: then the draft stays until it is */
      return response;
    }
    return null;
  }

  async function isSaved(id) {
    try {
      return (await patience(fetch("/offline/has/" + id + "/", { credentials: "omit", cache: "no-store" }), PATIENCE_MS)).status === 204;
    } catch (error) {
      return false;
    }
  }

  async function taken(row, isOpen) {
    await G.remove(G.QUEUE, row.id);
    await G.forget("echo:" + row.id);
    if (!isOpen) { await G.forgetDraft(row.path.split("?")[0]); }
    G.tell({ type: "queue" });
  }

  /* It lies in the queue: the row of the round stays and says so, a survey goes on to the next door. */
  async function queued(request, now, form, fields, path) {
    if (request.headers.get("HX-Request")) {
      var told = { subject: form.subject, temperature: valueOf(fields, "temperature"), state: valueOf(fields, "state"), id: valueOf(fields, "submission_id") };
      var words = JSON.stringify({ "offline-queued": told }).replace(/[^\x20-\x7e]/g, function (sign) {
        return "\\u" + sign.charCodeAt(0).toString(16).padStart(4, "0"); /* a header holds ASCII only */
      });
      return new Response("", { status: 200, headers: { "HX-Reswap": "none", "HX-Trigger": words } });
    }
    var next = valueOf(fields, "save_next") ? await nextDoor(now, path.split("?")[0]) : "";
    return Response.redirect(new URL((next || self.GRASS.home) + "?queued=" + form.subject, self.location.origin).href, 303);
  }

  /* As households/services/walking.py: ahead in this area what is open, then what was passed over. */
  async function nextDoor(now, path) {
    var rows = (await G.kept(now, "list:survey")) || [];
    var here = rows.findIndex(function (row) { return row.path === path; });
    if (here < 0) { return ""; }
    var waiting = {};
    (await G.all()).forEach(function (row) { waiting[row.subject] = true; });
    var free = rows.filter(function (row, at) {
      return at !== here && row.place === rows[here].place && STEPS[row.state] && !waiting[row.id] && (at > here || row.state === "UNVISITED");
    });
    var ahead = free.find(function (row) { return rows.indexOf(row) > here; });
    return ahead ? ahead.path : free.length ? free[0].path : "";
  }

  self.GrassOffline = Object.assign(G, { formAt: formAt, post: post, patience: patience, fieldsOf: fieldsOf, valueOf: valueOf });
})(self);
