/* What this device keeps, in pages and in the service worker alike: three databases, each a drawer of rows by name.

   grassroots-key    the key of the session, which no script can read out, and whose session it is
   grassroots-area   pages, lists, drafts: every row encrypted under that key
   grassroots-queue  what was entered and not sent yet, sealed to the server (seal.js); no session can read it

   The first two are deleted at the end of the session. Chrome 79: ES2018, no optional chaining. */
(function (self) {
  "use strict";

  var KEY = "grassroots-key", AREA = "grassroots-area", QUEUE = "grassroots-queue";
  var opened = {};

  function database(name) {
    if (!opened[name]) {
      opened[name] = new Promise(function (resolve, reject) {
        var asked = indexedDB.open(name, 1);
        asked.onupgradeneeded = function () { asked.result.createObjectStore("rows"); };
        asked.onerror = function () { reject(asked.error); };
        asked.onsuccess = function () {
          var db = asked.result;
          function let_go() { db.close(); delete opened[name]; }
          db.onversionchange = let_go; /* somebody deletes it: do not stand in the way */
          db.onclose = function () { delete opened[name]; };
          resolve(db);
        };
      });
      opened[name].catch(function () { delete opened[name]; });
    }
    return opened[name];
  }

  /* One transaction; resolves once it is on the disk, with the result of the request that `work` returns. */
  async function run(name, mode, work, isAgain) {
    var db = await database(name);
    var tx;
    try {
      tx = db.transaction("rows", mode, { durability: "strict" });
    } catch (error) {
      delete opened[name];
      if (isAgain) { throw error; }
      return run(name, mode, work, true);
    }
    return new Promise(function (resolve, reject) {
      var request = work(tx.objectStore("rows"));
      tx.oncomplete = function () { resolve(request ? request.result : undefined); };
      tx.onerror = tx.onabort = function () { reject(tx.error || new Error("not written")); };
    });
  }

  function get(name, key) { return run(name, "readonly", function (rows) { return rows.get(key); }); }
  function put(name, key, value) { return run(name, "readwrite", function (rows) { return rows.put(value, key); }); }
  function remove(name, key) { return run(name, "readwrite", function (rows) { return rows.delete(key); }); }
  function keys(name) { return run(name, "readonly", function (rows) { return rows.getAllKeys(); }); }
  function values(name) { return run(name, "readonly", function (rows) { return rows.getAll(); }); }

  function drop(name) {
    var known = opened[name];
    return Promise.resolve(known).catch(function () { return null; }).then(function (db) {
      if (db) { db.close(); }
      delete opened[name];
      return new Promise(function (resolve) {
        var asked = indexedDB.deleteDatabase(name);
        asked.onsuccess = asked.onerror = function () { resolve(); };
      });
    });
  }

  /* ---- the session ---- */
  async function session() {
    var found = await get(KEY, "session");
    if (!found) { return null; }
    if (found.until < Date.now()) {
      await wipe();
      return null;
    }
    return found;
  }

  /* `facts` as offline/bundle/ gives them. A key of its own for each session; nothing of another person stays. */
  async function begin(facts) {
    var now = await session();
    if (now && now.owner !== facts.owner) {
      await wipe();
      now = null;
    }
    if (!now) { await drop(AREA); }
    var key = now ? now.key : await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    var row = Object.assign(now || { at: Date.now(), active: Date.now() }, {
      key: key, owner: facts.owner, until: facts.until, grant: facts.grant, server: facts.key, contact: Date.now()
    });
    await put(KEY, "session", row);
    return row;
  }

  /* Read and written in one transaction: a session that is being wiped must not be put back. */
  function change_session(facts) {
    return run(KEY, "readwrite", function (rows) {
      var found = rows.get("session");
      found.onsuccess = function () { if (found.result) { rows.put(Object.assign(found.result, facts), "session"); } };
    });
  }

  /* Ask whose session it is; false when it has ended, and then nothing of it is left here. No connection: as before.
     Whoever has been at work here without a connection has not been idle: the server hears how long ago that was. */
  async function pulse(now) {
    var row = (await get(KEY, "session")) || now;
    var ago = Math.round((Date.now() - (row.active || row.at)) / 1000);
    try {
      var response = await fetch("/offline/pulse/", {
        credentials: "same-origin", cache: "no-store", headers: { "X-Active-Ago": String(Math.max(0, ago)) }
      });
      if (!response.ok) { return true; }
      var told = response.redirected ? { owner: "" } : await response.json(); /* led to the sign-in page */
      if (told.owner !== now.owner) { await wipe(); return false; }
      await change_session({ contact: Date.now() });
    } catch (error) {
      /* no answer of ours */
    }
    return true;
  }

  /* ---- rows of the area ---- */
  function bytes(text) { return new TextEncoder().encode(text); }

  async function keep(now, name, value) {
    var iv = crypto.getRandomValues(new Uint8Array(12));
    var how = { name: "AES-GCM", iv: iv, additionalData: bytes(name) };
    var data = await crypto.subtle.encrypt(how, now.key, bytes(JSON.stringify(value)));
    await put(AREA, name, { iv: iv, data: data });
  }

  async function kept(now, name) {
    var row = await get(AREA, name);
    if (!row) { return null; }
    try {
      var how = { name: "AES-GCM", iv: row.iv, additionalData: bytes(name) };
      return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(how, now.key, row.data)));
    } catch (error) {
      return null; /* of an earlier session */
    }
  }

  function forget(name) { return remove(AREA, name); }

  async function names(prefix) {
    return (await keys(AREA)).filter(function (name) { return name.indexOf(prefix) === 0; });
  }

  /* ---- drafts: two places in turn, so that a browser that dies while it writes one still has the other ---- */
  var turn = 0;

  function keepDraft(now, path, value) {
    turn = 1 - turn;
    return keep(now, "draft:" + path + "#" + turn, value);
  }

  async function draft(now, path) {
    var found = await Promise.all([0, 1].map(function (place) {
      return kept(now, "draft:" + path + "#" + place).catch(function () { return null; });
    }));
    return found.reduce(function (best, one) { return one && (!best || one.at > best.at) ? one : best; }, null);
  }

  async function drafts(now) {
    var paths = {};
    (await names("draft:")).forEach(function (name) { paths[name.slice(6, -2)] = true; });
    return Promise.all(Object.keys(paths).map(function (path) { return draft(now, path); }));
  }

  async function forgetDraft(path) {
    await forget("draft:" + path + "#0");
    await forget("draft:" + path + "#1");
  }

  /* ---- pages: a chunk holds some of one kind, its pieces once (grid/offline/packing.py) ---- */
  async function page(now, path) {
    var where = await kept(now, "where");
    var chunk = where && where[path] ? await kept(now, where[path]) : null;
    if (!chunk || !chunk.pages[path]) { return null; }
    return chunk.pages[path].map(function (number) { return chunk.pieces[number]; }).join("");
  }

  /* ---- the end of a session ---- */
  async function wipe() {
    var now = await get(KEY, "session").catch(function () { return null; });
    if (now && self.GrassOffline.saveDrafts) {
      await self.GrassOffline.saveDrafts(now).catch(function () { return null; });
    }
    await drop(KEY);
    await drop(AREA);
    tell({ type: "wiped" });
  }

  /* ---- to every page and to the worker ---- */
  function tell(what) {
    if (!self.BroadcastChannel) { return; }
    var channel = new BroadcastChannel("grassroots");
    channel.postMessage(what);
    channel.close();
  }

  function uuid() {
    var raw = crypto.getRandomValues(new Uint8Array(16));
    raw[6] = (raw[6] & 15) | 64;
    raw[8] = (raw[8] & 63) | 128;
    var hex = Array.from(raw, function (one) { return one.toString(16).padStart(2, "0"); }).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  self.GrassOffline = Object.assign(self.GrassOffline || {}, {
    QUEUE: QUEUE, LIGHT: "__light", run: run, get: get, put: put, remove: remove, keys: keys, values: values, session: session, begin: begin, change_session: change_session, pulse: pulse,
    keep: keep, kept: kept, forget: forget, names: names, page: page,
    keepDraft: keepDraft, draft: draft, drafts: drafts, forgetDraft: forgetDraft, wipe: wipe, tell: tell, uuid: uuid, bytes: bytes
  });
})(self);
