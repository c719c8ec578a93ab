// Hooks for elements of live components: data-hook="clock" and data-hook="follow".

/** A <time> in the reader's time zone: the server renders it in UTC. */
function showTime(element) {
  const date = new Date(element.dateTime);
  if (!element.dateTime || Number.isNaN(date.getTime())) return;
  element.textContent = [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, '0')).join(':');
  element.title = date.toLocaleString();
}

spark.hook('clock', { mounted: showTime, updated: showTime });

/** A list that scrolls to what is new, unless the reader has scrolled up. */
const NEAR = 48; // px from the end, which count as being there
const leftBehind = new WeakSet();
const toEnd = (list) => !leftBehind.has(list) && (list.scrollTop = list.scrollHeight);

spark.hook('follow', {
  mounted(list) {
    list.addEventListener('scroll', () => {
      const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
      leftBehind[isAtEnd ? 'delete' : 'add'](list);
    });
    // A phone's keyboard must not hide the latest.
    new ResizeObserver(() => toEnd(list)).observe(list);
    toEnd(list);
  },
  updated: toEnd,
});
