// Names for the variables of a minified script, and for the fields that nobody outside sees, chosen so that it compresses well:
// which letter stands for which does not matter to what it does, but to how often the same bytes come again. Nor does the order
// of things that are declared one behind the other and do nothing by being so. No rule finds the best, so they are searched for.

import ts from 'typescript';
import { deflateRawSync } from 'node:zlib';

const LETTERS = 'etnorlicafusdpmhybwkgvESTA_DNOLxCUMRIPFBHJqVzKQWXGYZj$'; // those that the script has most of come first
const FEW = 16; // of them are tried
const MOVES = 0.08; // of the steps: something declared gets another place
const COPIES = 0.87; // of the steps: a name is tried that stands elsewhere behind, or before, the same letters

/**
 * A place where a name stands. With a key it is `{key: name}`, which may be `{key}` if both are the same; the key of a field that
 * gets a name, too, is its number.
 * @typedef {{ name: number, key?: string | number }} Place
 */
/** @typedef {{ parts: Piece[][], between: string, order: number[] }} Run what is declared one behind the other */
/** @typedef {string | Place | Run} Piece */
/** @typedef {{ names: string[], orders: number[][] }} Found */
/**
 * @typedef {object} Script
 * @property {number[]} depths of the scope of each variable
 * @property {string[]} fields they are numbered behind the variables
 * @property {number[][]} others those that must have another name than each variable or field: both can be seen somewhere, or stand at
 *   one object
 * @property {Piece[]} pieces
 * @property {Run[]} runs
 */

/** @param {string} text @param {string[][]} kinds the fields of each kind of object @returns {Script} */
function read(text, kinds) {
  const file = ts.createSourceFile('a.js', text, ts.ScriptTarget.ESNext, true);
  const host = { ...ts.createCompilerHost({}), getSourceFile: (/** @type {string} */ name) => (name === 'a.js' ? file : undefined) };
  const checker = ts.createProgram(['a.js'], { allowJs: true, noLib: true, noResolve: true, types: [] }, host).getTypeChecker();
  /** @type {Map<ts.Symbol, { scope: ts.Node, nodes: ts.Identifier[] }>} */
  const found = new Map();
  const internal = new Set(kinds.flat());
  /** @type {Map<string, ts.Identifier[]>} */
  const fields = new Map();
  /** What may change places. @type {ts.Node[][]} */
  const free = [];

  /** @param {ts.Node} node */
  function visit(node) {
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const isShort = ts.isShorthandPropertyAssignment(parent);
      const symbol = isShort ? checker.getShorthandAssignmentValueSymbol(parent) : checker.getSymbolAtLocation(node);
      const declaration = symbol?.valueDeclaration;
      const isField = declaration && (ts.isClassElement(declaration) || ts.isObjectLiteralElement(declaration));
      if (symbol && declaration && !isField && !isKey(node)) {
        const { nodes } = found.get(symbol) ?? { nodes: [] };
        found.set(symbol, { scope: scopeOf(declaration), nodes: [...nodes, node] });
      } else if (isKey(node) && internal.has(node.text)) fields.set(node.text, [...(fields.get(node.text) ?? []), node]);
    }
    /** @type {ts.Node[]} */
    let run = [];
    ts.forEachChild(node, (child) => {
      if (!isIdle(child)) run = [];
      else if (run.push(child) === 2) free.push(run);
      visit(child);
    });
  }
  visit(file);

  const all = [...found.values()];
  const named = [...internal];
  /** @param {string} key */
  const keyOf = (key) => (internal.has(key) ? all.length + named.indexOf(key) : key);
  const depths = all.map(({ scope }) => {
    let depth = 0;
    for (let up = scope; up; up = up.parent) depth += 1;
    return depth;
  });
  const others = [
    ...all.map(({ scope, nodes }, index) => all.flatMap((other, at) => (at !== index && (sees(scope, other) || sees(other.scope, { scope, nodes })) ? [at] : []))),
    ...named.map((one) => named.flatMap((other, at) => (other !== one && kinds.some((kind) => kind.includes(one) && kind.includes(other)) ? [all.length + at] : []))),
  ];

  /** What a part of the text is made of. @type {{ start: number, end: number, place?: Place, parts?: ts.Node[] }[]} */
  const spans = free.map((parts) => ({ parts, start: parts[0]?.getStart() ?? 0, end: parts.at(-1)?.end ?? 0 }));
  all.forEach(({ nodes }, name) => {
    for (const node of nodes) {
      const { start, end, key } = spanOf(node);
      spans.push({ start, end, place: key === undefined ? { name } : { name, key: keyOf(key) } });
    }
  });
  const taken = new Set(spans.map(({ start }) => start));
  for (const [field, nodes] of fields) {
    for (const node of nodes) if (!taken.has(node.getStart())) spans.push({ start: node.getStart(), end: node.end, place: { name: /** @type {number} */ (keyOf(field)) } });
  }
  spans.sort((a, b) => a.start - b.start);

  /** @type {Run[]} */
  const runs = [];
  let next = 0;
  /** @param {number} start @param {number} end @returns {Piece[]} */
  function piecesOf(start, end) {
    /** @type {Piece[]} */
    const pieces = [];
    let at = start;
    for (let span; (span = spans[next]) && span.start < end; at = span.end) {
      next += 1;
      pieces.push(text.slice(at, span.start));
      if (span.place) pieces.push(span.place);
      else {
        const nodes = span.parts ?? [];
        const parts = nodes.map((one) => piecesOf(one.getStart(), one.end));
        const run = { parts, between: nodes.every(ts.isFunctionDeclaration) ? '' : ',', order: parts.map((_, index) => index) };
        runs.push(run);
        pieces.push(run);
      }
    }
    return [...pieces, text.slice(at, end)];
  }
  return { depths, fields: named, others, pieces: piecesOf(0, text.length), runs };
}

