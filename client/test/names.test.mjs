// The names of the served script: others, for the same.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findNames, givenNames, plainNames, shortNames } from '../names.mjs';

// Everything that can bind a name, and names that must stay: of fields, of what is not declared here.
const SCRIPT = `(()=>{
  function one(first, { second, third: [other, ...more] = [1, 2, 3], fourth = first, ...rest } = {}) {
    var sum = 0;
    for (let n = 0; n < 3; n += 1) { const first = n; sum += first; var last = n; }
    for (const [key, value] of Object.entries(rest)) sum += key.length + value;
    try { throw { message: sum } } catch ({ message }) { sum += message }
    try { null.x } catch (error) { sum += error instanceof TypeError ? 1 : 0 }
    const object = { first, second, last, fourth, sum, other, deep: { first: second, more }, get state() { return sum }, method(first) { return first + sum } };
    class Thing { field = sum; constructor(sum) { this.sum = sum } method() { return [this.sum, this.field, last] } }
    const twice = (first) => ((second) => [first, second, sum])(first + 1);
    switch (last) { case 2: let first = 'in a case'; object.case = first }
    const shadow = (sum) => { { let sum = 5; object.inner = sum } return sum };
    return [object, object.state, object.method(1), new Thing(7).method(), twice(3), shadow(9), typeof nowhere, later()];
    function later() { return sum + last }
  }
  return JSON.stringify([one(1), one(2, { second: 3, third: [4, 5], fourth: 6, e: 7, t: 8 })]);
})()`;

const evaluate = (text) => new Function(`return ${text}`)();

test('a script with other names does the same, and is known as the same', () => {
  const short = shortNames(SCRIPT, 500);
  assert.ok(short.length < SCRIPT.length);
  for (const text of [short, plainNames(SCRIPT)]) {
    assert.equal(evaluate(text), evaluate(SCRIPT));
    assert.equal(plainNames(text), plainNames(SCRIPT));
  }
  assert.equal(shortNames(SCRIPT, 500), short, 'the same again');
});

test('a script that is another is known as another', () => {
  const names = (text) => plainNames(`((a, b) => { ${text} })()`);
  assert.equal(names('return (c) => a + c'), names('return (d) => a + d'));
  for (const text of ['return (b) => a + a', 'return (b) => b + b', 'return (c) => b + c', 'return (c) => a - c', 'return (c) => a + d', 'return (a) => a + a']) {
    assert.notEqual(names(text), names('return (c) => a + c'), text);
  }
});

test('fields get names too, the same only where no object has both, and functions that stand together any order', () => {
  const script = `(() => {
    function first() { return second({ front: 1, behind: 2, on: 3 }) }
    function second({ front, behind: last, on }) { return third({ frozen: front + last, on }) }
    function third(hole) { const { frozen } = hole; return [hole.frozen + frozen, hole.on, 'frozen' in hole, Object.keys(hole).length] }
    return JSON.stringify(first());
  })()`;
  const kinds = [['front', 'behind'], ['frozen']];
  const short = shortNames(script, 2000, kinds);
  assert.equal(evaluate(short), '[6,3,false,2]');
  assert.doesNotMatch(short, /front|behind|\.frozen/);
  assert.match(short, /\bon:/);
  const { names, orders } = findNames(script, 2000, kinds);
  assert.equal(givenNames(script, kinds, { names, orders }), short);
  assert.throws(() => givenNames(script, kinds, { names: names.map(() => 'e'), orders }), /two/);
});
