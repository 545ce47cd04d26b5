/* The siting page with a script: sites on the map, places added by a click, lists that follow the service.
 *
 * The server works everything out, as it does without a script. Text from data is only ever set as text.
 */
(function () {
  'use strict';

  var form = document.getElementById('siting-form');
  var said = document.getElementById('siting-said');
  if (!form) { return; }

  var LONGEST = 8000;  // bytes of an address that the server takes
  var SITES = 'sites';
  var plan = document.getElementById('siting-marks');
  var layer = null, adding = false;

  // ---- the form as an address ------------------------------------------------------------------------------------

  function query() {
    var found = new URLSearchParams();
    new FormData(form).forEach(function (value, name) {
      var text = String(value).trim();
      if (text) { found.append(name, text); }
    });
    return found;
  }

  function address(found) { return form.getAttribute('action') + '?' + found.toString(); }

  form.addEventListener('submit', function (event) {
    event.preventDefault();
    var found = query();
    if (event.submitter && event.submitter.name) { found.set(event.submitter.name, event.submitter.value); }
    if (found.toString().length > LONGEST) {
      speak('So many boxes do not fit into one address. Tick fewer: choose a smaller area, or rule out fewer buildings.', true);
      return;
    }
    speak('Working out the best sites.');
    window.location.assign(address(found));
  });
  window.addEventListener('pageshow', function () { speak(''); });

  function speak(text, fault) {
    said.classList.toggle('er-share-said--fault', Boolean(fault));
    said.textContent = text;
  }

  // ---- lists that follow the service, the area and the candidates -------------------------------------------------

  var button = document.getElementById('show-sites');
  if (button && window.fetch && window.DOMParser) {
    button.hidden = true;
    form.addEventListener('change', function (event) {
      var field = event.target;
      if (field.id === 'service' || field.id === 'within' || field.hasAttribute('data-list')) { refresh(field); }
      redraw();
    });
  }

  var asked = '';

  function refresh(field) {
    var found = query(), focused = field.id;
    if (field.id === 'service' || field.id === 'within') {
      ['close', 'keep', 'forbid'].forEach(function (name) { found.delete(name); });
    }
    found.set('show', SITES);
    asked = address(found);
    var wanted = asked;
    fetch(wanted, { headers: { Accept: 'text/html' } })
      .then(function (answer) { return answer.text(); })
      .then(function (text) {
        if (wanted !== asked) { return; }
        var page = new DOMParser().parseFromString(text, 'text/html');
        var here = document.getElementById('siting-sites'), there = page.getElementById('siting-sites');
        if (!there) { throw new Error('no lists'); }
        here.replaceChildren.apply(here, Array.prototype.slice.call(there.childNodes));
        if (focused && document.getElementById(focused) !== document.activeElement) {
          document.getElementById(focused).focus({ preventScroll: true });
        }
        if (!plan) { redraw(); }
        speak(page.querySelectorAll('#siting-sites [name="close"]').length + ' sites of today and ' +
          page.querySelectorAll('#siting-sites [name="forbid"]').length + ' other buildings are listed.');
      })
      .catch(function () { button.hidden = false; speak('The lists could not be fetched. Press “Show its sites”.', true); });
  }

  // ---- marks on the map --------------------------------------------------------------------------------------------

  function marks() {
    var list = plan ? JSON.parse(plan.dataset.marks) : [];
    document.querySelectorAll('#siting-sites [data-site]').forEach(function (box) {
      if (plan && box.name !== 'point') { return; }
      if (plan && list.some(function (mark) { return mark.name === box.dataset.name; })) { return; }
      if (box.name === 'point' && !box.checked) { return; }
      list.push({ name: box.dataset.name, lon: Number(box.dataset.lon), lat: Number(box.dataset.lat),
        status: statusOf(box) });
    });
    return list;
  }

  function statusOf(box) {
    if (box.name === 'close') { return box.checked ? 'closable' : 'kept'; }
    return box.name === 'forbid' && box.checked ? 'forbidden' : 'candidate';
  }

  function redraw() {
    var map = window.map_evenreach;
    if (!window.L || !map || typeof map.addLayer !== 'function') { return; }
    if (layer) { map.removeLayer(layer); }
    layer = L.layerGroup(marks().map(function (mark) {
      var drawn = document.querySelector('[data-mark="' + mark.status + '"]') || document.querySelector('[data-mark]');
      var icon = L.divIcon({ className: 'evenreach-site evenreach-site--' + mark.status,
        html: drawn ? drawn.cloneNode(true) : '', iconSize: [16, 16] });
      return L.marker([mark.lat, mark.lon], { icon: icon, keyboard: false, zIndexOffset: mark.status === 'opened' ? 1000 : 0 })
        .bindTooltip(function () { return card(mark); }, { className: 'evenreach-tip', opacity: 1, offset: [8, 0] });
    })).addTo(map);
    document.body.dataset.sitingMarks = layer.getLayers().length;
  }

  function card(mark) {
    var box = document.createElement('div'), words = document.createElement('span'), name = document.createElement('strong');
    var line = document.querySelector('[data-mark="' + mark.status + '"]');
    box.className = 'evenreach-card';
    name.textContent = mark.name;
    words.textContent = [mark.postcode, line && line.parentElement.textContent.trim().replace(/:.*$/, '')].filter(Boolean).join(', ');
    box.append(name, words);
    return box;
  }

  redraw();

  // ---- a place of one's own by a click ------------------------------------------------------------------------------

  var tool = document.getElementById('add-place'), tell = document.getElementById('add-place-said');
  if (tool && window.map_evenreach && window.L) {
    tool.hidden = false;
    tool.addEventListener('click', function () { arm(!adding); });
    window.map_evenreach.on('click', function (event) {
      if (!adding) { return; }
      arm(false);
      addPlace(event.latlng);
    });
  }

  function arm(wanted) {
    adding = wanted;
    tool.setAttribute('aria-pressed', String(wanted));
    document.querySelector('.er-siting__map').classList.toggle('er-siting-adding', wanted);
    tell.textContent = wanted ? 'Now click the map where the building stands.' : '';
  }

  function addPlace(at) {
    var list = document.getElementById('points'), number = list.querySelectorAll('[name="point"]').length + 1;
    var name = 'Place ' + number, row = document.createElement('div'), box = document.createElement('input');
    var label = document.createElement('label');
    row.className = 'govuk-checkboxes__item';
    Object.assign(box, { className: 'govuk-checkboxes__input', id: 'point-' + number, name: 'point', type: 'checkbox',
      value: at.lng.toFixed(6) + ',' + at.lat.toFixed(6) + ',' + name, checked: true });
    Object.assign(box.dataset, { site: '', name: name, lon: at.lng, lat: at.lat, status: 'candidate' });
    label.className = 'govuk-label govuk-checkboxes__label';
    label.htmlFor = box.id;
    label.textContent = name + ', a place of your own';
    row.append(box, label);
    list.append(row);
    redraw();
    tell.textContent = name + ' is a candidate now. Press “Find the best sites” to weigh it.';
  }

  // ---- the postcode's own form takes along what is ticked -----------------------------------------------------------

  var point = document.getElementById('point-form');
  if (point) {
    point.addEventListener('submit', function () { point.elements.state.value = query().toString(); });
  }

  // ---- a row that is pointed at is outlined on the map --------------------------------------------------------------

  document.querySelectorAll('[data-neighbourhood]').forEach(function (row) {
    function show(code) {
      return function () {
        document.dispatchEvent(new CustomEvent('evenreach:highlight', { detail: { code: code, from: 'table' } }));
      };
    }
    row.addEventListener('mouseenter', show(row.dataset.neighbourhood));
    row.addEventListener('mouseleave', show(null));
    row.addEventListener('focusin', show(row.dataset.neighbourhood));
    row.addEventListener('focusout', show(null));
  });
}());
