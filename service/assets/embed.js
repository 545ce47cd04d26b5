/* An embed on paper, and inside a frame.
 *
 * Paper gets the picture that stands here for readers without scripts: a drawn map cannot follow the page's new width.
 * It is taken when all else is done.
 *
 * Inside the frame: tells the page around how high the embed is, whenever that changes.
 *
 * Nothing but the height is said, so whoever listens may know it. The page around may listen with embed_height.js, or
 * not at all: then the frame keeps the height it was given and scrolls. A page whose script came late asks for it.
 */
(function () {
  'use strict';

  function keepForPaper() {
    document.querySelectorAll('.evenreach-map__stage noscript').forEach(function (unread) {
      var found = new DOMParser().parseFromString(unread.textContent, 'text/html').querySelector('img');
      if (!found) { return; }
      var picture = document.adoptNode(found);
      picture.className = 'evenreach-map__print';
      picture.hidden = true;
      picture.addEventListener('load', function () { picture.hidden = false; });
      unread.parentNode.after(picture);
    });
  }
  window.addEventListener('load', function () { window.setTimeout(keepForPaper, 500); });

  if (window.parent === window) { return; }
  document.body.classList.add('evenreach-embed--framed');
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
