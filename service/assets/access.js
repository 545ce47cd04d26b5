/* The access page: the map and the table point at the same neighbourhood. Without it the table and the links work.
 *
 * Events on `document`: evenreach:highlight {code, from} is sent and heard, as on the planner.
 */
(function () {
  'use strict';

  var table = document.getElementById('ranked');
  var lit = null;
  if (!table) { return; }

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
    return event.target.closest ? event.target.closest('tr[data-code]') : null;
  }

  ['mouseover', 'focusin'].forEach(function (name) {
    table.addEventListener(name, function (event) { var row = rowOf(event); if (row) { tell(row); } });
  });
  table.addEventListener('mouseleave', function () { tell(null); });
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
