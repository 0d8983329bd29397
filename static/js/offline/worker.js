/* The service worker: static files from the cache, pages from the network, and from this device where there is none.
   Only static files and the empty shell lie in the cache; whatever is personal lies encrypted in the store and is put
   into the shell when it is asked for. */
(function (self) {
  "use strict";

  var G = self.GrassOffline, FACTS = self.GRASS;
  var CACHE = "grassroots-static", SLOW_MS = 5000, QUIET_MS = 10 * 60000, END = "__end";

  var known = { stamp: "" }; /* which pages there are, read once after each time they were fetched */

  self.addEventListener("install", function (event) {
    event.waitUntil((async function () {
      var cache = await caches.open(CACHE);
      await Promise.all(FACTS.precache.map(async function (url) {
        if (!(await cache.match(url))) { await cache.add(new Request(url, { credentials: "omit" })); }
      }));
      await cache.put(FACTS.shell, await fetch(FACTS.shell, { credentials: "omit", cache: "no-store" }));
      await self.skipWaiting(); /* drafts and queue lie in databases, not in the page: nothing is lost by it */
    })());
  });

  /* Older versions of the same files go; files that only kept pages name stay. */
  self.addEventListener("activate", function (event) {
    event.waitUntil((async function () {
      var cache = await caches.open(CACHE), fresh = {};
      FACTS.precache.forEach(function (url) { fresh[url.split("?")[0]] = url; });
      await Promise.all((await cache.keys()).map(function (request) {
        var url = new URL(request.url), newer = fresh[url.pathname];
        return newer && newer !== url.pathname + url.search ? cache.delete(request) : null;
      }));
      await self.clients.claim();
    })());
  });

  self.addEventListener("fetch", function (event) {
    var request = event.request, url = new URL(request.url);
    if (url.origin !== self.location.origin) { return; }
    if (url.pathname.indexOf(FACTS.static) === 0) {
      event.respondWith(fromCache(request));
    } else if (request.method === "POST") {
      var form = G.formAt(url.pathname);
      if (form) {
        event.respondWith(G.post(request, form));
      } else if (url.pathname === FACTS.logout) {
        event.respondWith(signOut(request));
      } else if (url.pathname.indexOf("/offline/") !== 0 && request.headers.get("HX-Request")) {
        event.respondWith(G.piece(request, url));
      }
    } else if (request.method === "GET" && request.mode === "navigate") {
      event.respondWith(navigate(request, url));
    } else if (request.method === "GET" && request.headers.get("HX-Request")) {
      event.respondWith(G.piece(request, url));
    }
  });

  self.addEventListener("sync", function (event) {
    event.waitUntil(G.flush().then(function (left) {
      if (left > 0) { throw new Error("some wait still"); } /* the browser asks again later */
    }));
  });

  async function fromCache(request) {
    var cache = await caches.open(CACHE);
    var found = await cache.match(request.url);
    if (found) { return found; }
    var response = await fetch(request);
    if (response.status === 200 && response.type === "basic" && new URL(request.url).search) {
      await cache.put(request.url, response.clone());
    }
    return response;
  }

  function later() {
    if (self.registration.sync) { self.registration.sync.register("grassroots-send").catch(function () { return null; }); }
    G.tell({ type: "queue" });
  }

  /* ---- the end of a session ---- */
  async function signOut(request) {
    await G.put(G.QUEUE, END, { at: Date.now() }); /* whatever becomes of this page, the server hears of it */
    await G.wipe();
    try {
      var response = await G.patience(fetch(request), SLOW_MS * 2);
      if (response.status < 500) {
        await G.remove(G.QUEUE, END);
        return response;
      }
    } catch (error) {
      /* made good before the next page is shown */
    }
    return signedOut();
  }

  function signedOut() {
    return shell("<div class=\"empty\"><p class=\"empty__title\">已退出，本机的资料已清除</p><p class=\"empty__text\">没有网络，服务器上的登录会在联网后自动退出，联网后才能再登录。没有发送的记录还在，联网后会以填写人的名义上传。</p></div>", "已退出");
  }

  /* Signed out without a connection: the server hears of it before anything else is shown. */
  async function endIsMadeGood() {
    if (!(await G.get(G.QUEUE, END))) { return true; }
    await G.wipe(); /* the browser may have been killed before it was done */
    try {
      var response = await G.patience(fetch("/offline/end/", { method: "POST", credentials: "same-origin" }), SLOW_MS);
      if (response.status !== 204) { return false; }
    } catch (error) {
      return false;
    }
    await G.remove(G.QUEUE, END);
    return true;
  }

  /* ---- pages ---- */
  async function navigate(request, url) {
    if (!(await endIsMadeGood().catch(function () { return true; }))) {
      return signedOut();
    }
    var now = await stillMine();
    var path = now ? await pathFor(now, url) : "";
    var stored = path ? await G.page(now, path).catch(function () { return null; }) : null;
    if (stored && url.searchParams.get("draft")) { return assembled(now, stored, url); }
    try {
      var response = stored ? await G.patience(fetch(request), SLOW_MS) : await fetch(request);
      if (url.pathname === FACTS.login && response.status === 200 && now) { await G.wipe(); } /* nobody is signed in */
      if (response.status < 502 || !stored) {
        if (now) { G.change_session({ contact: Date.now() }).catch(function () { return null; }); }
        return response;
      }
    } catch (error) {
      /* no connection */
    }
    return stored ? assembled(now, stored, url) : shell("", "没有网络");
  }

  /* The session here. After a while without contact the server hears first that somebody was at work all the time. */
  async function stillMine() {
    var now = await G.session().catch(function () { return null; });
    if (now && Date.now() - (now.contact || 0) > QUIET_MS) {
      await G.patience(G.pulse(now), SLOW_MS).catch(function () { return null; });
      now = await G.session().catch(function () { return null; });
    }
    return now;
  }

  /* The stored page for an address: a door's by its path, the round's by its slot or, without one, by the hour. */
  async function pathFor(now, url) {
    var stamp = now.owner + now.synced;
    if (known.stamp !== stamp) {
      known = { stamp: stamp, where: (await G.kept(now, "where")) || {}, rounds: (await G.kept(now, "list:round")) || [] };
    }
    if (known.where[url.pathname]) { return url.pathname; }
    var rounds = known.rounds.filter(function (row) { return row.path.split("?")[0] === url.pathname; });
    if (!rounds.length) { return ""; }
    var asked = rounds.find(function (row) {
      var wanted = new URL(row.path, url).searchParams;
      return wanted.get("on") === url.searchParams.get("on") && wanted.get("slot") === url.searchParams.get("slot");
    });
    if (asked || url.searchParams.get("on")) { return asked ? asked.path : ""; }
    var at = Date.now();
    var open = rounds.find(function (row) { return row.opens <= at && at < row.closes; });
    var ahead = rounds.find(function (row) { return row.opens > at; });
    return (open || ahead || rounds[rounds.length - 1]).path;
  }

  function parted(stored) {
    var found = {};
    stored.split("<!--grass:").slice(1).forEach(function (part) {
      var at = part.indexOf("-->");
      found[part.slice(0, at)] = part.slice(at + 3);
    });
    return found;
  }

  function filled(whole, name, text) {
    var from = whole.indexOf("<!--grass:" + name + "-->"), to = whole.indexOf("<!--/grass:" + name + "-->");
    return from < 0 || to < 0 ? whole : whole.slice(0, from) + text + whole.slice(whole.indexOf("-->", to) + 3);
  }

  async function assembled(now, stored, url) {
    var parts = parted(stored), main = parts.main || "";
    /* Offline clients make their own ids: a page shown twice must not send one twice. */
    main = main.replace(/(name="submission_id"\s+value=")[0-9a-f-]{36}"/g, function (_all, before) { return before + G.uuid() + '"'; });
    var draft = url.searchParams.get("draft") ? await G.draft(now, url.pathname) : null;
    if (draft) { main = withDraft(main, draft); }
    var whole = await shellText();
    whole = filled(whole, "title", parts.title || "");
    whole = filled(whole, "head", parts.head || "");
    whole = filled(whole, "scripts", parts.scripts || "");
    return html(filled(whole, "main", main));
  }

  /* The form as it stood, cards that had been added among it. */
  function withDraft(main, draft) {
    var from = main.indexOf(">", main.indexOf('id="' + draft.form + '"')), to = main.indexOf("</form>", from);
    return from < 0 || to < 0 ? main : main.slice(0, from + 1) + draft.html + main.slice(to);
  }

  async function shellText() {
    var found = await (await caches.open(CACHE)).match(FACTS.shell);
    return found ? lit(await found.text()) : "<!DOCTYPE html><meta charset=\"utf-8\"><p>没有网络。</p>";
  }

  /* Bright, dark or in full sun, as the last page from the server was (page.js, keepLight). */
  async function lit(whole) {
    var light = await G.get(G.QUEUE, G.LIGHT).catch(function () { return null; });
    if (!light) { return whole; }
    whole = whole.replace(/(<link[^>]*css\/theme-(dark|sun)\.css[^>]*media=")[^"]*"/g, function (_all, before, name) {
      return before + (light.sheets[name] || "not all") + '"';
    });
    return whole.replace(/(name="theme-color" content=")[^"]*"/, function (_all, before) { return before + light.bar + '"'; });
  }

  async function shell(main, title) {
    var whole = filled(await shellText(), "title", title || "离线");
    return html(main ? filled(whole, "main", main) : whole);
  }

  function html(text, status) {
    return new Response(text, {
      status: status || 200,
      headers: { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "same-origin" }
    });
  }

  async function notSaved(words, status) {
    var whole = filled(await shellText(), "title", "没有保存");
    return html(filled(whole, "main", "<div class=\"note note--danger\"><div class=\"note__body\"><strong class=\"note__title\">没有保存</strong><span>" + words + "</span></div></div>"), status);
  }

  Object.assign(G, { later: later, notSaved: notSaved, stillMine: stillMine });
})(self);
