/* What every page does with a script: mark that scripts run, start the GOV.UK parts where they are loaded,
 * and reveal and serve the controls that are of no use without a script (copy, print). */
(function () {
  'use strict';

  document.body.classList.add('js-enabled');
  if ('noModule' in HTMLScriptElement.prototype) { document.body.classList.add('govuk-frontend-supported'); }
  if (window.GOVUKFrontend) { window.GOVUKFrontend.initAll(); }

  var print = document.getElementById('print-page');
  if (print) {
    print.hidden = false;
    print.addEventListener('click', function () { window.print(); });
  }

  var link = document.getElementById('share-link');
  var copy = document.getElementById('copy-link');
  var said = document.getElementById('copy-said');
  if (link) {
    if (link.value.charAt(0) === '/') { link.value = window.location.origin + link.value; }
    link.addEventListener('focus', function () { link.select(); });
  }
  if (link && copy) {
    copy.hidden = false;
    copy.addEventListener('click', function () { copyLink().then(done, byHand); });
  }

  function copyLink() {
    if (navigator.clipboard) { return navigator.clipboard.writeText(link.value); }
    return Promise.reject(new Error('no clipboard'));
  }

  function done() { said.textContent = 'Link copied.'; }

  function byHand() {
    link.focus();
    link.select();
    said.textContent = 'The link is selected. Copy it with Control and C, or Command and C.';
  }

  // A link to one part opens it: details are closed at first.
  function openTarget() {
    var target = window.location.hash && document.getElementById(window.location.hash.slice(1));
    if (target && target.tagName === 'DETAILS') { target.open = true; }
  }
  openTarget();
  window.addEventListener('hashchange', openTarget);

  // Paper gets the picture of the map: a drawn map cannot follow the page's new width. It is fetched when all else
  // is done, and again when the dial rests elsewhere.
  var pictures = Array.prototype.slice.call(document.querySelectorAll('img[data-print-picture]'));
  var later = null;

  function fetchPictures(rho) {
    pictures.forEach(function (picture) {
      var address = new URL(picture.dataset.printPicture, window.location.href);
      if (rho) { address.searchParams.set('rho', String(rho)); }
      picture.src = address.href;
      picture.hidden = false;
    });
  }
  if (pictures.length) {
    window.addEventListener('load', function () { window.setTimeout(fetchPictures, 500); });
    document.addEventListener('evenreach:dial', function (event) {
      window.clearTimeout(later);
      later = window.setTimeout(function () { fetchPictures(event.detail.rho); }, 800);
    });
  }

  // On paper everything is open.
  window.addEventListener('beforeprint', function () {
    var address = document.getElementById('print-address');
    if (address && link) { address.textContent = link.value; }
    document.querySelectorAll('details:not([open])').forEach(function (box) {
      box.dataset.closed = '';
      box.open = true;
    });
  });
  window.addEventListener('afterprint', function () {
    document.querySelectorAll('details[data-closed]').forEach(function (box) {
      delete box.dataset.closed;
      box.open = false;
    });
  });
}());
