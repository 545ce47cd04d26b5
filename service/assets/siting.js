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
      if (text && name !== 'picked') { found.append(name, text); }
    });
    pick(found);
    return found;
  }

  /* A list with all its buildings ticked is the list; with some of them, each is named. As the server reads them. */
  function pick(found) {
    var whole = {}, ticked = {};
    document.querySelectorAll('#siting-sites [data-list]').forEach(function (list) {
      var boxes = buildings(list.value);
      ticked[list.value] = list.checked;
      whole[list.value] = list.checked && boxes.every(function (box) { return box.checked; });
      if (!whole[list.value]) { drop(found, 'candidates', list.value); }
    });
    document.querySelectorAll('#siting-sites [data-of]').forEach(function (box) {
      var of = box.dataset.of.split(' ');
      var covered = of.some(function (name) { return whole[name]; });
      if (covered || !of.some(function (name) { return ticked[name]; })) { drop(found, 'candidates', box.value); }
    });
  }

  function drop(found, name, value) {
    var kept = found.getAll(name).filter(function (text) { return text !== value; });
    found.delete(name);
    kept.forEach(function (text) { found.append(name, text); });
  }

  function buildings(list) {
    return Array.prototype.filter.call(document.querySelectorAll('#siting-sites [data-of]'), function (box) {
      return box.dataset.of.split(' ').indexOf(list) >= 0;
    });
  }

  function address(found) { return form.getAttribute('action') + '?' + found.toString(); }

  form.addEventListener('submit', function (event) {
    event.preventDefault();
    var found = query();
    if (event.submitter && event.submitter.name) { found.set(event.submitter.name, event.submitter.value); }
    if (found.toString().length > LONGEST) {
      speak('So many boxes do not fit into one address. Choose a smaller area, or fewer lists.', true);
      return;
    }
    speak(found.get('show') === 'closures' ? 'Closing each site in turn.' : 'Working out the best sites.');
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
      closings();
      redraw();
    });
    form.addEventListener('input', closings);
  }

  // ---- what closing one would mean: with the choices as they stand -------------------------------------------------

  var SHARED = ['edition', 'weights', 'service', 'within', 'focus', 'rho', 'objective', 'demand', 'minutes', 'mode', 'growth'];

  function closings() {
    var now = query(), shared = new URLSearchParams();
    SHARED.forEach(function (name) {
      now.getAll(name).forEach(function (value) { shared.append(name, value); });
    });
    document.querySelectorAll('#siting-sites [data-closing]').forEach(function (link) {
      var found = new URLSearchParams(shared);
      found.set('add', '-1');
      found.set('close', link.dataset.closing);
      link.href = address(found);
    });
  }
  closings();

  var asked = '';

  function refresh(field) {
    var found = query(), focused = field.id;
    if (field.id === 'service' || field.id === 'within') {
      ['close', 'keep', 'forbid'].forEach(function (name) { found.delete(name); });
      single(found);
    }
    if (field.id === 'service') { ['focus', 'mode'].forEach(function (name) { found.delete(name); }); }
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
        var changed = field.id === 'service' ? follow(page) : '';
        closings();
        redraw();
        speak([here.querySelector('[data-said]').dataset.said, changed].filter(Boolean).join(' '));
      })
      .catch(function () { button.hidden = false; speak('The lists could not be fetched. Press “Show its sites”.', true); });
  }

  /* A building of a list that was taken in part may not stand in another area: the list is asked for as a whole. */
  function single(found) {
    var names = found.getAll('candidates'), lists = [];
    document.querySelectorAll('#siting-sites [data-list]').forEach(function (list) { if (list.checked) { lists.push(list.value); } });
    found.delete('candidates');
    names.filter(function (name) { return name.indexOf('site:') !== 0 && lists.indexOf(name) < 0; }).concat(lists)
      .forEach(function (name) { found.append('candidates', name); });
  }

  /* Whom the service is for, and how most people get there, follow the service. */
  function follow(page) {
    var said = '';
    ['focus', 'mode'].forEach(function (id) {
      var here = document.getElementById(id), there = page.getElementById(id);
      if (!here || !there || here.value === there.value) { return; }
      here.value = there.value;
      var words = form.querySelector('label[for="' + id + '"]').textContent.trim();
      said += ' “' + words + '” is now ' + here.options[here.selectedIndex].text + '.';
    });
    return said.trim();
  }

  // ---- marks on the map --------------------------------------------------------------------------------------------

  function marks() {
    var list = plan ? JSON.parse(plan.dataset.marks) : [];
    document.querySelectorAll('#siting-sites [data-site]').forEach(function (box) {
      if (plan && box.name !== 'point') { return; }
      if (plan && list.some(function (mark) { return mark.name === box.dataset.name; })) { return; }
      if (box.name === 'point' && !box.checked) { return; }
      list.push({ name: box.dataset.name, lon: Number(box.dataset.lon), lat: Number(box.dataset.lat),
        status: statusOf(box), inside: true });
    });
    return list;
  }

  function statusOf(box) {
    if (box.name === 'close') { return box.checked ? 'closable' : 'kept'; }
    return box.checked ? 'candidate' : 'forbidden';
  }

  function redraw() {
    var map = window.map_evenreach;
    if (!window.L || !map || typeof map.addLayer !== 'function') { return; }
    if (layer) { map.removeLayer(layer); }
    layer = L.layerGroup(marks().map(function (mark) {
      var drawn = shapeOf(mark);
      var icon = L.divIcon({ className: 'evenreach-site evenreach-site--' + mark.status + (mark.inside ? '' : ' evenreach-site--outside'),
        html: drawn ? drawn.cloneNode(true) : '', iconSize: [16, 16] });
      return L.marker([mark.lat, mark.lon], { icon: icon, keyboard: false, zIndexOffset: mark.status === 'opened' ? 1000 : 0 })
        .bindTooltip(function () { return card(mark); }, { className: 'evenreach-tip', opacity: 1, offset: [8, 0] });
    })).addTo(map);
    document.body.dataset.sitingMarks = layer.getLayers().length;
  }

  function shapeOf(mark) { return document.querySelector('#siting-shapes [data-shape="' + mark.status + '"]'); }

  function card(mark) {
    var box = document.createElement('div'), words = document.createElement('span'), name = document.createElement('strong');
    var drawn = shapeOf(mark);
    box.className = 'evenreach-card';
    name.textContent = mark.name;
    words.textContent = [mark.postcode, drawn && drawn.dataset.words, mark.inside ? '' : 'outside the area'].filter(Boolean).join(', ');
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
      if (!inside(event.latlng)) {
        tell.textContent = 'That is outside the area. Click where it is coloured.';
        return;
      }
      arm(false);
      addPlace(event.latlng);
    });
  }

  /* Whether a point lies in a neighbourhood that is drawn: a ray from it crosses the outlines an odd number of times. */
  function inside(at) {
    var found = false, any = false;
    window.map_evenreach.eachLayer(function (layer) {
      if (!layer.feature || !layer.getLatLngs || !/Polygon$/.test(layer.feature.geometry.type)) { return; }
      any = true;
      if (!found && layer.getBounds().contains(at)) { found = crossings(layer.getLatLngs(), at) % 2 === 1; }
    });
    return found || !any;
  }

  function crossings(ring, at) {
    if (!ring.length || ring[0].lat === undefined) {
      return ring.reduce(function (sum, part) { return sum + crossings(part, at); }, 0);
    }
    return ring.filter(function (from, number) {
      var to = ring[(number + 1) % ring.length];
      return (from.lat > at.lat) !== (to.lat > at.lat) &&
        at.lng < from.lng + (to.lng - from.lng) * (at.lat - from.lat) / (to.lat - from.lat);
    }).length;
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
    Object.assign(box.dataset, { site: '', name: name, lon: at.lng, lat: at.lat });
    label.className = 'govuk-label govuk-checkboxes__label';
    label.htmlFor = box.id;
    label.textContent = name + ', a place of your own';
    row.append(box, label);
    list.append(row);
    redraw();
    tell.textContent = name + ' is a candidate now.';
    document.getElementById('find-again').hidden = false;
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
