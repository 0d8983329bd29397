/* 复制正文: [data-copy] names the element to copy. Offices reach the page over plain HTTP, where browsers have no
   clipboard for scripts: then the text is selected and copied the old way, or stays selected for the hand. */
(function () {
  "use strict";

  function select(element) {
    var range = document.createRange();
    range.selectNodeContents(element);
    var selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
  }

  function byHand(element) {
    select(element);
    var done = false;
    try { done = document.execCommand("copy"); } catch (error) { done = false; }
    if (done) {
      window.getSelection().removeAllRanges();
      window.Grass.toast("正文已复制，可以粘贴了", { kind: "ok" });
    } else {
      window.Grass.toast("正文已选中，请按 Ctrl+C，手机上长按后点“复制”", { kind: "warn" });
    }
  }

  function copy(element) {
    if (!navigator.clipboard || !window.isSecureContext) { byHand(element); return; }
    navigator.clipboard.writeText(element.textContent).then(function () {
      window.Grass.toast("正文已复制，可以粘贴了", { kind: "ok" });
    }, function () { byHand(element); });
  }

  Array.prototype.forEach.call(document.querySelectorAll("[data-copy]"), function (button) {
    var element = document.getElementById(button.dataset.copy);
    if (!element) { return; }
    button.hidden = false;
    button.addEventListener("click", function () { copy(element); });
  });
})();
