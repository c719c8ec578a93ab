// Names for the variables of a minified script, chosen so that it compresses well: which letter stands for which variable does
// not matter to what it does, but to how often the same bytes come again. No rule finds the best names, so they are searched for.

import ts from 'typescript';
import { deflateRawSync } from 'node:zlib';

const LETTERS = 'etnorlicafusdpmhybwkgvESTA_DNOLxCUMRIPFBHJqVzKQWXGYZj$'; // those that the script has most of come first
const FEW = 16; // of them are tried

/**
 * @typedef {object} Variable
 * @property {number} depth of its scope
 * @property {Set<number>} others those that must have another name, since both can be seen somewhere
 */
/**
 * A place where a variable stands, and what is before it. With a key it is `{key: name}`, which may be `{key}` if both are the same.
 * @typedef {{ before: string, variable: number, key?: string }} Place
 */
/** @typedef {{ variables: Variable[], places: Place[], end: string }} Script */

/** @param {string} text @returns {Script} */
function read(text) {
  const file = ts.createSourceFile('a.js', text, ts.ScriptTarget.ESNext, true);
  const host = { ...ts.createCompilerHost({}), getSourceFile: (/** @type {string} */ name) => (name === 'a.js' ? file : undefined) };
  const checker = ts.createProgram(['a.js'], { allowJs: true, noLib: true, noResolve: true, types: [] }, host).getTypeChecker();
  /** @type {Map<ts.Symbol, { scope: ts.Node, nodes: ts.Identifier[] }>} */
  const found = new Map();

  /** @param {ts.Node} node */
  function visit(node) {
    if (ts.isIdentifier(node)) {
      const { parent } = node;
      const isShort = ts.isShorthandPropertyAssignment(parent);
      const symbol = isShort ? checker.getShorthandAssignmentValueSymbol(parent) : checker.getSymbolAtLocation(node);
      const declared = symbol?.valueDeclaration;
      const isField = declared && (ts.isClassElement(declared) || ts.isObjectLiteralElement(declared));
      if (symbol && declared && !isField && !isKey(node)) {
        const { nodes } = found.get(symbol) ?? { nodes: [] };
        found.set(symbol, { scope: scopeOf(declared), nodes: [...nodes, node] });
      }
    }
    ts.forEachChild(node, visit);
  }
  visit(file);

  const all = [...found.values()];
  const variables = all.map(({ scope, nodes }, index) => {
    const others = new Set(all.flatMap((other, at) => (at !== index && (sees(scope, other) || sees(other.scope, { scope, nodes })) ? [at] : [])));
    let depth = 0;
    for (let up = scope; up; up = up.parent) depth += 1;
    return { depth, others };
  });

  let at = 0;
  const places = all.flatMap(({ nodes }, variable) => nodes.map((node) => ({ variable, ...place(node) }))).sort((a, b) => a.start - b.start).map(({ start, end, ...rest }) => {
    const before = text.slice(at, start);
    at = end;
    return { before, ...rest };
  });
  return { variables, places, end: text.slice(at) };
}

/** Whether both a variable of this scope and that one can be seen somewhere in the scope. @param {ts.Node} scope
 *  @param {{ scope: ts.Node, nodes: ts.Node[] }} other */
const sees = (scope, other) => scope === other.scope || (isIn(scope, other.scope) && other.nodes.some((node) => isIn(node, scope)));

/** @param {ts.Node} node @param {ts.Node} outer */
const isIn = (node, outer) => outer.pos <= node.pos && node.end <= outer.end;

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
function place(node) {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent)) return { start: node.getStart(), end: node.end, key: node.text };
  if (ts.isPropertyAssignment(parent) && parent.initializer === node && ts.isIdentifier(parent.name)) return { start: parent.getStart(), end: node.end, key: parent.name.text };
  if (ts.isBindingElement(parent) && parent.name === node && !parent.dotDotDotToken && ts.isObjectBindingPattern(parent.parent)) {
    const key = parent.propertyName ?? node;
    if (ts.isIdentifier(key)) return { start: key.getStart(), end: node.end, key: key.text };
  }
  return { start: node.getStart(), end: node.end };
}

/** @param {Script} script @param {string[]} names */
function write({ places, end }, names) {
  let text = '';
  for (const { before, variable, key } of places) {
    const name = /** @type {string} */ (names[variable]);
    text += before;
    text += key === undefined || key === name ? name : `${key}:${name}`;
  }
  return text + end;
}

/** Gives each the first name that is free, those of inner scopes first. @param {Variable[]} variables */
function plain(variables) {
  /** @type {string[]} */
  const names = [];
  const order = variables.map((_, index) => index).sort((a, b) => (variables[b]?.depth ?? 0) - (variables[a]?.depth ?? 0) || a - b);
  for (const index of order) {
    const taken = new Set([...(variables[index]?.others ?? [])].map((other) => names[other]));
    const free = (/** @type {string} */ name) => !taken.has(name);
    names[index] = [...LETTERS].find(free) ?? [...LETTERS].flatMap((a) => [...LETTERS].map((b) => a + b)).filter((name) => !/^(do|if|in|of|as|is)$/.test(name)).find(free) ?? '';
  }
  return names;
}

/** The script with names that follow a rule: the same for all that differ in their names only. @param {string} text */
export function plainNames(text) {
  const script = read(text);
  return write(script, plain(script.variables));
}

/** The script with names that make it small: each step gives a variable another name, and goes back if the script has grown. The
 *  same script gets the same names. @param {string} text @param {number} steps */
export function shortNames(text, steps) {
  const script = read(text);
  const names = plain(script.variables);
  const others = script.variables.map((variable) => [...variable.others]);
  const measure = () => deflateRawSync(write(script, names), { level: 9, memLevel: 9 }).length;
  let state = 1;
  const chance = (/** @type {number} */ below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };

  let best = measure();
  for (let step = 0; step < steps; step += 1) {
    const one = chance(names.length);
    const old = /** @type {string} */ (names[one]);
    const name = /** @type {string} */ (LETTERS[chance(FEW)]);
    // Those that have it, and must have another, get this one's.
    const rest = /** @type {number[]} */ (others[one]).filter((other) => names[other] === name);
    if (name === old || rest.some((other) => others[other]?.some((further) => further !== one && names[further] === old))) continue;
    names[one] = name;
    for (const other of rest) names[other] = old;
    const size = measure();
    if (size <= best) best = size;
    else {
      names[one] = old;
      for (const other of rest) names[other] = name;
    }
  }
  const made = write(script, names);
  if (plainNames(made) !== plainNames(text)) throw new Error('a name stands for two variables');
  return made;
}
