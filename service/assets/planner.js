/* The planner with a script: the dial live, the table sorted and searched in place, table and map in step.
 *
 * Everything here also works without a script, by forms and links. The figures are in data attributes that the
 * server wrote; a share at another setting is 2 (1 + (rho - 1) u) / (rho + 1), the same formula as everywhere.
 *
 * Events on `document`: evenreach:dial {rho} is sent; evenreach:highlight {code, from} is sent and heard.
 */
(function () {
  'use strict';

  var USUAL = 3;            // the dial that an address leaves out
  var MOST = 20;
  var AVERAGE_WIDTH = 100;  // width of a bar that shows a share of 1.00
  var POUNDS = 10;

  var settings = document.getElementById('settings');
  var table = document.getElementById('ranked');
  if (!settings) { return; }

  var number = document.getElementById('rho');
  var range = document.getElementById('rho-range');
  var meaning = document.getElementById('meaning');
  var rows = table ? Array.prototype.slice.call(table.tBodies[0].rows) : [];
  var cells = rows.map(function (row) {
    return { position: parseFloat(row.dataset.position), share: row.querySelector('[data-dial="target"]') };
  });

  // ---- the dial ------------------------------------------------------------------------------------------------

  function share(position, rho) { return 2 * (1 + (rho - 1) * position) / (rho + 1); }

  function readDial(text) {
    var rho = Number(text);
    return /^\d{1,2}(\.\d{1,2})?$/.test(text) && rho >= 1 && rho <= MOST ? rho : null;
  }

  function say(name, text) {
    document.querySelectorAll('[data-dial="' + name + '"]').forEach(function (place) { place.textContent = text; });
  }

  function turn(rho) {
    say('rho', String(rho));
    if (meaning) { sayMeaning(rho); }
    cells.forEach(function (cell) {
      if (!isNaN(cell.position)) { cell.share.textContent = share(cell.position, rho).toFixed(2); }
    });
    document.dispatchEvent(new CustomEvent('evenreach:dial', { detail: { rho: rho } }));
  }

  function sayMeaning(rho) {
    var low = share(Number(meaning.dataset.least), rho), high = share(Number(meaning.dataset.most), rho);
    say('floor', low.toFixed(2) + ' times');
    say('top', high.toFixed(2) + ' times');
    say('ratio', (high / low).toFixed(2));
    say('pounds-low', '£' + (POUNDS * low).toFixed(2));
    say('pounds-high', '£' + (POUNDS * high).toFixed(2));
    meaning.querySelectorAll('tr[data-position]').forEach(function (row) {
      var value = share(Number(row.dataset.position), rho);
      row.querySelector('[data-dial="fifth"]').textContent = value.toFixed(2);
      row.querySelector('rect').setAttribute('width', (AVERAGE_WIDTH * value).toFixed(1));
    });
  }

  /* Addresses carry the dial: this page's own, the downloads', every neighbourhood's. */
  function writeAddresses(rho) {
    var here = withDial(window.location.href, rho);
    window.history.replaceState(null, '', here);
    document.querySelectorAll('a[data-view-link]').forEach(function (link) {
      link.setAttribute('href', withDial(link.href, rho));
    });
    document.querySelectorAll('[data-view-address]').forEach(function (part) {
      part.textContent = withDial(part.textContent, rho, true);
    });
    var shared = document.getElementById('share-link');
    if (shared) { shared.value = withDial(new URL(shared.value, window.location.href).href, rho, true); }
    var comment = document.getElementById('comment-link');
    if (comment) { comment.href = withDialInside(comment.href, rho); }
    keepInForm(document.getElementById('table-form'), rho);
  }

  function withDial(address, rho, whole) {
    var url = new URL(address, window.location.href);
    if (rho === USUAL) { url.searchParams.delete('rho'); } else { url.searchParams.set('rho', String(rho)); }
    return whole ? url.href : url.pathname + url.search + url.hash;
  }

  /* Another site's address holds the view's own as a word; a site may have a word of that name itself: ours is last. */
  function withDialInside(address, rho) {
    var url = new URL(address), words = Array.from(url.searchParams), last = words[words.length - 1];
    last[1] = withDial(last[1], rho, true);
    url.search = new URLSearchParams(words).toString();
    return url.href;
  }

  function keepInForm(form, rho) {
    if (!form) { return; }
    var field = form.querySelector('input[name="rho"]');
    if (!field) {
      field = document.createElement('input');
      field.type = 'hidden';
      field.name = 'rho';
      form.appendChild(field);
    }
    field.value = String(rho);
  }

  /* A screen reader hears the meaning once the dial rests; a slider says it with every step. */
  function speak(rho) {
    var status = document.getElementById('dial-status');
    if (status && meaning) { status.textContent = 'Dial ' + rho + ': ' + document.getElementById('dial-words').textContent.replace(/\s+/g, ' ').trim(); }
  }

  function sayValue(rho) {
    if (!range || !meaning) { return; }
    var least = share(Number(meaning.dataset.least), rho), most = share(Number(meaning.dataset.most), rho);
    range.setAttribute('aria-valuetext', rho + ': ' + (most / least).toFixed(2) + ' times as much where need is greatest');
  }

  var waiting = null, addresses = null, spoken = null;

  function dialMoved(rho) {
    window.cancelAnimationFrame(waiting);
    waiting = window.requestAnimationFrame(function () { turn(rho); });
    window.clearTimeout(addresses);  // browsers allow about a hundred address changes in half a minute
    addresses = window.setTimeout(function () { writeAddresses(rho); }, 250);
    window.clearTimeout(spoken);
    spoken = window.setTimeout(function () { speak(rho); }, 700);
    sayValue(rho);
  }

  if (range && number) {
    range.hidden = false;
    sayValue(Number(range.value));
    range.addEventListener('input', function () {
      number.value = range.value;
      dialMoved(Number(range.value));
    });
    number.addEventListener('input', function () {
      var rho = readDial(number.value.trim());
      number.setAttribute('aria-invalid', rho === null ? 'true' : 'false');
      if (rho === null) { return; }
      range.value = String(rho);
      dialMoved(rho);
    });
  }
  ['focus', 'within'].forEach(function (name) {
    var choice = document.getElementById(name);
    if (choice) { choice.addEventListener('change', function () { settings.classList.add('er-settings--changed'); }); }
  });

  if (!table) { return; }

  // ---- the table: sort and find --------------------------------------------------------------------------------

  var complete = table.dataset.complete === 'true';
  var keys = {
    rank: function (row) { return numberOf(row.dataset.rank); },
    name: function (row) { return row.querySelector('.er-ranked__name').textContent.trim().toLowerCase(); },
    need: function (row) { return numberOf(row.dataset.need); },
    share: function (row) { return numberOf(row.dataset.position); },
    fifth: function (row) { return numberOf(row.dataset.rank); },
    people: function (row) { return numberOf(row.dataset.eligible); }
  };
  var upward = { rank: true, name: true, fifth: true };

  function numberOf(text) { return text === '' ? null : Number(text); }

  function sortBy(column, backward) {
    var key = keys[column], sign = (upward[column] ? 1 : -1) * (backward ? -1 : 1);
    var keyed = rows.map(function (row, place) { return { row: row, key: key(row), place: place }; });
    keyed.sort(function (a, b) {
      if (a.key === null || b.key === null) { return (a.key === null) - (b.key === null) || a.place - b.place; }
      return (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) * sign || a.place - b.place;
    });
    var body = document.createDocumentFragment();
    keyed.forEach(function (item) { body.appendChild(item.row); });
    table.tBodies[0].appendChild(body);
    table.querySelectorAll('th[data-column]').forEach(function (head) {
      var button = head.querySelector('button'), chosen = head.dataset.column === column;
      if (!button) { return; }
      if (chosen) {
        head.setAttribute('aria-sort', sign > 0 ? 'ascending' : 'descending');
      } else { head.removeAttribute('aria-sort'); }
      button.value = chosen && !backward ? '-' + column : head.dataset.column;
    });
  }

  var find = document.getElementById('find'), count = document.getElementById('table-count');

  function filter() {
    var words = find.value.toLowerCase().split(/\s+/).filter(Boolean), shown = 0;
    rows.forEach(function (row) {
      var text = row.querySelector('.er-ranked__name').textContent.toLowerCase() + ' ' + row.dataset.code.toLowerCase();
      row.hidden = !words.every(function (word) { return text.indexOf(word) >= 0; });
      if (!row.hidden) { shown += 1; }
    });
    count.textContent = words.length
      ? shown.toLocaleString('en-GB') + ' of ' + rows.length.toLocaleString('en-GB') + ' neighbourhoods match “' + find.value.trim() + '”.'
      : rows.length.toLocaleString('en-GB') + ' neighbourhoods.';
  }

  if (complete) {
    table.querySelectorAll('button.er-sort').forEach(function (button) {
      button.addEventListener('click', function (event) {
        event.preventDefault();
        sortBy(button.closest('th').dataset.column, button.value.charAt(0) === '-');
      });
    });
    find.addEventListener('input', filter);
    document.getElementById('table-form').addEventListener('submit', function (event) {
      event.preventDefault();
      filter();
    });
    if (find.value) { filter(); }
  }

  // ---- table and map in step -----------------------------------------------------------------------------------

  var lit = null;

  function light(row) {
    if (lit) { lit.classList.remove('er-row--lit'); }
    lit = row;
    if (lit) { lit.classList.add('er-row--lit'); }
  }

  function tell(row) {
    if (row === lit) { return; }
    light(row);
    var detail = { code: row ? row.dataset.code : null, from: 'table' };
    document.dispatchEvent(new CustomEvent('evenreach:highlight', { detail: detail }));
  }

  function rowOf(event) {
    var row = event.target.closest ? event.target.closest('tr[data-code]') : null;
    return row && table.contains(row) ? row : null;
  }

  table.addEventListener('mouseover', function (event) { var row = rowOf(event); if (row) { tell(row); } });
  table.addEventListener('mouseleave', function () { tell(null); });
  table.addEventListener('focusin', function (event) { var row = rowOf(event); if (row) { tell(row); } });
  table.addEventListener('focusout', function (event) {
    if (!event.relatedTarget || !table.contains(event.relatedTarget)) { tell(null); }
  });

  document.addEventListener('evenreach:highlight', function (event) {
    if (!event.detail || event.detail.from !== 'map') { return; }
    var row = event.detail.code ? document.getElementById('row-' + event.detail.code) : null;
    light(row);
    if (row) { showRow(row); }
  });

  /* Scroll the table's own box, never the page. */
  function showRow(row) {
    var box = table.parentNode, head = table.tHead.offsetHeight;
    var top = row.offsetTop - head, bottom = row.offsetTop + row.offsetHeight;
    if (top < box.scrollTop) { box.scrollTop = top; }
    if (bottom > box.scrollTop + box.clientHeight) { box.scrollTop = bottom - box.clientHeight; }
  }
}());
