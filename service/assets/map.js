/* Draws the neighbourhoods of one map.
 *
 * The folium frame made the empty Leaflet map (global `map_evenreach`). This script fetches GeoJSON by URL,
 * colours it, labels it and keeps it in step with the table of the page. Text from data is only ever set as
 * text (textContent), never as HTML.
 *
 * Events on `document`:
 *   evenreach:highlight {code, from: "map" | "table"}   one neighbourhood is pointed at (code null: none)
 *   evenreach:dial      {rho}                           the dial moved: multiples and legend ranges follow
 *   evenreach:scores    {rows}                          sent by the map when its figures have arrived
 */
(function () {
  'use strict';

  var shapes = window.evenreachShapes;
  var SVG = 'http://www.w3.org/2000/svg';
  var HATCH = 'url(#evenreach-hatch)';
  var NEAR_ZOOM = 11;      // from here England shows neighbourhoods instead of councils
  var MOST_AREAS = 2000;   // the most neighbourhoods drawn at once
  var PATIENCE_MS = 30000;

  // ---- one map -------------------------------------------------------------------------------------------------

  function start(root) {
    var view = {
      root: root,
      spec: JSON.parse(root.dataset.spec),
      rho: Number(root.dataset.rho),
      map: window.map_evenreach,
      areas: null, byCode: {}, mark: null, chosen: null, near: null,
      sites: {}, fetched: {}, labels: { far: [], near: [] }, labelling: 0
    };
    if (!window.L || !view.map || typeof view.map.addLayer !== 'function') {
      return fail(view, 'The map could not be started.');
    }
    prepare(view);
    listen(view);
    load(view);
    loadGround(view);
  }

  function prepare(view) {
    var map = view.map, box = map.getContainer();
    map.setMinZoom(5).setMaxZoom(17);
    if (view.root.dataset.label) { box.setAttribute('aria-label', view.root.dataset.label); }
    L.control.scale({ position: 'bottomright', maxWidth: 120 }).addTo(map);
    homeButton(view).addTo(map);
    view.start = map.getBounds();
    view.canvas = L.svg({ padding: 0.3 }).addTo(map);
    view.canvas._container.setAttribute('aria-hidden', 'true');
    view.canvas._container.setAttribute('focusable', 'false');
    addHatch(view.canvas._container, view.spec.palette);
    ['ground', 'outline', 'mark', 'labels'].forEach(function (name, place) {
      var pane = map.createPane('evenreach-' + name);
      pane.style.zIndex = name === 'labels' ? 620 : 410 + place * 10;  // names stay legible over the marks of sites
      pane.style.pointerEvents = 'none';
      pane.setAttribute('aria-hidden', 'true');
    });
    // The wheel, and a single finger, belong to the page until the reader steps into the map.
    var byFinger = window.matchMedia('(pointer: coarse)').matches;
    function step(change) {
      map.scrollWheelZoom[change]();
      if (byFinger) { map.dragging[change](); }
    }
    step('disable');
    box.addEventListener('focusin', function () { step('enable'); });
    box.addEventListener('focusout', function () { step('disable'); });
    map.on('click', function () { step('enable'); });
    keepCardsInside(box);
    map.on('zoomend moveend', function () { labelsSoon(view); });
    if (window.ResizeObserver) {
      new ResizeObserver(function () { resize(view); }).observe(box);
    }
  }

  /* A map that nobody has moved goes on showing its whole place, however wide it becomes. */
  function resize(view) {
    var moved = view.moved;
    view.map.invalidateSize({ pan: false });
    if (view.areas && !moved) { showAll(view); }
  }

  function homeButton(view) {
    var control = L.control({ position: 'topleft' });
    control.onAdd = function () {
      var bar = element('div', 'leaflet-bar');
      var button = element('button', 'evenreach-map__home', 'Whole place');
      button.type = 'button';
      L.DomEvent.disableClickPropagation(bar);
      button.addEventListener('click', function () { view.map.getContainer().focus(); showAll(view); });
      bar.appendChild(button);
      bar.hidden = true;  // there is nothing to go back to
      view.map.on('movestart zoomstart', function () {
        view.moved = Boolean(view.areas) && !view.fitting;
        bar.hidden = !view.moved;
      });
      return bar;
    };
    return control;
  }

  function showAll(view) {
    settle(view, function () {
      view.fitting = true;
      view.map.fitBounds(view.start, { padding: [10, 10], animate: false });
      view.fitting = false;
    });
  }

  function addHatch(svg, palette) {
    var defs = svgElement('defs', {});
    var pattern = svgElement('pattern', { id: 'evenreach-hatch', width: 7, height: 7,
      patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' });
    pattern.appendChild(svgElement('rect', { width: 7, height: 7, fill: '#ffffff' }));
    pattern.appendChild(svgElement('rect', { width: 2.5, height: 7, fill: '#7d858b' }));
    defs.appendChild(pattern);
    palette.forEach(function (colour, place) { defs.appendChild(doubtPattern(colour, place + 1)); });
    svg.insertBefore(defs, svg.firstChild);
  }

  /* The colour of a class under white lines: a neighbourhood that may or may not be in the top fifth. */
  function doubtPattern(colour, number) {
    var pattern = svgElement('pattern', { id: 'evenreach-doubt-' + number, width: 6, height: 6,
      patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(-45)' });
    pattern.appendChild(svgElement('rect', { width: 6, height: 6, fill: colour }));
    pattern.appendChild(svgElement('rect', { width: 1.1, height: 6, fill: '#ffffff' }));
    pattern.appendChild(svgElement('rect', { x: 1.1, width: 0.5, height: 6, fill: '#1b242b' }));
    return pattern;
  }

  /* Main roads and water, where the place has them: over the areas, under names and sites. A map does without. */
  function loadGround(view) {
    if (!view.root.dataset.ground) { return; }
    fetchJson(view.root.dataset.ground).then(function (data) {
      [1.6, 0].forEach(function (halo) {
        L.geoJSON(data, { pane: 'evenreach-ground', interactive: false, style: function (feature) {
          var water = feature.properties.kind === 'water', colour = water ? '#2a6db0' : '#4a4a4a';
          return { color: halo ? '#ffffff' : colour, weight: (water ? 2.4 : 1.2) + halo, fill: false };
        } }).addTo(view.map);
      });
    }).catch(function (problem) {
      if (window.console) { window.console.warn('evenreach map:', problem.message); }
    });
  }

  // ---- fetching ------------------------------------------------------------------------------------------------

  function load(view) {
    var root = view.root, councils = root.dataset.councils;
    setState(view, 'loading');
    Promise.all([fetchJson(councils || root.dataset.geojson), outlinesOf(root)]).then(function (found) {
      var data = found[1] ? shapes.outlined(found[0], found[1]) : found[0];
      drawAreas(view, data, Boolean(councils));
      if (councils) { followZoom(view); } else { tell('evenreach:scores', { rows: rowsOf(data) }); }
      return councils ? null : loadServices(view);
    }).then(function () {
      afterPaint(function () { setState(view, 'ready'); });
    }).catch(function (problem) {
      fail(view, view.areas ? 'The sites could not be loaded.' : 'The figures of this map could not be loaded.', problem);
    });
  }

  /* Outlines that the figures are drawn in; none where each area comes with its own boundary. */
  function outlinesOf(root) {
    return root.dataset.outlines && !root.dataset.councils ? fetchJson(root.dataset.outlines) : Promise.resolve(null);
  }

  /* Data that a script of the page brought (a page that is opened as a file cannot fetch), else fetched. */
  function fetchJson(address) {
    var brought = window.evenreachData && window.evenreachData[address];
    if (brought) {  // a frame later: the empty map of an older edition begins with a zoom, which is then waited for
      return new Promise(function (done) { nextFrame(function () { done(brought); }); });
    }
    var stop = new AbortController();
    var clock = window.setTimeout(function () { stop.abort(); }, PATIENCE_MS);
    return fetch(address, { credentials: 'omit', signal: stop.signal }).then(function (answer) {
      if (!answer.ok) { throw new Error('answer ' + answer.status); }
      return answer.json();
    }).finally(function () { window.clearTimeout(clock); });
  }

  /* Before the next painting; a frame that is out of sight is never painted, so not much later in any case. */
  function nextFrame(then) {
    var late = window.setTimeout(run, 200), frame = window.requestAnimationFrame(run);
    function run() {
      window.clearTimeout(late);
      window.cancelAnimationFrame(frame);
      then();
    }
  }

  function afterPaint(then) {
    nextFrame(function () { nextFrame(then); });
  }

  function setState(view, state) {
    view.root.dataset.state = state;
    var message = view.root.querySelector('[data-map-message]');
    if (message) { message.hidden = state === 'ready'; }
    if (message && state === 'loading') { message.textContent = 'Loading the map.'; }
  }

  function note(view, sentence) {
    var message = view.root.querySelector('[data-map-message]');
    if (message) { message.textContent = sentence; message.hidden = false; }
  }

  function fail(view, sentence, problem) {
    setState(view, 'failed');
    var message = view.root.querySelector('[data-map-message]');
    if (!message) { return; }
    message.textContent = sentence + ' The table holds the same figures. ';
    if (problem && window.console) { window.console.warn('evenreach map:', problem.message); }
    if (!view.areas && view.map) {
      var again = element('button', 'evenreach-map__again', 'Try again');
      again.type = 'button';
      again.addEventListener('click', function () { load(view); });
      message.appendChild(again);
    }
  }

  function rowsOf(data) {
    return data.features.map(function (feature) { return feature.properties; });
  }

  // ---- classes and colours -------------------------------------------------------------------------------------

  function isNumber(value) { return typeof value === 'number' && isFinite(value); }

  function classOf(spec, properties) {
    var value = properties[spec.classColumn];
    if (spec.classes === 'none') { return 1; }
    if (!isNumber(value)) { return 0; }
    if (spec.classes === 'fifths' || spec.classes === 'named') { return value; }
    if (spec.classes === 'decile pairs') { return Math.ceil(value / 2); }
    var factor = Math.pow(10, spec.decimals), step = 0;
    value = Math.round(value * factor) / factor;
    while (step < spec.breaks.length - 1 && value > spec.breaks[step]) { step += 1; }
    return spec.polarity < 0 ? step + 1 : spec.breaks.length - step;
  }

  /* The figures of a council's middle neighbourhood, under the names that a neighbourhood's have. */
  function middleOf(properties) {
    var found = {};
    Object.keys(properties).forEach(function (name) { found[name.replace('middle_', '')] = properties[name]; });
    return found;
  }

  function councilClass(spec, properties) {
    if (spec.classes === 'named') { return properties[spec.classColumn] || 0; }
    return classOf(spec, middleOf(properties));
  }

  function colourOf(spec, number, doubtful) {
    if (number === 0) { return HATCH; }
    return doubtful ? 'url(#evenreach-doubt-' + number + ')' : spec.palette[number - 1];
  }

  function isDoubtful(spec, properties) {
    var chance = spec.hatched && properties[spec.hatched.column];
    return isNumber(chance) && chance > spec.hatched.between[0] && chance < spec.hatched.between[1];
  }

  function multiple(view, properties) {
    var u = properties.need_position;
    return isNumber(u) ? 2 * (1 + (view.rho - 1) * u) / (view.rho + 1) : null;
  }

  function valueOf(view, properties) {
    var column = view.spec.column;
    return column === 'targeting_score' && isNumber(properties.need_position)
      ? multiple(view, properties) : properties[column];
  }

  function numberText(value, decimals) {
    return value.toLocaleString('en-GB', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  }

  function valueText(view, properties) {
    var spec = view.spec, value = valueOf(view, properties);
    if (spec.classes === 'none') { return ''; }
    if (!isNumber(value)) { return classOf(spec, properties) ? '' : 'No figure'; }
    return spec.valueName + ': ' + numberText(value, spec.decimals) + (spec.unit ? ' ' + spec.unit : '');
  }

  // ---- areas ---------------------------------------------------------------------------------------------------

  function areaStyle(view, councils) {
    return function (feature) {
      var number = councils ? councilClass(view.spec, feature.properties) : classOf(view.spec, feature.properties);
      return { renderer: view.canvas, className: 'evenreach-area', fillColor: colourOf(view.spec, number, !councils && isDoubtful(view.spec, feature.properties)),
        fillOpacity: 1, color: '#71808a', opacity: 0.9, weight: 0.7, smoothFactor: 0.4, noClip: true };
    };
  }

  function drawAreas(view, data, councils) {
    var began = performance.now(), whole = councils || !view.root.dataset.councils;
    if (view.areas) { view.map.removeLayer(view.areas); view.map.removeLayer(view.outline); }
    view.byCode = {};
    view.areas = L.geoJSON(data, {
      style: areaStyle(view, councils),
      onEachFeature: function (feature, layer) {
        view.byCode[feature.id] = layer;
        layer.on({
          mouseover: function () { point(view, feature.id, 'map'); },
          mouseout: function () { point(view, null, 'map'); },
          click: function () {
            if (councils && view.root.dataset.geojson) { goNear(view, layer); } else { choose(view, feature, councils); }
          }
        });
      }
    });
    view.areas.bindTooltip(function (layer) { return card(view, layer.feature, councils); },
      { sticky: true, opacity: 1, className: 'evenreach-tip' });
    if (data.features.length && !view.near) { fit(view); }  // before drawing, so that nothing is drawn twice
    view.areas.addTo(view.map);
    // Leaflet's tooltips listen for focus, which makes every shape a stop of the Tab key: the table is the way there.
    view.areas.eachLayer(function (layer) {
      var shape = layer.getElement && layer.getElement();
      if (shape) { shape.setAttribute('tabindex', '-1'); }
    });
    view.outline = whole ? outlineOf(data.features).addTo(view.map) : L.layerGroup();
    view.labels = labelsOf(data.features, councils);
    labelsSoon(view);
    view.root.dataset.areas = data.features.length;
    view.root.dataset.drawnMs = Math.round(performance.now() - began);
  }

  function fit(view) {
    var bounds = view.areas.getBounds();
    if (!bounds.isValid()) { return; }
    view.start = bounds;
    showAll(view);
    settle(view, function () { view.map.setMaxBounds(bounds.pad(0.6)); });
  }

  /* Leaflet drops what is asked of it while it zooms: wait for the end. */
  function settle(view, then) {
    if (view.map._animatingZoom) { view.map.once('zoomend', function () { settle(view, then); }); return; }
    then();
  }

  function outlineOf(features) {
    return L.polyline(shapes.outline(features), { pane: 'evenreach-outline', interactive: false, color: '#1b242b',
      weight: 1.8, opacity: 0.9, smoothFactor: 0.4, lineJoin: 'round' });
  }

  // ---- pointing and choosing -----------------------------------------------------------------------------------

  function card(view, feature, councils) {
    var properties = feature.properties, box = element('div', 'evenreach-card');
    if (councils) {
      box.appendChild(element('strong', '', properties.lad24nm || feature.id));
      box.appendChild(element('span', '', numberText(properties.neighbourhoods || 0, 0) + ' neighbourhoods'));
      if (view.spec.classes === 'named') {
        var usual = view.spec.labels[councilClass(view.spec, properties)];
        box.appendChild(element('span', '', 'Most frequent: ' + usual));
        return box;
      }
      box.appendChild(element('span', '', 'Its middle neighbourhood:'));
      properties = middleOf(properties);
      [valueText(view, properties), view.spec.labels[classOf(view.spec, properties)]].forEach(function (text) {
        if (text) { box.appendChild(element('span', '', text)); }
      });
      return box;
    }
    box.appendChild(element('strong', '', properties.msoa21hclnm || ''));
    box.appendChild(element('span', 'evenreach-card__code', properties.lsoa21nm || feature.id));
    var value = valueText(view, properties);
    if (value) { box.appendChild(element('span', '', value)); }
    var label = view.spec.labels[classOf(view.spec, properties)];
    if (label) { box.appendChild(element('span', '', label)); }
    (view.spec.also || []).forEach(function (part) {
      var text = properties[part.column];
      if (text) { box.appendChild(element('span', '', part.name + ': ' + text)); }
    });
    if (isDoubtful(view.spec, properties)) { box.appendChild(element('span', '', 'May or may not be in the fifth of greatest need: ' + chanceText(properties))); }
    if (properties.certainty === 'method only' && view.spec.id === 'certainty') {
      box.appendChild(element('span', '', 'Method only: most of the weight has no counts'));
    }
    return box;
  }

  function chanceText(properties) {
    return 'in it ' + Math.round(100 * properties.top_fifth_chance) + ' times in 100';
  }

  function point(view, code, from) {
    if (from === 'map') { tell('evenreach:highlight', { code: code, from: 'map' }); }
    outlineOne(view, code || view.chosen);
    if (from === 'table') { showCard(view, code && view.byCode[code]); }
  }

  /* No card is cut at the edge of the map. */
  function keepCardsInside(box) {
    var place = L.Tooltip.prototype._setPosition;
    L.Tooltip.include({ _setPosition: function (at) {
      var tip = this._container;
      tip.style.translate = 'none';
      place.call(this, at);
      var room = box.getBoundingClientRect(), cut = tip.getBoundingClientRect();
      tip.style.translate = shift(room, cut, 'left', 'right') + ' ' + shift(room, cut, 'top', 'bottom');
    } });
  }

  function shift(room, cut, low, high) {
    return Math.max(room[low] - cut[low], Math.min(room[high] - cut[high], 0)) + 'px';
  }

  function closeCards(view) {
    view.map.eachLayer(function (layer) { if (layer instanceof L.Tooltip) { layer.close(); } });
  }

  /* The card of a neighbourhood that the table points at: above it or below, never over it. */
  function showCard(view, layer) {
    closeCards(view);
    if (!layer) { return; }
    var box = layer.getBounds(), top = L.latLng(box.getNorth(), box.getCenter().lng);
    var above = view.map.latLngToContainerPoint(top).y > 130;
    L.tooltip({ direction: above ? 'top' : 'bottom', opacity: 1, className: 'evenreach-tip' })
      .setLatLng(above ? top : L.latLng(box.getSouth(), top.lng))
      .setContent(card(view, layer.feature, false)).addTo(view.map);
  }

  function outlineOne(view, code) {
    if (view.mark) { view.map.removeLayer(view.mark); view.mark = null; }
    var layer = code && view.byCode[code];
    if (!layer) { return; }
    var line = { pane: 'evenreach-mark', interactive: false, fill: false, smoothFactor: 0.4 };
    view.mark = L.layerGroup([
      L.polygon(layer.getLatLngs(), Object.assign({ color: '#ffffff', weight: 6, opacity: 0.95 }, line)),
      L.polygon(layer.getLatLngs(), Object.assign({ color: '#0b0c0c', weight: 2.6 }, line))
    ]).addTo(view.map);
  }

  function choose(view, feature, councils) {
    var panel = view.root.querySelector('[data-map-details]');
    view.chosen = feature.id;
    outlineOne(view, feature.id);
    if (!panel) { return; }
    panel.replaceChildren(card(view, feature, councils));
    if (view.root.dataset.profile && !councils) {
      var link = element('a', 'govuk-link', 'Why this score: open its page');
      link.href = view.root.dataset.profile.replace('CODE', encodeURIComponent(feature.id));
      panel.appendChild(link);
    }
  }

  function listen(view) {
    document.addEventListener('keydown', function (event) {
      if (event.key === 'Escape') { closeCards(view); }
    });
    document.addEventListener('evenreach:highlight', function (event) {
      if (event.detail && event.detail.from === 'table') { point(view, event.detail.code, 'table'); }
    });
    document.addEventListener('evenreach:dial', function (event) {
      var rho = Number(event.detail && event.detail.rho);
      if (!(rho >= 1 && rho <= 20)) { return; }
      view.rho = rho;
      view.root.dataset.rho = rho;
      updateLegend(view);
    });
    view.root.querySelectorAll('[data-map-service]').forEach(function (box) {
      box.addEventListener('change', function () { loadServices(view).catch(function (problem) {
        fail(view, 'The sites could not be loaded.', problem);
      }); });
    });
  }

  function tell(name, detail) {
    document.dispatchEvent(new CustomEvent(name, { detail: detail }));
  }

  /* Only the targeting score moves with the dial; the order, and so the classes, stay. */
  function updateLegend(view) {
    if (view.spec.column !== 'targeting_score' || view.root.dataset.councils) { return; }
    var ranges = {};
    Object.keys(view.byCode).forEach(function (code) {
      var properties = view.byCode[code].feature.properties, value = multiple(view, properties);
      var number = classOf(view.spec, properties);
      if (value === null) { return; }
      var range = ranges[number] || (ranges[number] = [value, value]);
      range[0] = Math.min(range[0], value);
      range[1] = Math.max(range[1], value);
    });
    view.root.querySelectorAll('[data-class] [data-range]').forEach(function (text) {
      var range = ranges[text.closest('[data-class]').dataset.class];
      if (range) { text.textContent = rangeText(view.spec, range[0], range[1]); }
    });
  }

  function rangeText(spec, low, high) {
    low = numberText(low, spec.decimals);
    high = numberText(high, spec.decimals);
    return (low === high ? low : low + ' to ' + high) + (spec.unit ? ' ' + spec.unit : '');
  }

  // ---- labels --------------------------------------------------------------------------------------------------

  /* Two sets of names: councils for a far look at several of them, MSOAs for a near one. */
  function labelsOf(features, councils) {
    var far = shapes.namesBy(features, 'lad24nm');
    return { far: councils || far.length > 3 ? far : [], near: councils ? [] : shapes.namesBy(features, 'msoa21hclnm') };
  }

  function labelsSoon(view) {
    window.cancelAnimationFrame(view.labelling);
    view.labelling = window.requestAnimationFrame(function () { placeLabels(view); });
  }

  /* Names that fit without touching, the largest areas first; more appear as the reader zooms in. */
  /* Where no name may lie: the map's buttons, its scale, and its two sides, which would cut it. */
  function takenBoxes(map) {
    var home = map.getContainer(), whole = home.getBoundingClientRect();
    var sides = [whole.left, whole.right].map(function (x) { return new DOMRect(x, whole.top, 0, whole.height); });
    var controls = Array.from(home.querySelectorAll('.leaflet-control'), function (each) { return each.getBoundingClientRect(); });
    return sides.concat(controls).map(function (box) {
      var from = map.containerPointToLayerPoint([box.left - whole.left, box.top - whole.top]);
      return [from.x, from.y, from.x + box.width, from.y + box.height];
    });
  }

  function placeLabels(view) {
    var map = view.map, pane = map.getPane('evenreach-labels'), names = takenBoxes(map), shown = map.getBounds();
    var far = view.labels.far.length && !roomForMsoas(view);
    var marks = shownSites(view).map(function (at) {
      var dot = map.latLngToLayerPoint(at);
      return [dot.x - 8, dot.y - 8, dot.x + 8, dot.y + 8];
    });
    pane.replaceChildren();
    (far ? view.labels.far : view.labels.near).forEach(function (label) {
      if (!shown.contains(label.at)) { return; }
      var at = map.latLngToLayerPoint(label.at);
      var box = shapes.freeBox(at, label.name.length * (far ? 3.6 : 3.1) + 5, names, marks);
      if (!box) { return; }
      names.push(box);
      var text = element('span', 'evenreach-label' + (far ? ' evenreach-label--council' : ''), label.name);
      L.DomUtil.setPosition(text, L.point(at.x, (box[1] + box[3]) / 2));
      pane.appendChild(text);
    });
  }

  /* MSOA names are worth their room once the middle one is about as wide as a name. */
  function roomForMsoas(view) {
    var near = view.labels.near;
    if (!near.length) { return false; }
    var middle = near[Math.floor(near.length / 2)], map = view.map;
    var side = Math.sqrt(middle.size / Math.cos(middle.at[0] * Math.PI / 180));
    var left = map.latLngToLayerPoint(middle.at);
    return map.latLngToLayerPoint([middle.at[0], middle.at[1] + side]).x - left.x > 70;
  }

  // ---- sites ---------------------------------------------------------------------------------------------------

  /* Each service is fetched when it is first wanted; a large place has them only when near. */
  function loadServices(view) {
    if (!view.root.dataset.sites || (view.root.dataset.councils && !view.near)) { return Promise.resolve(); }
    return Promise.all(Array.from(view.root.querySelectorAll('[data-map-service]'), function (box) {
      if (!box.checked) { return showService(view, box.value, false); }
      return sitesOf(view, box.value).then(function (data) {
        drawService(view, box.value, data.features);
        showService(view, box.value, box.checked);
      });
    })).then(function () { labelsSoon(view); });
  }

  function sitesOf(view, service) {
    if (!view.fetched[service]) {
      view.fetched[service] = fetchJson(joined(view.root.dataset.sites, 'service=' + encodeURIComponent(service)));
      view.fetched[service].catch(function () { delete view.fetched[service]; });
    }
    return view.fetched[service];
  }

  function drawService(view, service, features) {
    var near = view.root.dataset.councils ? view.reach : null;
    if (view.sites[service] && !near) { return; }
    if (view.sites[service]) { view.map.removeLayer(view.sites[service]); }
    view.sites[service] = L.layerGroup();
    features.forEach(function (feature) {
      var place = feature.geometry && feature.geometry.coordinates;
      if (!place || (near && !near.contains([place[1], place[0]]))) { return; }
      var outside = feature.properties.inside === false ? ' evenreach-site--outside' : '';
      var icon = L.divIcon({ className: 'evenreach-site' + outside, html: symbol(view, service), iconSize: [16, 16] });
      L.marker([place[1], place[0]], { icon: icon, keyboard: false })
        .bindTooltip(function () { return siteCard(view, feature.properties); },
          { className: 'evenreach-tip', opacity: 1, offset: [8, 0] })
        .addTo(view.sites[service]);
    });
  }

  function symbol(view, service) {
    var drawn = view.root.querySelector('[data-map-symbol="' + service + '"]');
    return drawn ? drawn.cloneNode(true) : element('span', '', '');
  }

  function siteCard(view, properties) {
    var box = element('div', 'evenreach-card');
    box.appendChild(element('strong', '', properties.name || ''));
    box.appendChild(element('span', '', view.spec.services[properties.service] || properties.service));
    if (properties.postcode) { box.appendChild(element('span', '', properties.postcode)); }
    if (properties.inside === false) { box.appendChild(element('span', '', 'Outside this place')); }
    return box;
  }

  function showService(view, service, wanted) {
    var group = view.sites[service];
    if (!group) { return; }
    if (wanted) { group.addTo(view.map); } else { view.map.removeLayer(group); }
  }

  function hideSites(view) {
    Object.keys(view.sites).forEach(function (service) { showService(view, service, false); });
  }

  function shownSites(view) {
    var places = [];
    Object.keys(view.sites).forEach(function (service) {
      if (!view.map.hasLayer(view.sites[service])) { return; }
      view.sites[service].eachLayer(function (marker) { places.push(marker.getLatLng()); });
    });
    return places;
  }

  // ---- large places: councils first, neighbourhoods when near ---------------------------------------------------

  function followZoom(view) {
    if (!view.root.dataset.geojson) { return; }  // a map that was written out brings its councils alone
    var timer = null, last = '';
    view.far = { type: 'FeatureCollection', features: view.areas.toGeoJSON().features };
    view.map.on('moveend', function () {
      window.clearTimeout(timer);
      timer = window.setTimeout(function () {
        if (view.near && view.reach.contains(view.map.getBounds()) && view.map.getZoom() >= NEAR_ZOOM) { return; }
        setState(view, 'ready');
        var address = nearAddress(view);
        if (address === last) { return; }
        last = address;
        showNear(view, address);
      }, 250);
    });
  }

  /* A council that is chosen fills the map, near enough to see its neighbourhoods. */
  function goNear(view, council) {
    var box = council.getBounds();
    view.map.setView(box.getCenter(), Math.max(NEAR_ZOOM, view.map.getBoundsZoom(box)));
  }

  function nearAddress(view) {
    if (view.map.getZoom() < NEAR_ZOOM) { return ''; }
    view.reach = view.map.getBounds().pad(0.15);
    if (expected(view, view.reach) > MOST_AREAS) {
      note(view, 'Zoom in a little more to see neighbourhoods.');
      return '';
    }
    var b = view.reach, round = function (x) { return x.toFixed(3); };
    return 'bbox=' + [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].map(round).join(',');
  }

  /* About how many neighbourhoods are shown: each council by the share of its box that is. */
  function expected(view, shown) {
    var total = 0;
    view.far.features.forEach(function (council) {
      var box = council.box || (council.box = L.geoJSON(council).getBounds());
      var width = Math.min(box.getEast(), shown.getEast()) - Math.max(box.getWest(), shown.getWest());
      var height = Math.min(box.getNorth(), shown.getNorth()) - Math.max(box.getSouth(), shown.getSouth());
      if (width <= 0 || height <= 0) { return; }
      total += (council.properties.neighbourhoods || 0) * width * height /
        ((box.getEast() - box.getWest()) * (box.getNorth() - box.getSouth()));
    });
    return total;
  }

  function showNear(view, query) {
    var asked = view.near = query || null;
    if (!query) { return drawAreasKeepingView(view, view.far, true); }
    setState(view, 'loading');
    fetchJson(joined(view.root.dataset.geojson, query)).then(function (data) {
      if (view.near !== asked) { return null; }
      drawAreasKeepingView(view, data, false);
      return loadServices(view);
    }).then(function () {
      afterPaint(function () { setState(view, 'ready'); });
    }).catch(function (problem) { fail(view, 'The neighbourhoods here could not be loaded.', problem); });
  }

  function drawAreasKeepingView(view, data, councils) {
    var near = view.near;
    view.near = near || 'councils';
    drawAreas(view, data, councils);
    view.near = near;
    if (councils) { hideSites(view); }
  }

  function joined(address, query) {
    return address + (address.indexOf('?') < 0 ? '?' : '&') + query;
  }

  // ---- elements ------------------------------------------------------------------------------------------------

  function element(tag, name, text) {
    var made = document.createElement(tag);
    if (name) { made.className = name; }
    if (text) { made.textContent = text; }
    return made;
  }

  function svgElement(tag, attributes) {
    var made = document.createElementNS(SVG, tag);
    Object.keys(attributes).forEach(function (key) { made.setAttribute(key, attributes[key]); });
    return made;
  }

  document.querySelectorAll('[data-evenreach-map]').forEach(start);
}());
