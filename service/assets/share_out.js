/* The share-out page with a script: every change of a field updates the figures in place.
 *
 * The server works the figures out, as it does without a script; this fetches the page at the new settings and
 * takes its figures over. One request runs at a time; of the changes made meanwhile the last one follows.
 */
(function () {
  'use strict';

  var form = document.getElementById('share-form');
  var live = document.getElementById('share-live');
  var said = document.getElementById('share-said');
  if (!form || !live || !window.fetch || !window.DOMParser) { return; }

  var USUAL = { focus: 'core', rho: '3', unit: 'pence', over: 'lsoa', form: 'dial', floor: '0.5' };
  var QUIET_AFTER = 700;  // say the result once, when the hand rests

  // ---- a large place: say that it takes a while ------------------------------------------------------------------

  form.addEventListener('submit', function () {
    if (!form.dataset.wait) { return; }
    said.textContent = 'Sharing out over ' + Number(form.dataset.wait).toLocaleString('en-GB') +
      ' neighbourhoods. This takes about ten seconds.';
  });
  window.addEventListener('pageshow', function () { said.textContent = ''; });

  // ---- the dial: slider and number in step -----------------------------------------------------------------------

  var number = document.getElementById('rho');
  var range = document.getElementById('rho-range');
  if (number && range) {
    range.hidden = false;
    range.addEventListener('input', function () { number.value = range.value; });
    number.addEventListener('input', function () { if (number.value) { range.value = number.value; } });
  }

  // ---- live figures ----------------------------------------------------------------------------------------------

  if (!('live' in form.dataset)) { return; }

  var running = false, waiting = false, shown = address(), speaking = null;

  function address() {
    var query = new URLSearchParams();
    new FormData(form).forEach(function (value, name) {
      var text = String(value).trim();
      if (text && text !== USUAL[name]) { query.set(name, text); }
    });
    if (query.get('form') !== 'count') { query.delete('counts'); query.delete('floor'); }
    var text = query.toString();
    return form.getAttribute('action') + (text ? '?' + text : '');
  }

  function update() {
    if (running) { waiting = true; return; }
    var wanted = address();
    if (wanted === shown) { return; }
    if (!document.getElementById('budget').value.trim()) { return; }
    running = true;
    live.setAttribute('aria-busy', 'true');
    fetch(wanted, { headers: { Accept: 'text/html' } })
      .then(function (answer) {
        if (answer.status !== 200 && answer.status !== 422) { throw new Error(String(answer.status)); }
        return answer.text();
      })
      .then(function (text) { show(new DOMParser().parseFromString(text, 'text/html'), wanted); })
      .catch(function () { speak('The figures could not be updated. Press “Share it out”.', true); })
      .then(function () {
        running = false;
        live.removeAttribute('aria-busy');
        if (waiting) { waiting = false; update(); }
      });
  }

  function show(page, wanted) {
    shown = wanted;
    var faults = Array.prototype.map.call(page.querySelectorAll('.govuk-error-summary__list a'), function (link) {
      return { text: link.textContent, field: link.getAttribute('href').slice(1) };
    });
    markFaults(faults);
    live.classList.toggle('er-stale', faults.length > 0);
    if (faults.length) {
      speak(faults[0].text + '. The figures below are those from before.', true);
      return;
    }
    takeOver(page, 'share-live');
    takeOver(page, 'share-title');
    document.title = page.title;
    var link = document.getElementById('share-link'), fresh = page.getElementById('share-link');
    if (link && fresh) {
      link.value = fresh.value.charAt(0) === '/' ? window.location.origin + fresh.value : fresh.value;
    }
    var comment = document.getElementById('comment-link'), there = page.getElementById('comment-link');
    if (comment && there) { comment.href = there.href; }
    keepAddress(wanted);
    var rule = document.getElementById('share-rule');
    speak(rule ? rule.textContent.replace(/:$/, '. ') + live.querySelector('.er-share-result li').textContent : '');
    document.dispatchEvent(new CustomEvent('evenreach:shared', { detail: { address: wanted } }));
  }

  function takeOver(page, id) {
    var here = document.getElementById(id), there = page.getElementById(id);
    if (here && there) { here.replaceChildren.apply(here, Array.prototype.slice.call(there.childNodes)); }
  }

  function markFaults(faults) {
    form.querySelectorAll('[aria-invalid]').forEach(function (field) { field.removeAttribute('aria-invalid'); });
    faults.forEach(function (fault) {
      var field = document.getElementById(fault.field);
      if (field) { field.setAttribute('aria-invalid', 'true'); }
    });
  }

  var addresses = null;

  function keepAddress(wanted) {
    window.clearTimeout(addresses);  // browsers allow about a hundred address changes in half a minute
    addresses = window.setTimeout(function () { window.history.replaceState(null, '', wanted); }, 250);
  }

  function speak(text, now) {
    window.clearTimeout(speaking);
    said.classList.toggle('er-share-said--fault', Boolean(now));
    said.classList.toggle('govuk-visually-hidden', !now);
    if (now) { said.textContent = text; return; }
    said.textContent = '';
    speaking = window.setTimeout(function () { said.textContent = text; }, QUIET_AFTER);
  }

  /* Where nothing is shown yet, the first share-out is an ordinary page. */
  if (live.querySelector('.er-share-result')) {
    form.addEventListener('input', update);
    form.addEventListener('change', update);
    form.addEventListener('submit', function (event) {
      event.preventDefault();
      if (!document.getElementById('budget').value.trim()) {
        markFaults([{ field: 'budget' }]);
        live.classList.add('er-stale');
        speak('Enter a budget. The figures below are those from before.', true);
        document.getElementById('budget').focus();
        return;
      }
      update();
    });
  }
}());
