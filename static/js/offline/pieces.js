/* In the worker: the pieces that a form asks for while it is filled in (htmx), without a connection. */
(function (self) {
  "use strict";

  var G = self.GrassOffline;
  var SLOW_MS = 4000;

  function nothing() { return new Response(null, { status: 204 }); }

  function escaped(text) {
    return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
  }

  function swapped(text, from, to) { return text.split(from).join(to); }

  async function piece(request, url) {
    var copy = request.method === "POST" ? request.clone() : null;
    try {
      return await G.patience(fetch(request), SLOW_MS);
    } catch (error) {
      var now = await G.session().catch(function () { return null; });
      var cards = now ? await G.kept(now, "cards") : null;
      if (!cards || url.pathname.replace(/[0-9a-f-]{36}/, cards.uid) !== cards.path) { return Promise.reject(error); }
      var uid = /[0-9a-f-]{36}/.exec(url.pathname)[0];
      return copy ? changed(cards, uid, await G.fieldsOf(copy)) : fresh(cards, uid);
    }
  }

  function text(html) {
    return new Response(html, { status: 200, headers: { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" } });
  }

  /* 添加一人. */
  function fresh(cards, uid) {
    var key = "m" + Array.from(crypto.getRandomValues(new Uint8Array(4)), function (one) { return one.toString(16).padStart(2, "0"); }).join("");
    return text(swapped(swapped(cards.fresh, cards.key, key), cards.uid, uid));
  }

  /* 移除: somebody new just goes; somebody registered stays in sight until it is said where he went. */
  function changed(cards, uid, fields) {
    var key = G.valueOf(fields || [], "remove_member");
    if (!key) { return nothing(); } /* 撤销移除 is done by the page (page.js) */
    if (!G.valueOf(fields, key + "-uid")) { return text(""); }
    var typed = fields.filter(function (pair) {
      return pair[0].indexOf(key + "-") === 0 && !/-(is_removed|removal|removed_on|removed_where)$/.test(pair[0]);
    }).map(function (pair) { return '<input type="hidden" name="' + escaped(pair[0]) + '" value="' + escaped(pair[1]) + '">'; });
    var html = swapped(swapped(cards.gone, cards.key, key), cards.uid, uid);
    html = swapped(html, cards.name, escaped(G.valueOf(fields, key + "-name")));
    return text(html.replace(/<div hidden>[\s\S]*?<\/div>/, "<div hidden>" + typed.join("") + "</div>"));
  }

  self.GrassOffline = Object.assign(G, { piece: piece });
})(self);
