/* The service worker of an office where work without a connection is switched off: it takes the place of one that was
   registered while it was on, wipes the area, and goes. What waits to be sent stays, sealed, for when it is on again.
   It answers no request, and open pages are left as they are: somebody may be typing. */
(function (self) {
  "use strict";

  function drop(name) {
    return new Promise(function (resolve) {
      var asked = indexedDB.deleteDatabase(name);
      asked.onsuccess = asked.onerror = asked.onblocked = function () { resolve(); };
    });
  }

  self.addEventListener("install", function () { self.skipWaiting(); });
  self.addEventListener("activate", function (event) {
    event.waitUntil(
      Promise.all([drop("grassroots-key"), drop("grassroots-area"), caches.delete("grassroots-static")])
        .then(function () { return self.registration.unregister(); }, function () { return self.registration.unregister(); })
    );
  });
})(self);
