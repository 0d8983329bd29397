/* Photos are made small on the phone and kept as text in a hidden field; EXIF stays behind, since only pixels are
   drawn. Without this file, or in a browser that would lay a photo on its side, the file itself is sent. */
(function () {
  "use strict";

  var LONGEST = 1600;
  var MOST_BYTES = 300 * 1024;
  var QUALITIES = [0.82, 0.7, 0.55, 0.4];
  var HEAD = "data:image/jpeg;base64,";

  function bytesOf(base64) { return Math.floor(base64.length * 3 / 4); }

  function isUprightByItself() {
    return Boolean(window.CSS && CSS.supports && CSS.supports("image-orientation", "from-image"));
  }

  function smaller(image) {
    for (var side = LONGEST; side >= LONGEST / 4; side /= 2) {
      var scale = Math.min(1, side / Math.max(image.naturalWidth, image.naturalHeight));
      var canvas = document.createElement("canvas");
      canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
      canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
      var pen = canvas.getContext("2d");
      pen.fillStyle = "#fff";
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(image, 0, 0, canvas.width, canvas.height);
      for (var i = 0; i < QUALITIES.length; i += 1) {
        var text = canvas.toDataURL("image/jpeg", QUALITIES[i]);
        var base64 = text.indexOf(HEAD) === 0 ? text.slice(HEAD.length) : "";
        if (base64 && bytesOf(base64) <= MOST_BYTES) { return base64; }
      }
    }
    return "";
  }

  function show(box) {
    var text = box.querySelector("input[type=hidden]").value;
    var kept = box.querySelector(".photo__kept");
    var preview = box.querySelector(".photo__preview");
    var words = box.querySelector(".photo__words");
    kept.hidden = !text;
    preview.hidden = !text;
    if (text) {
      preview.src = HEAD + text;
      words.textContent = "已附，" + Math.ceil(bytesOf(text) / 1024) + " KB";
    } else {
      preview.removeAttribute("src");
      words.textContent = "";
    }
  }

  function keep(box, text) {
    var field = box.querySelector("input[type=hidden]");
    field.value = text;
    show(box);
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function take(box, input) {
    var file = input.files && input.files[0];
    if (!file) { return; }
    if (!isUprightByItself()) {
      box.querySelector(".photo__kept").hidden = true;
      window.Grass.toast("照片会在保存时一起传上去。", { kind: "ok" });
      return;
    }
    var address = URL.createObjectURL(file);
    var image = new Image();
    image.onload = function () {
      URL.revokeObjectURL(address);
      var text = smaller(image);
      input.value = "";
      if (text) { keep(box, text); } else { window.Grass.toast("这张照片太大，请重新拍一张。", { kind: "warn" }); }
    };
    image.onerror = function () {
      URL.revokeObjectURL(address);
      input.value = "";
      window.Grass.toast("这不是照片，请选 JPG 或 PNG 格式的照片，或重新拍一张。", { kind: "warn" });
    };
    image.src = address;
  }

  document.addEventListener("change", function (event) {
    var box = event.target.closest && event.target.closest("[data-photo]");
    if (box && event.target.type === "file") { take(box, event.target); }
    if (box && event.target.type === "hidden") { show(box); }
  });
  document.addEventListener("click", function (event) {
    var drop = event.target.closest && event.target.closest("[data-photo-drop]");
    if (drop) {
      event.preventDefault();
      var box = drop.closest("[data-photo]");
      keep(box, "");
      box.querySelector("input[type=file]").focus();
    }
  });
  function ready() {
    document.documentElement.classList.add("has-photos");
    Array.prototype.forEach.call(document.querySelectorAll("[data-photo]"), show);
  }
  document.addEventListener("htmx:afterSettle", function (event) {
    if (event.detail.elt.querySelectorAll) {
      Array.prototype.forEach.call(event.detail.elt.querySelectorAll("[data-photo]"), show);
    }
  });
  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", ready); } else { ready(); }
})();
