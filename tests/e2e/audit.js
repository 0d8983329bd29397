/* What is looked at on every page, beside axe: text, targets, width, focus. docs/visual-system.md says the rules. */
(function () {
  "use strict";
  const LEAST_TEXT = 18, LEAST_MARK = 13, TARGET = 48;
  /* Marks and captions, not text that is read for its own sake. */
  const MARKS = "@MARKS@";
  const TARGETS = "a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [tabindex='0']";

  function isSeen(el) {
    if (!el.getClientRects().length) { return false; }
    const style = getComputedStyle(el);
    if (style.visibility !== "visible") { return false; }
    const box = el.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && box.right > 0 && !el.closest(".visually-hidden, [hidden], .tab-bar__more .more-sheet:not([open])");
  }

  function nameOf(el) {
    const text = (el.textContent || el.value || "").trim().replace(/\s+/g, " ").slice(0, 24);
    const classes = String(el.getAttribute("class") || "").trim().split(/\s+/).slice(0, 3).join(".");
    const over = el.parentElement ? String(el.parentElement.getAttribute("class") || el.parentElement.tagName.toLowerCase()).split(" ")[0] : "";
    return over + " > " + el.tagName.toLowerCase() + (classes ? "." + classes : "") + (el.name ? "[name=" + el.name + "]" : "") + " “" + text + "”";
  }

  /* ---- text ---- */
  function smallText() {
    const found = new Map();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const el = walker.currentNode.parentElement;
      if (!walker.currentNode.data.trim() || el.closest("script, style, option, svg, .only-print, .paper, .sheet, .sheet-a4, .check-sheet") || !isSeen(el)) { continue; }
      const size = parseFloat(getComputedStyle(el).fontSize);
      const least = el.closest(MARKS) ? LEAST_MARK : LEAST_TEXT;
      if (size < least - 0.01 && !found.has(el)) { found.set(el, size); }
    }
    document.querySelectorAll("input:not([type=hidden]):not([type=checkbox]):not([type=radio]), select, textarea").forEach(function (el) {
      const size = parseFloat(getComputedStyle(el).fontSize);
      if (isSeen(el) && size < LEAST_TEXT - 0.01) { found.set(el, size); }
    });
    return Array.from(found, ([el, size]) => size + "px " + nameOf(el));
  }

  /* ---- targets: a tick or a radio together with its label ---- */
  function boxOf(el) {
    const boxes = [el.getBoundingClientRect()];
    (el.labels ? Array.from(el.labels) : []).forEach(function (label) {
      if (/^(checkbox|radio|file)$/.test(el.type)) { boxes.push(label.getBoundingClientRect()); }
    });
    const left = Math.min(...boxes.map((b) => b.left)), right = Math.max(...boxes.map((b) => b.right));
    const top = Math.min(...boxes.map((b) => b.top)), bottom = Math.max(...boxes.map((b) => b.bottom));
    return { left, right, top, bottom, width: right - left, height: bottom - top };
  }

  /* A link inside a sentence or a line of other words. */
  function isInline(el) {
    if (el.tagName !== "A" || getComputedStyle(el).display !== "inline") { return false; }
    const block = el.closest("p, li, dd, td, th, label, .note__body, .form-text, caption, legend, figcaption, h2, h3") || el.parentElement;
    return block.textContent.trim().length > el.textContent.trim().length + 1;
  }

  function isLarge(box) { return box.width >= TARGET - 0.6 && box.height >= TARGET - 0.6; }

  function distance(box, x, y) {
    const dx = Math.max(box.left - x, 0, x - box.right), dy = Math.max(box.top - y, 0, y - box.bottom);
    return Math.sqrt(dx * dx + dy * dy);
  }

  function smallTargets() {
    const all = Array.from(document.querySelectorAll(TARGETS)).filter((el) => isSeen(el) || (el.labels && el.labels.length && isSeen(el.labels[0])))
      .filter((el) => !el.disabled && !el.closest("fieldset[disabled]"))
      .map((el) => ({ el, box: boxOf(el), inline: isInline(el), fixed: Boolean(el.closest(".tab-bar, .action-bar, .toasts")) }));
    const large = new Set(all.filter((t) => isLarge(t.box) && t.el.href).map((t) => t.el.getAttribute("href")));
    return all.filter(function (target) {
      if (isLarge(target.box) || target.inline) { return false; }
      /* The same can be done by a large target on the page. */
      if (target.el.getAttribute("href") && large.has(target.el.getAttribute("href"))) { return false; }
      /* Room enough around: a circle of 48 px over its middle touches no other target. */
      const x = (target.box.left + target.box.right) / 2, y = (target.box.top + target.box.bottom) / 2;
      return all.some((other) => other !== target && other.fixed === target.fixed && !other.inline &&
        !other.el.contains(target.el) && !target.el.contains(other.el) && distance(other.box, x, y) < TARGET / 2 - 0.6);
    }).map((t) => Math.round(t.box.width) + "×" + Math.round(t.box.height) + " " + nameOf(t.el));
  }

  function tooWide() {
    const width = document.documentElement.clientWidth;
    if (document.scrollingElement.scrollWidth <= width) { return []; }
    return ["page is " + document.scrollingElement.scrollWidth + " wide"].concat(
      Array.from(document.querySelectorAll("main *, header *")).filter((el) => isSeen(el) && el.getBoundingClientRect().right > width + 1 &&
        !el.closest(".table-wrap, .chips")).slice(0, 4).map((el) => "  " + nameOf(el)));
  }

  function orderAndFocus() {
    const found = Array.from(document.querySelectorAll("[tabindex]")).filter((el) => el.tabIndex > 0).map((el) => "tabindex " + nameOf(el));
    const first = document.querySelector("a[href], button, input:not([type=hidden])");
    const hasFrame = document.querySelector(".app-header, nav");
    if (hasFrame && (!first || first.getAttribute("href") !== "#main" || !document.getElementById("main"))) { found.push("the first stop is no skip link"); }
    return found;
  }

  async function axe(options) {
    const result = await window.axe.run(document, options);
    return result.violations.map((v) => v.id + " [" + v.impact + "] " + v.help + ": " + v.nodes.slice(0, 5).map((n) =>
      n.target.join(" ") + (v.id === "color-contrast" ? " " + (n.any[0] && n.any[0].data ? n.any[0].data.fgColor + " on " + n.any[0].data.bgColor + " " + n.any[0].data.contrastRatio : "") : "")).join(" | ") +
      (v.nodes.length > 5 ? " … " + v.nodes.length : ""));
  }

  window.pageAudit = { smallText, smallTargets, tooWide, orderAndFocus, axe };
})();
