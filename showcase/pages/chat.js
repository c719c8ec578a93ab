// The script of both pages: the chat at /chat/ROOM, and the start page at /.
// What comes from the network reaches the page as text alone, never as HTML.

const MAX_MESSAGE = 1000; // code points; the server refuses more
const MAX_NAME = 40; // code points
const MAX_WAITING = 50; // messages kept while offline
const MAX_SHOWN = 500; // entries kept in the list
const TYPING_SHOWN = 3_000; // ms after the latest event
const TYPING_IDLE = 2_000; // ms without a key
const TYPING_REPEAT = 1_500; // ms; well under TYPING_SHOWN, so that others see no flicker

const byId = (id) => document.getElementById(id);

/** A chosen name as the server passes it on, or '' for none. */
function tidyName(value) {
  return typeof value === 'string' ? [...value.trim()].slice(0, MAX_NAME).join('').trim() : '';
}

const shownName = (id, name) => tidyName(name) || `User ${id}`;

/** A hue that stays with an id; the golden angle keeps neighbouring ids apart. */
function hueOf(id) {
  let hash = 0;
  for (const char of String(id)) hash = (hash * 31 + char.codePointAt(0)) >>> 0;
  return Math.round((hash * 137.508) % 360);
}

function clockTime(date) {
  const two = (n) => String(n).padStart(2, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

function sizeText(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** The name lives in localStorage, which a browser may forbid; then it lives as long as the page. */
const storedName = {
  get: () => {
    try {
      return localStorage.getItem('lazuli.name') ?? '';
    } catch {
      return '';
    }
  },
  set: (name) => {
    try {
      localStorage.setItem('lazuli.name', name);
    } catch {
      // Nothing is lost but the memory of it.
    }
  },
};

/** The list: what was said, what waits to be sent, and where the reader is in it. */
function createList() {
  const scroller = byId('scroller');
  const shown = byId('messages');
  const waiting = byId('waiting');
  const newer = byId('newer');
  const template = byId('message');
  let atEnd = true;
  let last = null; // the latest message, for grouping: {user, minute, day}

  function toEnd() {
    scroller.scrollTop = scroller.scrollHeight;
    newer.hidden = true;
  }
  scroller.addEventListener('scroll', () => {
    atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 48;
    if (atEnd) newer.hidden = true;
  });
  newer.addEventListener('click', toEnd);
  // A phone's keyboard, or a growing input, must not hide the latest message.
  new ResizeObserver(() => atEnd && toEnd()).observe(scroller);

  function add(item) {
    shown.append(item);
    while (shown.childElementCount > MAX_SHOWN) shown.firstElementChild.remove();
    if (atEnd) toEnd();
    else newer.hidden = false;
  }

  function message(text, name, date) {
    const item = template.content.firstElementChild.cloneNode(true);
    item.querySelector('.name').textContent = name;
    item.querySelector('.text').textContent = text;
    const time = item.querySelector('time');
    time.textContent = clockTime(date);
    time.dateTime = date.toISOString();
    time.title = date.toLocaleString();
    return item;
  }

  function markOwn(item, own) {
    item.classList.toggle('own', own);
    item.classList.toggle('other', !own);
    item.querySelector('.name').textContent = own ? 'You' : item.dataset.name;
  }

  return {
    said(id, name, text, date, own) {
      const user = String(id);
      const label = shownName(id, name);
      const item = message(text, label, date);
      item.dataset.user = user;
      item.dataset.name = label;
      item.style.setProperty('--hue', hueOf(id));
      item.querySelector('.avatar').textContent = tidyName(name) ? [...label][0].toUpperCase() : user.slice(-2);
      // A name is anybody's to choose, the id is not: it tells two of one name apart.
      item.querySelector('.id').textContent = tidyName(name) ? `#${user}` : '';
      markOwn(item, own);
      item.classList.toggle('follows', last !== null && last.key === `${user} ${label}` && date - last.date < 300_000);
      last = { key: `${user} ${label}`, date };
      add(item);
    },
    line(kind, text) {
      const item = document.createElement('li');
      item.className = `line ${kind}`;
      item.dir = 'auto';
      item.textContent = text;
      last = null;
      add(item);
    },
    wait(text) {
      const item = message(text, 'You', new Date());
      item.classList.add('own', 'pending');
      waiting.append(item);
      toEnd();
      return item;
    },
    /** Marks what `id` said as one's own, or as another's. */
    claim(id, own) {
      for (const item of shown.children) {
        if (item.dataset.user === String(id)) markOwn(item, own);
      }
    },
    /** A new connection begins: its ids say nothing about the messages before it. */
    seal() {
      last = null;
      for (const item of shown.children) delete item.dataset.user;
    },
  };
}

/** Who is typing, each until 3 s after their latest event. */
function createTypists() {
  const typists = new Map(); // id → {name, timer}
  function show() {
    const names = [...typists.values()].map((typist) => typist.name);
    const more = names.length - 3;
    const list = more > 0 ? `${names.slice(0, 3).join(', ')} and ${more} more` : names.join(', ');
    byId('typing').textContent = names.length === 0 ? '' : `${list} ${names.length === 1 ? 'is' : 'are'} typing...`;
  }
  function stop(id) {
    clearTimeout(typists.get(id)?.timer);
    if (typists.delete(id)) show();
  }
  return {
    start(id, name) {
      clearTimeout(typists.get(id)?.timer);
      typists.set(id, { name: shownName(id, name), timer: setTimeout(() => stop(id), TYPING_SHOWN) });
      show();
    },
    stop,
    clear: () => [...typists.keys()].forEach(stop),
  };
}

function chatPage() {
  const input = byId('text');
  const nameInput = byId('name');
  const list = createList();
  const typists = createTypists();
  const outbox = []; // {text, name, item, heard}
  let inFlight = null; // the first of them, once it is sent
  let self = null; // this connection's user_id, learnt from the echo of an own message
  let beenUp = false;
  let typingSince = null; // when typing_start last went out
  let idle;

  const title = roomOf(location.pathname);
  byId('room').textContent = title;
  document.title = `${title} · Lazuli`;
  nameInput.value = tidyName(storedName.get());
  nameInput.addEventListener('change', () => {
    nameInput.value = tidyName(nameInput.value);
    storedName.set(nameInput.value);
  });
  const withName = (object, name = tidyName(nameInput.value)) => (name ? { ...object, name } : object);

  function showState(state, text) {
    document.body.dataset.state = state;
    byId('status').hidden = state === 'online';
    byId('status-text').textContent = text;
    byId('retry').hidden = state !== 'offline';
  }
  const people = (count) => {
    if (Number.isInteger(count)) byId('people').textContent = `${count} ${count === 1 ? 'user' : 'users'} online`;
  };

  // One message at a time is under way: so they keep their order, and what a broken connection left unanswered goes again
  // on the next. (One that arrived, its echo lost, is then said twice.)
  async function pump() {
    if (inFlight !== null || outbox.length === 0 || room.state !== 'joined') return;
    const sent = outbox[0];
    inFlight = sent;
    try {
      await room.send(withName({ type: 'chat_message', message: sent.text }, sent.name), {});
      answered(sent);
    } catch (error) {
      if (error.code === 'TIMEOUT') spark.reconnect();
      if (sent.heard) answered(sent);
      else if (error.payload) refused(sent, error.message);
    }
    inFlight = null;
    pump();
  }
  function answered(sent) {
    outbox.shift();
    sent.item.remove();
  }
  function refused(sent, why) {
    answered(sent);
    list.line('error', why);
    if (input.value === '') input.value = sent.text; // to be mended, not typed again
  }

  function heardMessage({ user_id: id, message: text, name, timestamp }) {
    if (typeof text !== 'string') return;
    const echo = inFlight?.text === text && (name === undefined || name === inFlight.name);
    if (echo && (self === null || self === id)) {
      inFlight.heard = true;
      inFlight.item.remove();
      self = id;
    } else if (self === id) {
      // It says what we did not say: another's message was taken for our echo.
      list.claim(id, false);
      self = null;
    }
    typists.stop(id);
    list.said(id, name, text, dateOf(timestamp), self === id);
  }

  function receive(event) {
    switch (event?.type) {
      case 'system':
        return list.line('system', event.message);
      case 'user_joined':
      case 'user_left':
        people(event.count);
        return list.line(event.type === 'user_left' ? 'left' : 'joined', event.message);
      case 'chat_message':
        return heardMessage(event);
      case 'user_typing':
        return typists.start(event.user_id, event.name);
      case 'user_stopped_typing':
        return typists.stop(event.user_id);
      case 'file_upload':
        return list.line('system', `${shownName(event.user_id, event.name)} uploaded ${sizeText(event.size)}`);
      case 'error':
        return list.line('error', event.message);
    }
  }

  showState('connecting', 'Connecting…');
  const spark = Spark.connect();
  const room = spark.subscribe(location.pathname);
  room.on('joined', () => {
    if (beenUp) {
      list.seal();
      list.line('system', 'Connected again');
    }
    beenUp = true;
    byId('people').textContent = 'Online'; // until somebody comes or goes, the number is not known
    showState('online', '');
    pump();
  });
  function down() {
    self = null;
    typingSince = null;
    typists.clear();
    byId('people').textContent = 'Offline';
    showState('offline', 'No connection. What you write is kept and sent once it is back.');
  }
  spark.on('state', (state) => ['waiting', 'offline', 'closed'].includes(state) && down());
  spark.on('error', (error) => list.line('error', error.message));
  room.on('message', receive);
  room.on('closed', down);
  room.on('error', (error) => {
    list.line('error', error.message);
    if (room.state !== 'joined') down();
  });
  byId('retry').addEventListener('click', () => spark.reconnect());

  function stopTyping() {
    clearTimeout(idle);
    if (typingSince === null) return;
    typingSince = null;
    if (room.state === 'joined') room.send(withName({ type: 'typing_stop' }));
  }
  function showLeft() {
    const left = MAX_MESSAGE - [...input.value].length;
    byId('left').textContent = left < 0 ? `${-left} too many` : left <= 100 ? `${left} left` : '';
    byId('left').classList.toggle('over', left < 0);
    return left;
  }
  input.addEventListener('input', () => {
    showLeft();
    if (input.value.trim() === '') return stopTyping();
    if (room.state !== 'joined') return;
    clearTimeout(idle);
    idle = setTimeout(stopTyping, TYPING_IDLE);
    const now = performance.now();
    if (typingSince !== null && now - typingSince < TYPING_REPEAT) return;
    typingSince = now;
    room.send(withName({ type: 'typing_start' }));
  });
  input.addEventListener('keydown', (event) => {
    // Enter that ends an input method's composition is not ours.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    byId('composer').requestSubmit();
  });
  byId('composer').addEventListener('submit', (event) => {
    event.preventDefault();
    input.focus();
    const text = input.value.toWellFormed?.() ?? input.value;
    if (text.trim() === '') return;
    if (showLeft() < 0) return list.line('error', `Message too long: at most ${MAX_MESSAGE} characters`);
    if (outbox.length >= MAX_WAITING) {
      return list.line('error', `${MAX_WAITING} messages wait to be sent already; this one was not taken`);
    }
    stopTyping();
    input.value = '';
    showLeft();
    outbox.push({ text, name: tidyName(nameInput.value), item: list.wait(text) });
    pump();
  });
}

function dateOf(timestamp) {
  const date = new Date(timestamp);
  return Number.isNaN(date.getTime()) ? new Date() : date;
}

function roomOf(path) {
  const raw = path.replace(/^\/chat\//, '');
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}

function startPage() {
  byId('room-form').addEventListener('submit', (event) => {
    event.preventDefault();
    location.assign(`/chat/${encodeURIComponent(byId('room').value.trim())}`);
  });
  for (const command of document.querySelectorAll('.terminal kbd')) {
    // The page is written for the default address; the server may listen elsewhere.
    command.textContent = command.textContent
      .replace('127.0.0.1:4000', location.host)
      .replace(/(ws|http):/, location.protocol === 'https:' ? '$1s:' : '$1:');
    if (!navigator.clipboard) continue; // only where the page comes over https or from this machine
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = 'Copy';
    button.setAttribute('aria-label', `Copy: ${command.textContent}`);
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(command.textContent);
      button.textContent = 'Copied';
      setTimeout(() => (button.textContent = 'Copy'), 2000);
    });
    command.closest('.terminal').prepend(button);
  }
}

if (document.body.classList.contains('chat')) chatPage();
else startPage();
