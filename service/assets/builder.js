/* The page that makes an embed: shows the preview and the code anew when a choice is changed, and copies.
 *
 * The server says everything: this script fetches the page of the new choices and takes over its parts.
 */
(function () {
  'use strict';

  var form = document.getElementById('builder-form');
  var said = document.getElementById('builder-said');
  var PARTS = ['builder-errors', 'builder-result'];
  var WORDS = '.govuk-hint, .govuk-error-message';
  var asked = 0, timer = null;

  if (!form || !window.fetch || !window.URLSearchParams) { return; }

  function address() {
    var words = new URLSearchParams(new FormData(form)), kept = new URLSearchParams();
    words.forEach(function (value, name) { if (value) { kept.append(name, value); } });
    return form.getAttribute('action') + '?' + kept;
  }

  function renew() {
    var mine = asked += 1, where = address();
    fetch(where, { credentials: 'same-origin' }).then(function (answer) {
      if (!answer.ok && answer.status !== 422) { throw new Error('answer ' + answer.status); }
      return answer.text();
    }).then(function (text) {
      if (mine !== asked) { return; }
      show(new DOMParser().parseFromString(text, 'text/html'));
      window.history.replaceState(null, '', where);
      if (address() !== where) { renew(); }  // a field that stood back counts again, with what was typed in it
    }).catch(function () {
      if (mine === asked) { said.textContent = 'The preview could not be renewed. Choose Show.'; }
    });
  }

  function show(page) {
    PARTS.forEach(function (id) {
      var here = document.getElementById(id), there = page.getElementById(id);
      here.replaceChildren.apply(here, Array.from(document.importNode(there, true).childNodes));
    });
    offer(form.querySelector('#layer'), page.querySelector('#layer'));
    form.querySelectorAll('select[id], input.govuk-input').forEach(function (field) {
      follow(field, page.getElementById(field.id));
    });
    if (page.querySelector('#builder-form details[open]')) { form.querySelector('details').open = true; }
    var fault = document.querySelector('#builder-errors .govuk-error-summary li');
    said.textContent = fault
      ? 'There is a problem: ' + fault.textContent.trim() + '. The code to copy waits until it is put right.'
      : 'Preview and code are up to date.';
    prepareCopies();
  }

  /* Which maps there are depends on the area; the one that is chosen stays. */
  function offer(field, told) {
    var chosen = field.value;
    if (field.innerHTML === told.innerHTML || !told.querySelector('option[value="' + chosen + '"]')) { return; }
    field.replaceChildren.apply(field, Array.from(document.importNode(told, true).childNodes));
    field.value = chosen;
  }

  /* A field keeps what its reader typed, and says what the page of the new choices says about it. */
  function follow(field, told) {
    var group = field.closest('.govuk-form-group'), model = told.closest('.govuk-form-group');
    group.className = model.className;
    ['class', 'aria-describedby', 'aria-invalid', 'disabled'].forEach(function (name) {
      if (told.hasAttribute(name)) { field.setAttribute(name, told.getAttribute(name)); } else { field.removeAttribute(name); }
    });
    group.querySelectorAll(WORDS).forEach(function (words) { words.remove(); });
    model.querySelectorAll(WORDS).forEach(function (words) { field.before(document.importNode(words, true)); });
  }

  function soon(event) {
    document.querySelectorAll('[data-copy]').forEach(function (button) { button.disabled = true; });
    window.clearTimeout(timer);
    timer = window.setTimeout(renew, event.type === 'input' ? 500 : 50);
  }
  form.addEventListener('change', soon);
  form.addEventListener('input', soon);

  function prepareCopies() {
    document.querySelectorAll('[data-copy]').forEach(function (button) {
      button.hidden = false;
      button.addEventListener('click', function () { copy(document.getElementById(button.dataset.copy)); });
    });
  }

  function copy(field) {
    var byHand = function () {
      field.focus();
      field.select();
      said.textContent = 'The text is selected. Copy it with Control and C, or Command and C.';
    };
    if (!navigator.clipboard) { byHand(); return; }
    navigator.clipboard.writeText(field.value).then(function () { said.textContent = 'Copied.'; }, byHand);
  }

  prepareCopies();
}());
