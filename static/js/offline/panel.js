/* The two pages of offline work: the doors on this device, and what waits to be sent. */
(function () {
  "use strict";

  var G = window.GrassOffline;
  var STATE = {
    waiting: ["等待", "muted"], sending: ["发送中", "info"], sent: ["已送达", "ok"], refused: ["被退回", "danger"],
    conflict: ["与他人修改冲突", "warn"], draft: ["草稿已传到", "info"], stuck: ["发不出去", "danger"]
  };
  var WHY = {
    malformed: "内容损坏，服务器读不出来。", damaged: "内容损坏，服务器读不出来。", unknown_key: "服务器的密钥已更换，读不出来。",
    forbidden: "这种表单不能离线上传。", foreign: "服务器不认识这台设备的授权。", too_large: "内容太大。", later: "服务器正忙，稍后自动再试。",
    busy: "服务器正忙，稍后自动再试。"
  };
  var DOORS = { UNVISITED: ["未访", "muted"], SIGNED: ["已签", "ok"], ABSENT: ["无人", "warn"], REFUSED: ["拒绝", "danger"], BY_PHONE: ["电话", "info"], VACANT: ["空置", "muted"] };
  var LITTLE = 50 * 1024 * 1024;

  function made(tag, css, text) {
    var el = document.createElement(tag);
    if (css) { el.className = css; }
    if (text) { el.textContent = text; }
    return el;
  }

  function state(word, tone) {
    var box = made("span", "state state--" + tone), inner = made("span", "state__word", word);
    box.append(inner);
    return box;
  }

  function link(text, href, css) {
    var el = made("a", css, text);
    el.href = href;
    return el;
  }

  /* ---- this device ---- */
  async function device(box) {
    box.textContent = "";
    var reason = G.why();
    if (reason) { box.append(G.note("warn", "离线使用没有打开", reason)); return; }
    if (!(await G.isOn())) {
      box.append(made("p", "", "打开后，您责任区的门牌、人员和今天的测温名单会加密存在这台设备上，没有信号也能填。退出登录或换人登录时自动清除。只在您自己用的手机上打开。"));
      box.append(G.button("在这台设备上离线使用", function () { begin(box, this); }, "btn-primary btn-wide"));
      return;
    }
    var now = await G.session(), rows = now ? (await G.kept(now, "list:survey")) || [] : [];
    var words = now && now.synced ? "已存 " + rows.length + " 户，" + G.clock(now.synced) + " 更新。" : "还没有存好，请保持联网。";
    box.append(made("p", "", words));
    await storage(box);
    var tools = made("div", "button-row");
    if (G.owner) { tools.append(G.button("现在更新", function () { begin(box, this); })); }
    tools.append(link("打开门牌列表", "/offline/doors/", "btn btn-small btn-secondary"));
    tools.append(G.button("不再离线使用", async function () { await G.stop(); device(box); }, "btn-quiet"));
    box.append(tools);
  }

  async function begin(box, button) {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    try {
      await ((await G.isOn()) ? G.sync(true) : G.start());
    } catch (error) {
      window.Grass.toast("没有存好，请检查网络后再试。", { kind: "warn" });
    }
    await device(box);
    await draw();
  }

  async function storage(box) {
    if (!navigator.storage || !navigator.storage.persisted) { return; }
    if (!(await navigator.storage.persisted())) {
      box.append(G.note("warn", "浏览器可能自动清理", "浏览器没有答应长期保存。请不要清除浏览数据，有信号时及时发送；把本页“添加到主屏幕”可以避免。"));
    }
    var left = await navigator.storage.estimate();
    if (left.quota - left.usage < LITTLE) {
      box.append(G.note("warn", "手机空间不多了", "剩下的空间可能不够存离线记录，请先清理手机。"));
    }
  }

  /* ---- what waits ---- */
  async function labelOf(now, row) {
    if (!now) { return row.label; }
    var echo = await G.kept(now, "echo:" + row.id);
    var doors = (await G.kept(now, "list:survey")) || [];
    var door = doors.find(function (one) { return one.id === row.subject; });
    return (door ? door.title + " · " : "") + row.label + (echo && echo.temperature ? " " + echo.temperature + "℃" : "");
  }

  async function queueRow(now, row, reasons) {
    var line = made("li", "kept-list__row"), head = made("p", "kept-list__head");
    var shown = STATE[row.state === "waiting" && row.isSending ? "sending" : row.state];
    head.append(state(shown[0], shown[1]), made("strong", "", await labelOf(now, row)), made("span", "soft", G.clock(row.at) + " 填写"));
    line.append(head);
    var words = WHY[row.why] || (row.state === "waiting" && row.tries ? "试过" + row.tries + "次，没有收到服务器的回答，会自动再试。" : "");
    if (words) { line.append(made("p", "soft", words)); }
    if (row.state === "refused" || row.state === "conflict" || row.state === "draft") {
      line.append(made("p", "soft", reasons ? "原因和修改入口在上面“退回给您的记录”。" : "服务器已保管，登录后可以看到原因并修改。"));
      line.append(G.button("知道了", async function () { await G.remove(G.QUEUE, row.id); G.badge(); draw(); }));
    }
    return line;
  }

  async function draw() {
    var box = document.querySelector("[data-offline-queue]");
    if (!box || G.why()) { return; }
    var now = await G.session().catch(function () { return null; }), rows = await G.all(), list = made("ul", "kept-list");
    for (var i = 0; i < rows.length; i++) { list.append(await queueRow(now, rows[i], Boolean(G.owner))); }
    box.textContent = "";
    box.append(rows.length ? list : made("p", "soft", "这台设备上没有等待发送的记录。"));
    var left = rows.filter(function (row) { return row.envelope; });
    if (!left.length) { return; }
    if ((await G.counts()).fails) { box.append(made("p", "soft", "上次没有收到服务器的回答，会自动再试。")); }
    var tools = made("div", "button-row");
    tools.append(G.button("现在发送", async function () { this.disabled = true; await G.send(true); draw(); }, "btn-primary"));
    tools.append(G.button("存成文件", function () { save(left); }));
    box.append(tools, made("p", "soft", "“存成文件”是最后的办法：手机一直发不出去时，把文件拷到能联网的电脑，在本页“上传文件”。文件是密封的，只有服务器能打开。"));
  }

  function save(rows) {
    var text = JSON.stringify({ grassroots: "offline-queue-1", envelopes: rows.map(function (row) { return row.envelope; }) });
    var url = URL.createObjectURL(new Blob([text], { type: "application/json" })), to = link("", url);
    to.download = "待发送记录-" + new Date().toISOString().slice(0, 16).replace(/\D/g, "") + ".json";
    document.body.append(to);
    to.click();
    to.remove();
    setTimeout(function () { URL.revokeObjectURL(url); }, 10000);
  }

  /* ---- the file of another device ---- */
  async function upload(input, box) {
    var counted = { done: 0, kept: 0, bad: 0, later: 0 };
    box.textContent = "正在上传…";
    try {
      var whole = JSON.parse(await input.files[0].text());
      if (whole.grassroots !== "offline-queue-1") { throw new Error("another file"); }
      for (var i = 0; i < whole.envelopes.length; i++) {
        counted[await sent(whole.envelopes[i])] += 1;
        box.textContent = "正在上传 " + (i + 1) + " / " + whole.envelopes.length;
      }
    } catch (error) {
      box.textContent = "读不出这个文件，请选“存成文件”得到的那一个。";
      return;
    }
    box.textContent = "已入账 " + counted.done + " 条，退回给填写人 " + counted.kept + " 条，读不出 " + counted.bad + " 条" + (counted.later ? "，没有传到 " + counted.later + " 条，请再传一次（不会重复）。" : "。");
  }

  async function sent(envelope) {
    try {
      var response = await fetch("/offline/upload/", {
        method: "POST", credentials: "omit", headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ envelope: envelope })
      });
      var told = (await response.json()).outcome;
      if (["accepted", "repeated", "settled"].indexOf(told) >= 0) { return "done"; }
      if (["refused", "conflict", "draft"].indexOf(told) >= 0) { return "kept"; }
      return response.status >= 429 ? "later" : "bad";
    } catch (error) {
      return "later";
    }
  }

  /* ---- the doors ---- */
  async function doors(box) {
    var now = G.why() ? null : await G.session().catch(function () { return null; });
    if (!now) {
      box.textContent = "";
      box.append(G.note("info", "这台设备上没有存资料", G.why() || "有网络时请登录；要离线使用，请在“离线与待发送”里打开。"));
      return;
    }
    var rounds = (await G.kept(now, "list:round")) || [], rows = (await G.kept(now, "list:survey")) || [], waiting = {};
    (await G.all()).forEach(function (row) { waiting[row.subject] = row.state; });
    box.textContent = "";
    var links = made("div", "button-row");
    rounds.forEach(function (row) { links.append(link("测温 " + row.title, row.path, "btn btn-secondary")); });
    box.append(links);
    var search = made("input", "form-control door-search-offline");
    Object.assign(search, { type: "search", placeholder: "门牌、户主", autocomplete: "off" });
    search.setAttribute("aria-label", "在已存的门牌里找");
    var list = made("ul", "door-list-offline");
    search.addEventListener("input", function () { fill(list, rows, waiting, search.value.trim()); });
    box.append(search, list);
    fill(list, rows, waiting, "");
  }

  function fill(list, rows, waiting, words) {
    var area = "", shown = 0;
    list.textContent = "";
    rows.forEach(function (row) {
      if (shown >= 300 || (words && (row.title + row.head).indexOf(words) < 0)) { return; }
      shown += 1;
      if (row.area !== area) { area = row.area; list.append(made("li", "door-list-offline__area", area)); }
      var line = made("li", "door-list-offline__row"), to = link("", row.path), look = DOORS[row.state] || [row.state, "muted"];
      to.append(made("strong", "", row.title), made("span", "soft", row.head));
      to.append(waiting[row.id] === "waiting" ? state("待发送", "info") : waiting[row.id] === "sent" ? state("已送达", "ok") : state(look[0], look[1]));
      line.append(to);
      list.append(line);
    });
    if (!shown) { list.append(made("li", "soft", "没有找到。")); }
  }

  function ready() {
    var box = document.querySelector("[data-offline-device]"), list = document.querySelector("[data-offline-doors]");
    var mine = { "/offline/": ["queue", "离线与待发送"], "/offline/doors/": ["doors", "本机已存的门牌"] }[location.pathname];
    if (mine && G.stored) {
      G.all_of("[data-offline-only]").forEach(function (part) { part.hidden = part.dataset.offlineOnly !== mine[0]; });
      G.all_of("[data-offline-title]").forEach(function (title) { title.textContent = mine[1]; });
      if (mine[0] === "queue") { list = null; } else { box = null; }
    }
    if (box) { device(box); }
    if (list) { doors(list); }
    draw();
    G.all_of("[data-offline-file]").forEach(function (input) {
      input.addEventListener("change", function () { if (input.files.length) { upload(input, document.querySelector("[data-offline-uploaded]")); } });
    });
    if (window.BroadcastChannel) {
      new BroadcastChannel("grassroots").addEventListener("message", function (event) {
        if (event.data.type === "queue") { draw(); }
        if (event.data.type === "synced" && list) { doors(list); }
        if (event.data.type === "sync" && box) { box.textContent = "正在存到这台设备：" + event.data.done + " / " + event.data.total; }
      });
    }
  }
  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", ready); } else { ready(); }
})();
