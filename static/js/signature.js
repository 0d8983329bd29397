/* A signature by finger, kept in the hidden field as strokes "x,y x,y;x,y …" in a box of 600 by 300. Without this file
   the number of the paper letter is typed. */
(function () {
  "use strict";

  var WIDTH = 600;
  var HEIGHT = 300;
  var STEP = 3;
  var MOST_POINTS = 3900;

  function ready() {
    var box = document.querySelector("[data-sign]");
    var form = box && box.closest("form");
    var field = form && form.querySelector('input[name="signature"]');
    var pad = box && box.querySelector("canvas");
    if (!field || !pad || !pad.getContext || !window.PointerEvent) { return; }
    var clear = box.querySelector("[data-sign-clear]");
    var strokes = read(field.value);
    var stroke = null;
    box.hidden = false;

    function read(text) {
      if (!text) { return []; }
      return text.split(";").map(function (line) {
        return line.split(" ").map(function (pair) { return pair.split(",").map(Number); });
      });
    }

    function count() { return strokes.reduce(function (sum, one) { return sum + one.length; }, 0); }

    /* As sharp as the screen; drawn anew when the phone is turned or the pad comes into sight. */
    function draw() {
      var shown = pad.clientWidth;
      if (!shown) { return; }
      var ratio = window.devicePixelRatio || 1;
      pad.style.height = Math.round(shown * HEIGHT / WIDTH) + "px";
      pad.width = Math.round(shown * ratio);
      pad.height = Math.round(pad.clientHeight * ratio);
      strokes.forEach(function (one) { line(one, 0); });
    }

    function line(points, from) {
      var pen = pad.getContext("2d");
      var scale = pad.width / WIDTH;
      pen.lineWidth = 5 * scale;
      pen.lineCap = pen.lineJoin = "round";
      pen.strokeStyle = pen.fillStyle = "#1b2530";
      pen.beginPath();
      points.slice(Math.max(from - 1, 0)).forEach(function (point, index) {
        if (index) { pen.lineTo(point[0] * scale, point[1] * scale); } else { pen.moveTo(point[0] * scale, point[1] * scale); }
      });
      if (points.length === 1) { pen.arc(points[0][0] * scale, points[0][1] * scale, 2.5 * scale, 0, 7); pen.fill(); }
      pen.stroke();
    }

    function text() {
      return strokes.map(function (one) {
        return one.map(function (point) { return point.join(","); }).join(" ");
      }).join(";");
    }

    function keep() {
      field.value = text();
      if (clear) { clear.disabled = !strokes.length; }
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }

    function at(event) {
      var shown = pad.getBoundingClientRect();
      var x = Math.round((event.clientX - shown.left - pad.clientLeft) / pad.clientWidth * WIDTH);
      var y = Math.round((event.clientY - shown.top - pad.clientTop) / pad.clientHeight * HEIGHT);
      return [Math.min(Math.max(x, 0), WIDTH), Math.min(Math.max(y, 0), HEIGHT)];
    }

    pad.addEventListener("pointerdown", function (event) {
      if (stroke || (event.pointerType === "mouse" && event.button)) { return; }
      event.preventDefault();
      if (count() >= MOST_POINTS) {
        window.Grass.toast("签名的笔画太多，请清除后重签。", { kind: "warn" });
        return;
      }
      if (document.activeElement && document.activeElement.blur) { document.activeElement.blur(); }
      if (pad.setPointerCapture) { pad.setPointerCapture(event.pointerId); }
      stroke = { id: event.pointerId, points: [at(event)] };
      strokes.push(stroke.points);
      line(stroke.points, 0);
    });
    pad.addEventListener("pointermove", function (event) {
      if (!stroke || event.pointerId !== stroke.id || count() >= MOST_POINTS) { return; }
      event.preventDefault();
      var points = stroke.points;
      var last = points[points.length - 1];
      var next = at(event);
      if (Math.abs(next[0] - last[0]) + Math.abs(next[1] - last[1]) < STEP) { return; }
      points.push(next);
      line(points, points.length - 1);
    });
    ["pointerup", "pointercancel"].forEach(function (name) {
      pad.addEventListener(name, function (event) {
        if (stroke && event.pointerId === stroke.id) { stroke = null; keep(); }
      });
    });
    if (clear) {
      clear.addEventListener("click", function () { strokes = []; stroke = null; draw(); keep(); });
      clear.disabled = !strokes.length;
    }
    window.addEventListener("resize", draw);
    /* A form that was kept on the device is put back into its fields. */
    field.addEventListener("change", function () {
      if (stroke || field.value === text()) { return; }
      strokes = read(field.value);
      draw();
      if (clear) { clear.disabled = !strokes.length; }
    });
    form.addEventListener("change", function () { if (!stroke && pad.offsetParent !== null && sizeChanged()) { draw(); } });

    function sizeChanged() {
      return pad.width !== Math.round(pad.clientWidth * (window.devicePixelRatio || 1));
    }
    draw();
  }
  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", ready); } else { ready(); }
})();
