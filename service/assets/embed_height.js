/* For pages that embed a map: gives each frame the height that its map asks for. One script serves all of a page's
 * maps; without it they keep the height written in the page. A frame is known by its window, not by what it says.
 */
(function () {
  'use strict';

  var LEAST = 60, MOST = 20000;

  window.addEventListener('message', function (event) {
    var said = event.data, height = said && said.evenreach === 'height' ? Number(said.height) : NaN;
    if (!(height >= LEAST && height <= MOST)) { return; }
    document.querySelectorAll('iframe[data-evenreach]').forEach(function (frame) {
      if (frame.contentWindow === event.source) { frame.height = String(Math.ceil(height)); }
    });
  });

  // A frame that was ready before this script has said its height already: it says it again.
  document.querySelectorAll('iframe[data-evenreach]').forEach(function (frame) {
    if (frame.contentWindow) { frame.contentWindow.postMessage({ evenreach: 'height?' }, '*'); }
  });
}());
