// The text of /editor: data-hook="editor". The server's copy of it is what was shown when both last agreed, `base`. What was
// typed since is told, and the answer says what to change; one question is under way at a time, so both know of which text
// a change is. A change is [at, delete, insert], in UTF-16 units.

const PAUSE = 60; // ms between an answer and the next question
const PATIENCE = 10_000; // ms for an answer; then the text is asked for anew

spark.hook('editor', {
  mounted(root, { send }) {
    const area = root.querySelector('textarea');
    const carets = root.querySelector('.paper').appendChild(document.createElement('div'));
    carets.className = 'carets';
    carets.setAttribute('aria-hidden', 'true');
    let base = area.defaultValue; // what the page was made with, even if somebody has typed before this ran
    let turn = ''; // names the server's copy, once it has told which
    let asked = 0; // the timer for an answer; 0 if there is no question under way
    let before = null; // the base before the change that was told with it
    let pause = 0;
    let isWanted = false;
    const steps = []; // undo and redo that wait
    let composing = false;
    let held = null; // an answer that waits for the end of a composition

    function sync() {
      isWanted = true;
      if (!turn || asked || pause || composing) return;
      isWanted = false;
      const own = area.value === base ? null : difference(base, area.value);
      [before, base] = [base, area.value];
      asked = setTimeout(() => send('reopen'), PATIENCE);
      send('sync', { turn, change: own, caret: area.selectionEnd, step: steps.shift() ?? null });
    }

    /** Makes changes of the base in what is shown. The caret stays with its letters. */
    function change(changes) {
      let last = null;
      for (const one of changes) {
        for (const [at, gone, put] of rebase(one, difference(base, area.value))) {
          area.setRangeText(put, at, at + gone, 'preserve');
          last = at + put.length;
        }
        base = splice(base, one);
      }
      return last;
    }

    function answered({ undone, changes }) {
      clearTimeout(asked);
      if (composing) return void (held = { undone, changes });
      asked = 0;
      const end = change(undone);
      if (end !== null) area.setSelectionRange(end, end);
      change(changes);
      draw();
      pause = setTimeout(() => {
        pause = 0;
        if (isWanted || steps.length || area.value !== base) sync();
      }, PAUSE);
    }

    area.addEventListener('editor:answer', ({ detail }) => answered(detail));
    area.addEventListener('editor:news', sync);
    // After a reconnection there is another copy: what was typed meanwhile is a change of it. Whether what was told last is in
    // it already is not known; it is, if that makes it differ less from the text before.
    area.addEventListener('editor:open', ({ detail: { text, turn: named, refused } }) => {
      clearTimeout(asked);
      if (refused) base = area.value;
      else if (asked && size(difference(before, text)) < size(difference(base, text))) base = before;
      [asked, held, turn] = [0, null, named];
      if (base !== text) change([difference(base, text)]);
      draw();
      sync();
    });

    area.addEventListener('compositionstart', () => (composing = true));
    area.addEventListener('compositionend', () => {
      composing = false;
      if (held) answered(held);
      held = null;
      sync();
    });
    area.addEventListener('input', () => {
      // Half a character is none that could be told: Firefox leaves one where a script has put the caret into the middle.
      if (!composing && !area.value.isWellFormed()) {
        const { selectionStart, selectionEnd } = area;
        area.value = area.value.toWellFormed();
        area.setSelectionRange(selectionStart, selectionEnd);
      }
      draw();
      sync();
    });
    document.addEventListener('selectionchange', () => document.activeElement === area && sync());

    // A browser forgets its own undo when a script changes the text. The server knows what is one's own.
    function step(what, event) {
      event.preventDefault();
      steps.push(what);
      sync();
    }
    area.addEventListener('keydown', (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
      const key = event.key.toLowerCase();
      if (key === 'z') step(event.shiftKey ? 'redo' : 'undo', event);
      else if (key === 'y') step('redo', event);
    });
    area.addEventListener('beforeinput', (event) => {
      if (event.inputType === 'historyUndo') step('undo', event);
      else if (event.inputType === 'historyRedo') step('redo', event);
    });

    /** Shows the carets of the others, in a copy of the text that lies over it unseen. */
    function draw() {
      const own = difference(base, area.value);
      const all = [...root.querySelectorAll('[data-caret]')].map((person) => {
        const [[at]] = rebase([Number(person.dataset.caret), 0, ''], own).slice(-1);
        return { at, name: person.title, hue: /hue-\d/.exec(person.className)?.[0] };
      });
      let from = 0;
      const parts = [];
      for (const { at, name, hue } of all.sort((one, other) => one.at - other.at)) {
        const mark = document.createElement('span');
        mark.className = `caret ${hue}`;
        mark.dataset.name = name;
        parts.push(area.value.slice(from, at), mark);
        from = at;
      }
      carets.replaceChildren(...parts, area.value.slice(from), '\u200b');
      carets.scrollTop = area.scrollTop;
    }
    area.addEventListener('scroll', () => (carets.scrollTop = area.scrollTop));

    /** The link of this page, to be handed on. */
    function share() {
      const input = root.querySelector('[data-share]');
      if (!input || input.value) return;
      input.value = location.href;
      input.select();
      navigator.clipboard?.writeText(location.href).catch(() => {});
    }
    root.editorUpdated = () => {
      draw();
      share();
    };
  },
  updated: (root) => root.editorUpdated(),
});