/** Whether both a variable of this scope and that one can be seen somewhere in the scope. @param {ts.Node} scope
 *  @param {{ scope: ts.Node, nodes: ts.Node[] }} other */
const sees = (scope, other) => scope === other.scope || (isIn(scope, other.scope) && other.nodes.some((node) => isIn(node, scope)));

/** @param {ts.Node} node @param {ts.Node} outer */
const isIn = (node, outer) => outer.pos <= node.pos && node.end <= outer.end;

/** Whether it declares something, and does nothing else that could be seen. @param {ts.Node} node */
function isIdle(node) {
  if (ts.isFunctionDeclaration(node)) return true;
  if (!ts.isVariableDeclaration(node) || !ts.isVariableDeclarationList(node.parent) || !ts.isIdentifier(node.name)) return false;
  const { initializer } = node;
  return !initializer || ts.isArrowFunction(initializer) || ts.isLiteralExpression(initializer) || initializer.getText() === 'new Set' || initializer.getText() === 'new Map';
}

/** Whether it is the name of a property only. @param {ts.Identifier} node */
function isKey(node) {
  const { parent } = node;
  if (ts.isBindingElement(parent)) return parent.propertyName === node;
  return (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isAccessor(parent) || ts.isPropertyDeclaration(parent)) && parent.name === node;
}

/** @param {ts.Node} declared */
function scopeOf(declared) {
  let scope = ts.isClassExpression(declared) ? declared : declared.parent;
  const isVar = ts.isVariableDeclarationList(scope) && !(scope.flags & ts.NodeFlags.BlockScoped);
  const opens = () => ts.isFunctionLike(scope) || ts.isSourceFile(scope) || (!isVar && (ts.isBlock(scope) || ts.isIterationStatement(scope, false) || ts.isCatchClause(scope) || ts.isCaseBlock(scope) || ts.isClassLike(scope)));
  while (!opens()) scope = scope.parent;
  // What is in a function's block belongs to the function, as its parameters do.
  return ts.isBlock(scope) && (ts.isFunctionLike(scope.parent) || ts.isCatchClause(scope.parent)) ? scope.parent : scope;
}

/** @param {ts.Identifier} node */
function spanOf(node) {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent)) return { start: node.getStart(), end: node.end, key: node.text };
  if (ts.isPropertyAssignment(parent) && parent.initializer === node && ts.isIdentifier(parent.name)) return { start: parent.getStart(), end: node.end, key: parent.name.text };
  if (ts.isBindingElement(parent) && parent.name === node && !parent.dotDotDotToken && ts.isObjectBindingPattern(parent.parent)) {
    const key = parent.propertyName ?? node;
    if (ts.isIdentifier(key)) return { start: key.getStart(), end: node.end, key: key.text };
  }
  return { start: node.getStart(), end: node.end };
}

/** One text, one place, and so on, in the order that was chosen. @param {Piece[]} pieces */
function flat(pieces) {
  let text = '';
  /** @type {(string | Place)[]} */
  const made = [];
  /** @param {Piece[]} pieces */
  function add(pieces) {
    for (const piece of pieces) {
      if (typeof piece === 'string') text += piece;
      else if ('name' in piece) {
        made.push(text, piece);
        text = '';
      } else {
        piece.order.forEach((index, at) => {
          if (at) text += piece.between;
          add(piece.parts[index] ?? []);
        });
      }
    }
  }
  add(pieces);
  return [...made, text];
}

/** @param {(string | Place)[]} pieces @param {string[]} names @param {number[]} [ends] gets where the name of each place ends */
function write(pieces, names, ends) {
  let text = '';
  for (const piece of pieces) {
    if (typeof piece === 'string') text += piece;
    else {
      const name = names[piece.name];
      const key = typeof piece.key === 'number' ? names[piece.key] : piece.key;
      text += key === undefined || key === name ? name : `${key}:${name}`;
      ends?.push(text.length);
    }
  }
  return text;
}

