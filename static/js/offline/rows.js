/* The round: rows whose reading lies on this device say so, after the browser was closed too. */
(function () {
  "use strict";

  var G = window.GrassOffline;
  var STATES = { AWAY: "不在家", REFUSED: "拒测", PHONE: "电话" };
  var WORDS = { waiting: "已存手机，待发送", sent: "已送达", refused: "被退回，请到“待发送”查看原因", conflict: "被退回，请到“待发送”查看原因", stuck: "发不出去，请到“待发送”查看" };

  function rowOf(subject) { return document.getElementById("row-" + subject); }

  function mark(row, told, state) {
    var line = row.querySelector("[data-offline-mark]") || document.createElement("p");
    line.setAttribute("data-offline-mark", "");
    line.setAttribute("role", "status");
    line.className = "round-row__queued round-row__queued--" + state;
    line.textContent = (told.temperature ? told.temperature + "℃ " : (STATES[told.state] || "") + " ") + WORDS[state];
    if (!line.parentNode) { row.append(line); }
  }

  function value(text) {
    var digits = Number(String(text).trim().replace(/[\u3002\uff0e]/g, "."));
    return digits >= 300 && digits < 440 ? digits / 10 : digits;
  }

  /* Fever or low: the server would ask to measure again, so this page does. */
  function asksAgain(row, told) {
    var measured = value(told.temperature);
    if (!told.temperature || told.isRechecked || !(measured > 0)) { return ""; }
    if (measured >= Number(row.dataset.fever)) { return "体温异常，请马上再测一次并填在这里；没有网络，请先打电话报告。"; }
    return measured < Number(row.dataset.low) ? "体温偏低，请再测一次并填在这里。" : "";
  }

  function askAgain(row, words) {
    var form = row.querySelector("[data-round-form]"), field = row.querySelector("[data-round-field]");
    if (!form || !field) { return; }
    var again = form.querySelector('[name="is_rechecked"]') || document.createElement("input");
    Object.assign(again, { type: "hidden", name: "is_rechecked", value: "on" });
    form.append(again);
    field.value = "";
    form.querySelector('[name="submission_id"]').value = G.uuid();
    var line = row.querySelector("[data-offline-again]") || document.createElement("p");
    line.setAttribute("data-offline-again", "");
    line.setAttribute("role", "alert");
    line.className = "round-row__queued round-row__queued--again";
    line.textContent = words;
    row.append(line);
    setTimeout(function () { field.focus(); }, 0); /* after round.js has gone on */
  }

  function settle(row) {
    row.classList.add("is-queued", "is-settled");
    var line = row.querySelector("[data-offline-again]");
    if (line) { line.remove(); }
  }

  function goOn(row) {
    var at = document.activeElement;
    if (at && at !== document.body && !row.contains(at)) { return; } /* round.js has gone on already */
    var fields = Array.prototype.slice.call(document.querySelectorAll("[data-round-list] [data-round-field]"));
    var next = fields.find(function (field) {
      return field.offsetParent !== null && row.compareDocumentPosition(field) & Node.DOCUMENT_POSITION_FOLLOWING && !row.contains(field);
    });
    if (next) { next.focus(); }
  }

  document.addEventListener("offline-queued", function (event) {
    var told = event.detail, row = rowOf(told.subject);
    if (!row) { return; }
    var form = event.target.closest ? event.target.closest("form") : null;
    var again = form ? form.querySelector('[name="is_rechecked"]') : null;
    told.isRechecked = Boolean(again && again.value);
    row.classList.remove("is-saving");
    mark(row, told, "waiting");
    var words = asksAgain(row, told);
    if (words) { askAgain(row, words); } else { settle(row); goOn(row); }
  });

  /* What lies here, on a page that does not know of it: one from this device, or one that was loaded before it was sent. */
  async function show() {
    if (!document.querySelector("[data-round-row]")) { return; }
    var now = await G.session().catch(function () { return null; });
    if (!now) { return; }
    var entries = await G.all();
    for (var i = 0; i < entries.length; i++) {
      var entry = entries[i], row = rowOf(entry.subject);
      if (!row || entry.isDraft || (entry.state === "sent" && !G.stored)) { continue; }
      var told = await G.kept(now, "echo:" + entry.id);
      if (!told) { continue; }
      mark(row, told, entry.state);
      var words = entry.state === "waiting" || entry.state === "sent" ? asksAgain(row, told) : "";
      if (!words) {
        settle(row);
      } else if (!row.querySelector("[data-offline-again]") && !row.classList.contains("is-queued")) {
        askAgain(row, words); /* once: somebody may be typing the second value already */
      }
    }
  }

  async function ready() {
    if (G.why() || !(await G.isOn())) { return; }
    show();
    if (window.BroadcastChannel) {
      new BroadcastChannel("grassroots").addEventListener("message", function (event) {
        if (event.data.type === "queue" && document.querySelector("[data-offline-mark]")) { show(); }
      });
    }
  }
  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", ready); } else { ready(); }
})();
