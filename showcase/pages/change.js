// Changes of texts, for editor.js. A change is [at, delete, insert], in UTF-16 units.

const splice = (text, [at, gone, put]) => text.slice(0, at) + put + text.slice(at + gone);

/** The one change that leads from a text to another; it cuts no character in two. */
function difference(from, to) {
  const most = Math.min(from.length, to.length);
  let start = 0;
  while (start < most && from[start] === to[start]) start += 1;
  if (isSplit(from, start) || isSplit(to, start)) start -= 1;
  let end = 0;
  while (end < most - start && from.at(-1 - end) === to.at(-1 - end)) end += 1;
  if (isSplit(from, from.length - end) || isSplit(to, to.length - end)) end -= 1;
  return [start, from.length - start - end, to.slice(start, to.length - end)];
}

/** Whether a place is between the two halves of a character. */
const isSplit = (text, at) => /^[\udc00-\udfff]/.test(text[at] ?? '') && /[\ud800-\udbff]$/.test(text[at - 1] ?? '');

/** Another's change of the base, as changes of what is shown, which differs from the base by `own`. */
function rebase([at, gone, put], [from, lost, typed]) {
  const shift = typed.length - lost;
  if (at + gone <= from) return [[at, gone, put]];
  if (at >= from + lost) return [[at + shift, gone, put]];
  // What both deleted is gone already; what was typed there stays, behind what the other put there.
  const [before, behind] = [Math.max(0, from - at), Math.max(0, at + gone - from - lost)];
  return [[from + typed.length, behind, ''], [from - before, before, put]];
}

/** How much a change changes. */
const size = ([, gone, put]) => gone + put.length;
