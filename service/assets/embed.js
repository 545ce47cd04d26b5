/* Inside the frame: tells the page around how high the embed is, whenever that changes.
 *
 * Nothing but the height is said, so whoever listens may know it. The page around may listen with embed_height.js, or
 * not at all: then the frame keeps the height it was given and scrolls. A page whose script came late asks for it.
 */
(function () {
  'use strict';

  if (window.parent === window) { return; }
  var last = 0;

  function say() {
    var height = Math.ceil(document.body.getBoundingClientRect().height);
    if (height === last) { return; }
    last = height;
    window.parent.postMessage({ evenreach: 'height', height: height }, '*');
  }

  if (window.ResizeObserver) { new ResizeObserver(say).observe(document.body); }
  window.addEventListener('load', say);
  window.addEventListener('message', function (event) {
    if (event.source !== window.parent || !event.data || event.data.evenreach !== 'height?') { return; }
    last = 0;
    say();
  });
}());