/** Gives each the first name that is free, those of inner scopes first. @param {Script} script */
function plain({ depths, others }) {
  /** @type {string[]} */
  const names = [];
  const order = others.map((_, index) => index).sort((a, b) => (depths[b] ?? 0) - (depths[a] ?? 0) || a - b);
  for (const index of order) {
    const taken = new Set(others[index]?.map((other) => names[other]));
    const free = (/** @type {string} */ name) => !taken.has(name);
    names[index] = [...LETTERS].find(free) ?? [...LETTERS].flatMap((a) => [...LETTERS].map((b) => a + b)).filter((name) => !/^(do|if|in|of|as|is)$/.test(name)).find(free) ?? '';
  }
  return names;
}

/** The script with names that follow a rule: the same for all that differ in the names of their variables only.
 *  @param {string} text @param {string[][]} [kinds] */
export function plainNames(text, kinds = []) {
  const script = read(text, kinds);
  return write(flat(script.pieces), plain(script));
}

/** The script with names that were found for it. @param {string} text @param {string[][]} kinds @param {Found} found */
export function givenNames(text, kinds, { names, orders }) {
  const script = read(text, kinds);
  const { others, depths, fields } = script;
  if (others.some((all, index) => all.some((other) => names[other] === names[index]))) throw new Error('a name stands for two');
  // Once more, by other means, of the variables.
  const made = write(flat(script.pieces), names.map((name, index) => fields[index - depths.length] ?? name));
  if (plainNames(made) !== plainNames(text)) throw new Error('a name stands for two variables');
  script.runs.forEach((run, index) => (run.order = orders[index] ?? run.order));
  return write(flat(script.pieces), names);
}

/** Names that make a script small: each step changes one, or moves something, and goes back if the script has grown. The same
 *  script gets the same. @param {string} text @param {number} steps @param {string[][]} [kinds] @returns {Found} */
export function findNames(text, steps, kinds = []) {
  const script = read(text, kinds);
  const { others, runs } = script;
  const names = plain(script);
  let pieces = flat(script.pieces);
  const measure = () => deflateRawSync(write(pieces, names), { level: 9, memLevel: 9 }).length;
  let state = 1;
  const random = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  /** @template T @param {ArrayLike<T>} all */
  const any = (all) => /** @type {T} */ (all[Math.floor(random() * all.length)]);

  /** @type {Place[]} */
  let places = [];
  /** @type {number[]} */
  let ends = [];
  let made = '';
  function look() {
    places = pieces.filter((piece) => typeof piece !== 'string');
    ends = [];
    made = write(pieces, names, ends);
  }

  /** A name that stands elsewhere beside the same letters as that of a place. @param {number} index */
  function beside(index) {
    const end = ends[index] ?? 0;
    const start = end - (names[places[index]?.name ?? 0] ?? '').length;
    const length = 2 + Math.floor(random() * 5);
    const isBehind = random() < 0.6;
    const letters = isBehind ? made.slice(start - length, start) : made.slice(end, end + length);
    const found = [];
    for (let at = made.indexOf(letters); at >= 0; at = made.indexOf(letters, at + 1)) {
      const [name, next] = isBehind ? made.slice(at + length, at + length + 2) : [made[at - 1], made[at - 2]];
      if (/^[a-z_$][^\w$]$/i.test(`${name}${next}`)) found.push(name);
    }
    return any(found);
  }

  look();
  let best = measure();
  /** @param {() => void} undo */
  function keep(undo) {
    const size = measure();
    if (size > best) undo();
    else {
      best = size;
      look();
    }
  }

  for (let step = 0; step < steps; step += 1) {
    const dice = random();
    if (dice < MOVES && runs.length) {
      const run = any(runs);
      const before = { order: run.order, pieces };
      const order = [...run.order];
      order.splice(Math.floor(random() * order.length), 0, ...order.splice(Math.floor(random() * order.length), 1));
      run.order = order;
      pieces = flat(script.pieces);
      keep(() => ({ order: run.order, pieces } = before));
      continue;
    }
    const at = Math.floor(random() * places.length);
    const isCopy = dice < MOVES + COPIES;
    const one = isCopy ? places[at]?.name ?? 0 : Math.floor(random() * names.length);
    const name = isCopy ? beside(at) : any(LETTERS.slice(0, FEW));
    if (!name) continue;
    const old = /** @type {string} */ (names[one]);
    // Those that have it, and must have another, get this one's.
    const rest = /** @type {number[]} */ (others[one]).filter((other) => names[other] === name);
    if (name === old || rest.some((other) => others[other]?.some((further) => further !== one && names[further] === old))) continue;
    names[one] = name;
    for (const other of rest) names[other] = old;
    keep(() => {
      names[one] = old;
      for (const other of rest) names[other] = name;
    });
  }
  return { names, orders: runs.map(({ order }) => order) };
}

/** The script with names that make it small. @param {string} text @param {number} steps @param {string[][]} [kinds] */
export const shortNames = (text, steps, kinds = []) => givenNames(text, kinds, findNames(text, steps, kinds));
