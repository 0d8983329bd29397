/* What waits to be sent. Each row is sent exactly once by its id (the server sees to that), rows of one household in
   their order, and one that cannot be sent stands in nobody's way.

   States: waiting (also while it is on its way), sent, refused, conflict, draft (the server keeps these three for their
   author), stuck (the server cannot take it at all: the row stays here and can be saved to a file). */
(function (self) {
  "use strict";

  var G = self.GrassOffline;
  var FIRST_WAIT_MS = 2000, LONGEST_WAIT_MS = 300000, PATIENCE_MS = 60000, SENT_SHOWN_MS = 24 * 3600000;
  var MOST_FAILURES = 4; /* in a row: there is no connection, the others need not be tried */
  var AT_ONCE = [10, 3, 1]; /* in one upload; after no answer in fewer, at last alone: one that kills it harms no other */
  var MOST_BYTES = 500000, MOST_TRIES = 6; /* of one upload; of one row in one go */
  var ROAD = "__road"; /* how often there was no answer since the last one, and until when to wait for that */
  var DONE = { accepted: "sent", repeated: "sent", settled: "sent", refused: "refused", conflict: "conflict", draft: "draft" };
  var STUCK = ["malformed", "damaged", "unknown_key", "forbidden", "foreign", "too_large"];
  var lastOrder = 0;

  /* Seals `form` {id, path, label, subject, fields, isDraft, wait} and writes it down; resolves when it is on the disk. */
  async function add(now, form) {
    var at = Date.now();
    lastOrder = Math.max(lastOrder + 1, at);
    var content = {
      id: form.id, path: form.path, fields: form.fields, entered_at: new Date(at).toISOString(), grant: now.grant
    };
    if (form.isDraft) { content.draft = true; }
    var row = {
      id: form.id, path: form.path, label: form.label, subject: form.subject, at: at, order: lastOrder, state: "waiting",
      tries: 0, next: form.wait ? at + form.wait : 0, isHeld: Boolean(form.wait), isDraft: Boolean(form.isDraft), why: "",
      envelope: await G.seal(content, now.server)
    };
    await G.put(G.QUEUE, row.id, row);
    G.tell({ type: "queue" });
    return row;
  }

  async function all() {
    var rows = (await G.values(G.QUEUE)).filter(function (row) { return row && row.envelope !== undefined; });
    return rows.sort(function (a, b) { return a.order - b.order; });
  }

  /* Read and written in one transaction, for pages and worker change rows side by side. `facts` may differ by row. */
  function changeAll(rows, facts) {
    return G.run(G.QUEUE, "readwrite", function (store) {
      rows.forEach(function (row) {
        var own = typeof facts === "function" ? facts(row) : facts, found = store.get(row.id);
        Object.assign(row, own);
        found.onsuccess = function () { if (found.result) { store.put(Object.assign(found.result, own), row.id); } };
      });
    });
  }

  function change(row, facts) { return changeAll([row], facts); }

  /* One word for each row; null: no connection, no answer, or no answer of ours. */
  async function send(rows) {
    var stop = new AbortController(), sealed = rows.map(function (row) { return row.envelope; });
    var timer = setTimeout(function () { stop.abort(); }, PATIENCE_MS);
    try {
      var response = await fetch("/offline/upload/", {
        method: "POST", credentials: "omit", cache: "no-store", signal: stop.signal,
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(Object.assign({ now: new Date().toISOString() }, rows.length > 1 ? { envelopes: sealed } : { envelope: sealed[0] }))
      });
      var told = await response.json();
      if (told.outcomes) { return told.outcomes.length === rows.length ? told.outcomes : null; }
      /* One word for several says nothing about each, but that the server is busy: they come alone. */
      return rows.length === 1 || told.outcome === "busy" ? rows.map(function () { return told.outcome; }) : null;
    } catch (error) {
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  function waitAfter(tries) { return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * Math.pow(2, Math.min(tries - 1, 10))); }

  /* What becomes of a row by the server's word. */
  function settled(row, word) {
    if (DONE[word]) { return { state: DONE[word], sentAt: Date.now(), envelope: null, why: "", isSending: false }; }
    if (STUCK.indexOf(word) >= 0) { return { state: "stuck", why: word, isSending: false }; }
    var wait = Math.max(waitAfter(row.tries + 1), word === "busy" ? 30000 : 0);
    return { tries: row.tries + 1, next: Date.now() + wait, why: word, isSending: false };
  }

  /* Of each household its first row, if that may be sent now; what has been tried least comes first, few at once what
     had no answer. */
  function batchOf(rows, go) {
    var first = {}, size = 0, bytes = 0;
    var ready = rows.filter(function (row) {
      var isFirst = row.state === "waiting" && !first[row.subject];
      if (row.state === "waiting") { first[row.subject] = true; }
      var times = go.tried[row.id] || 0, isDue = row.next <= Date.now() || (go.isForced && !row.isHeld && !times);
      return isFirst && isDue && times < MOST_TRIES;
    });
    function tried(row) { return row.tries + (go.tried[row.id] || 0); }
    ready.sort(function (a, b) { return tried(a) - tried(b) || a.order - b.order; });
    if (ready.length) { size = AT_ONCE[Math.min(tried(ready[0]), AT_ONCE.length - 1)]; }
    return ready.slice(0, size).filter(function (row, at) {
      bytes += JSON.stringify(row.envelope).length;
      return at === 0 || bytes <= MOST_BYTES;
    });
  }

  /* One go over everything that waits; resolves with how many still wait. */
  async function round(isForced) {
    var go = { isForced: isForced, tried: {}, isHeard: false, failures: 0 };
    for (;;) {
      var batch = batchOf(await all(), go);
      if (!batch.length || go.failures >= MOST_FAILURES) { break; }
      await changeAll(batch, { isSending: true });
      G.tell({ type: "queue" });
      await take(batch, await send(batch), go);
      G.tell({ type: "queue" });
    }
    return ended(go);
  }

  async function take(batch, words, go) {
    batch.forEach(function (row) { go.tried[row.id] = (go.tried[row.id] || 0) + 1; });
    if (!words) {
      go.failures += 1;
      await changeAll(batch, { isSending: false });
      return;
    }
    var facts = {};
    batch.forEach(function (row, at) { facts[row.id] = settled(row, words[at]); });
    await changeAll(batch, function (row) { return facts[row.id]; });
    if (!go.isHeard) { await G.remove(G.QUEUE, ROAD); }
    go.isHeard = true;
    go.failures = words.indexOf("busy") >= 0 ? MOST_FAILURES : 0;
  }

  /* No answer at all: it is the connection, and all wait for that. Answers to others: it may be the row, and it waits. */
  async function ended(go) {
    var left = (await all()).filter(function (row) { return row.state === "waiting"; });
    if (go.isHeard) {
      var unheard = left.filter(function (row) { return go.tried[row.id] >= MOST_TRIES && row.next <= Date.now(); });
      await changeAll(unheard, function (row) { return { tries: row.tries + 1, next: Date.now() + waitAfter(row.tries + 1) }; });
    } else if (go.failures) {
      var road = (await G.get(G.QUEUE, ROAD)) || { fails: 0 };
      await G.put(G.QUEUE, ROAD, { fails: road.fails + 1, next: Date.now() + waitAfter(road.fails + 1) });
    }
    return left.length;
  }

  async function unlessCut(isForced) {
    var road = isForced ? null : await G.get(G.QUEUE, ROAD);
    return road && road.next > Date.now() ? 1 : round(isForced);
  }

  /* One context at a time; the others need not wait for it. */
  async function flush(isForced) {
    var left = 0;
    if (self.navigator && navigator.locks) {
      /* What is forced waits for a go that began without a connection: that one's failures say nothing any more. */
      await navigator.locks.request("grassroots-send", { ifAvailable: !isForced }, async function (lock) {
        left = lock ? await unlessCut(isForced) : -1;
      });
    } else {
      left = await unlessCut(isForced);
    }
    await sweep();
    return left;
  }

  /* What was sent is shown for a day. */
  async function sweep() {
    var before = Date.now() - SENT_SHOWN_MS;
    var rows = await all();
    for (var i = 0; i < rows.length; i++) {
      if (rows[i].state === "sent" && rows[i].sentAt < before) { await G.remove(G.QUEUE, rows[i].id); }
    }
  }

  async function counts() {
    var found = { waiting: 0, sending: 0, sent: 0, returned: 0, stuck: 0, next: 0, fails: 0 };
    var road = await G.get(G.QUEUE, ROAD);
    (await all()).forEach(function (row) {
      if (row.state === "waiting") {
        found[row.isSending ? "sending" : "waiting"] += 1;
        found.next = found.next ? Math.min(found.next, row.next) : row.next || 1;
      } else if (row.state === "sent") {
        found.sent += 1;
      } else if (row.state === "stuck") {
        found.stuck += 1;
      } else {
        found.returned += 1;
      }
    });
    if (road) { found.fails = road.fails; found.next = Math.max(found.next, road.next); }
    return found;
  }

  async function waitsFor(subject) {
    return (await all()).some(function (row) { return row.subject === subject && row.state === "waiting"; });
  }

  /* Forms that were not finished when the session ends go up as drafts: nobody's typing is lost, nobody can read it. */
  async function saveDrafts(now) {
    var found = (await G.drafts(now)).filter(Boolean);
    for (var i = 0; i < found.length; i++) {
      var one = found[i];
      await add(now, { id: G.uuid(), path: one.path, label: one.label, subject: one.subject, fields: one.fields, isDraft: true });
      await G.forgetDraft(one.path);
    }
  }

  self.GrassOffline = Object.assign(G, {
    add: add, all: all, change: change, flush: flush, counts: counts, waitsFor: waitsFor, saveDrafts: saveDrafts
  });
})(self);
