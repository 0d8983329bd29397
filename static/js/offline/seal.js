/* Seals a form to the server's public key (grassroots/grid/offline/envelope.py opens it): from here on nobody who has
   the device reads it, neither the next user nor its author. */
(function (self) {
  "use strict";

  var PURPOSE = "grassroots-offline:1";
  var CURVE = { name: "ECDH", namedCurve: "P-256" };

  function toBase64(buffer) {
    var raw = new Uint8Array(buffer), text = "";
    for (var at = 0; at < raw.length; at += 8192) { text += String.fromCharCode.apply(null, raw.subarray(at, at + 8192)); }
    return btoa(text);
  }

  function fromBase64(text) {
    return Uint8Array.from(atob(text), function (sign) { return sign.charCodeAt(0); });
  }

  function joined(parts) {
    var length = parts.reduce(function (sum, part) { return sum + part.length; }, 0), whole = new Uint8Array(length), at = 0;
    parts.forEach(function (part) { whole.set(part, at); at += part.length; });
    return whole;
  }

  async function seal(content, server) {
    var bytes = self.GrassOffline.bytes, subtle = crypto.subtle;
    var point = fromBase64(server.point);
    var receiver = await subtle.importKey("raw", point, CURVE, false, []);
    var own = await subtle.generateKey(CURVE, true, ["deriveBits"]);
    var sender = new Uint8Array(await subtle.exportKey("raw", own.publicKey));
    var shared = await subtle.deriveBits({ name: "ECDH", public: receiver }, own.privateKey, 256);
    var material = await subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
    var salt = crypto.getRandomValues(new Uint8Array(16)), nonce = crypto.getRandomValues(new Uint8Array(12));
    var how = { name: "HKDF", hash: "SHA-256", salt: salt, info: joined([bytes(PURPOSE), sender, point]) };
    var key = await subtle.deriveKey(how, material, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
    var cipher = { name: "AES-GCM", iv: nonce, additionalData: bytes(PURPOSE + ":" + server.id) };
    var sealed = new Uint8Array(await subtle.encrypt(cipher, key, bytes(JSON.stringify(content))));
    return {
      v: 1, key: server.id, sender: toBase64(sender), salt: toBase64(salt), body: toBase64(joined([nonce, sealed]))
    };
  }

  self.GrassOffline = Object.assign(self.GrassOffline || {}, { seal: seal });
})(self);
