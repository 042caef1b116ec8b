import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isScript, parseScript, type Turn } from './script.ts';

function turnsOf(text: string): readonly Turn[] {
  const parsed = parseScript(text);
  assert.ok('turns' in parsed, JSON.stringify(parsed));
  return parsed.turns;
}

function faultOf(text: string): { line: number; reason: string } {
  const parsed = parseScript(text);
  assert.ok('fault' in parsed, JSON.stringify(parsed));
  return parsed.fault;
}

const shape = (turns: readonly Turn[]): string => turns.map((turn) => turn.map((step) => step.kind).join(' ')).join(' | ');

test('a text is a script if its first line that says anything begins with a command', () => {
  assert.ok(isScript('say hi'));
  assert.ok(isScript('\n\n  # a comment\n  cut'));
  assert.ok(!isScript('Please say hi'));
  assert.ok(!isScript('saying things'));
  assert.ok(!isScript('Say hi'));
  assert.ok(!isScript(''));
});

test('each kind of step is read with its values', () => {
  assert.deepEqual(turnsOf('fail 429 x2 retry-after 1.5s\nwait 200ms\nsay  Hello  there \ncut x3\ntool read { "path": "a b" }'), [
    [
      { kind: 'fail', line: 1, status: 429, times: 2, retryAfterMs: 1500 },
      { kind: 'wait', line: 2, delayMs: 200 },
      { kind: 'say', line: 3, text: 'Hello  there' },
      { kind: 'cut', line: 4, times: 3 },
      { kind: 'tool', line: 5, name: 'read', argumentsJson: '{ "path": "a b" }' },
    ],
  ]);
});

test('a failure without a count happens each time, and a tool without arguments gets an empty object', () => {
  assert.deepEqual(turnsOf('fail 500\ncut\ntool now'), [
    [
      { kind: 'fail', line: 1, status: 500, times: Infinity },
      { kind: 'cut', line: 2, times: Infinity },
      { kind: 'tool', line: 3, name: 'now', argumentsJson: '{}' },
    ],
  ]);
});

test('a turn ends with a blank line', () => {
  assert.equal(shape(turnsOf('say one\n\n\n  \nsay two\n')), 'say | say');
});

test('a turn ends with the last of its tool calls, and calls in a row are one turn', () => {
  assert.equal(shape(turnsOf('say a\ntool x\ntool y\nsay b\ntool z\nwait 1s\nsay c')), 'say tool tool | say tool | wait say');
  assert.equal(shape(turnsOf('tool x\n\nsay b')), 'tool | say');
});

test('comments neither count nor end a turn', () => {
  assert.equal(shape(turnsOf('# first\nsay a\n# between\nsay b\n  # last')), 'say say');
});

test('lines may end with CRLF', () => {
  assert.deepEqual(turnsOf('say a\r\n\r\nsay b\r\n'), [[{ kind: 'say', line: 1, text: 'a' }], [{ kind: 'say', line: 3, text: 'b' }]]);
});

test('arguments keep their text exactly, whatever they hold', () => {
  const json = '{"a":"tool x", "n":1.0,"e":"\\u00e9"}';
  const [step] = turnsOf(`tool run ${json}`)[0] ?? [];
  assert.ok(step?.kind === 'tool');
  assert.equal(step.argumentsJson, json);
});

for (const [script, line, reason] of [
  ['say a\nhello', 2, /"hello" is not a command/],
  ['say', 1, /say needs a text/],
  ['tool', 1, /tool needs a name/],
  ['tool a/b', 1, /tool needs a name/],
  ['tool read {"path":', 1, /arguments of read are not a JSON object/],
  ['tool read [1]', 1, /another kind of value/],
  ['# c\n\nwait', 3, /wait needs a time/],
  ['wait 200', 1, /wait needs a time/],
  ['wait 11m', 1, /up to 10m/],
  ['fail', 1, /fail needs a status/],
  ['fail 200', 1, /400 to 599/],
  ['fail 429 twice', 1, /fail needs a status/],
  ['fail 429 x0', 1, /at least x1/],
  ['fail 429 retry-after soon', 1, /retry-after needs a time/],
  ['cut off', 1, /cut may have a count/],
] as const) {
  test(`the fault of ${JSON.stringify(script)} names line ${line}`, () => {
    const fault = faultOf(script);
    assert.equal(fault.line, line);
    assert.match(fault.reason, reason);
  });
}
