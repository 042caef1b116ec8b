import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpenClawError } from './errors.ts';
import { createFakeClock } from './fake-clock.ts';
import { createLog, type LogDestination, type LogOptions, type RootLog } from './log.ts';
import { logLevels } from './log-level.ts';
import { createMetrics } from './metrics.ts';
import { createRedactor } from './redact.ts';

interface Setup {
  readonly log: RootLog;
  readonly lines: string[];
  /** The last line, parsed. */
  last(): Record<string, unknown>;
}

function setup(options: Partial<LogOptions> & { readonly destination?: Partial<LogDestination> } = {}): Setup {
  const lines: string[] = [];
  const { destination, ...rest } = options;
  const log = createLog({ clock: createFakeClock(), destinations: [{ write: (line) => void lines.push(line), ...destination }], ...rest });
  return { log, lines, last: () => JSON.parse(lines.at(-1)!) as Record<string, unknown> };
}

test('a line is one JSON object with time, level, message and the fields, in this order', () => {
  const { log, lines } = setup();
  log.child({ component: 'gateway' }).warn('slow answer', { requestId: 'req_1', durationMs: 12.5, absent: undefined });
  assert.deepEqual(lines, [
    '{"time":"2026-01-01T00:00:00.000Z","level":"warn","message":"slow answer","component":"gateway","requestId":"req_1","durationMs":12.5}\n',
  ]);
});

test('lines below the level are not written, and a change of the level reaches children that exist', () => {
  const { log, lines } = setup({ level: 'warn' });
  const child = log.child({ component: 'models' }).child({ requestId: 'req_1' });
  const writeAll = () => {
    lines.length = 0;
    for (const level of logLevels) child[level](level);
    return lines.map((line) => (JSON.parse(line) as { level: string }).level);
  };
  assert.deepEqual(writeAll(), ['warn', 'error', 'fatal']);
  assert.equal(child.isEnabled('info'), false);
  log.setLevel('trace');
  assert.deepEqual(writeAll(), [...logLevels]);
  assert.equal(child.isEnabled('trace'), true);
  assert.equal(log.level, 'trace');
  log.setLevel('silent');
  assert.deepEqual(writeAll(), []);
  assert.throws(() => log.setLevel('loud'), { code: 'invalid_request' });
  assert.equal(log.level, 'silent');
});

test('an error of the catalogue is logged with code, message and hint, its cause with the stack', () => {
  const { log, last } = setup();
  log.error('start failed', {
    error: new OpenClawError('state_unwritable', {
      details: { directory: '/d', reason: 'read-only', suggestion: 'Mount it.' },
      cause: new TypeError('boom'),
    }),
  });
  const error = last()['error'] as Record<string, unknown>;
  assert.equal(error['code'], 'state_unwritable');
  assert.equal(error['message'], 'The state directory /d cannot be written: read-only.');
  assert.equal(error['hint'], 'Mount it.');
  assert.equal(error['stack'], undefined, 'what is expected needs no stack');
  const cause = error['cause'] as Record<string, unknown>;
  assert.equal(cause['code'], 'TypeError');
  assert.match(String(cause['stack']), /log\.test\.ts/);
});

test('an error of the system is logged with its code', () => {
  const { log, last } = setup();
  log.warn('no', { error: Object.assign(new Error('open failed'), { code: 'ENOENT' }) });
  assert.equal((last()['error'] as Record<string, unknown>)['code'], 'ENOENT');
});

test('whatever is handed in, a line comes out and nothing is thrown', () => {
  const { log, last } = setup();
  const cycle: Record<string, unknown> = { name: 'cycle' };
  cycle['self'] = cycle;
  const hostile = {
    get field(): string {
      throw new Error('getter');
    },
  };
  log.info('odd', {
    cycle,
    hostile,
    big: 10n ** 30n,
    nan: Number.NaN,
    nothing: null,
    action: () => 1,
    symbol: Symbol('s'),
    bytes: Buffer.alloc(5),
    when: new Date(0),
    url: new URL('http://host/'),
    map: new Map([['a', 1]]),
    set: new Set([1]),
    many: Array.from({ length: 500 }, (_, index) => index),
    time: 'mine',
  });
  const line = last();
  assert.equal(line['hostile'], '[unreadable]');
  assert.equal(line['big'], '1000000000000000000000000000000');
  assert.equal(line['nan'], 'NaN');
  assert.equal(line['bytes'], '[5 bytes]');
  assert.equal(line['when'], '1970-01-01T00:00:00.000Z');
  assert.equal(line['url'], 'http://host/');
  assert.deepEqual(line['map'], [['a', 1]]);
  assert.equal((line['many'] as unknown[]).length, 101);
  assert.equal(line['time'], '2026-01-01T00:00:00.000Z');
  assert.equal(line['field.time'], 'mine');
  assert.equal('action' in line || 'symbol' in line, false);
  assert.match(JSON.stringify(line['cycle']), /deeper values left out/);
  fc.assert(
    fc.property(
      fc.string(),
      fc.dictionary(
        fc.string(),
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true, withTypedArray: true }),
      ),
      (message, fields) => {
        log.info(message, fields);
        assert.equal(last()['level'], 'info');
      },
    ),
  );
});

test('a secret never survives in a line, wherever it stands and however it is spread over the fields', () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9_-]{12,40}$/);
  fc.assert(
    fc.property(secret, fc.integer({ min: 1, max: 11 }), fc.boolean(), (known, cut, pretty) => {
      const { log, lines } = setup({ redactor: createRedactor([known]), format: pretty ? 'pretty' : 'json' });
      const [head, tail] = [known.slice(0, cut), known.slice(cut)];
      log.info(`before ${known} after`, {
        [known]: known,
        nested: { list: [known, `x${known}`] },
        error: new Error(known, { cause: new Error(known) }),
        url: `/?q=${encodeURIComponent(known)}`,
      });
      log.child({ component: known }).info('message');
      assert.ok(!lines.join('').includes(known), lines.join(''));
      lines.length = 0;
      log.info(head, { tail });
      log.child({ head }).info('', { list: [tail] });
      log.info('pieces', { chunks: [head, tail] });
      for (const line of lines) assert.ok(!(line.includes(head) && line.includes(tail) && head.length > 3 && tail.length > 3), line);
    }),
    { numRuns: 200 },
  );
});

test('a secret that the log is told of later is taken out from then on', () => {
  const redactor = createRedactor();
  const { log, last } = setup({ redactor });
  redactor.add('correct-horse');
  log.info('the password is correct-horse');
  assert.equal(last()['message'], 'the password is [redacted]');
});

test('a text that is too long is cut and marked, never in the middle of a secret', () => {
  const known = 'averyverylongsecretvalue';
  const { log, last, lines } = setup({ redactor: createRedactor([known]) });
  for (const length of [4070, 4080, 4090, 4096]) {
    log.info('x'.repeat(length) + known + 'y'.repeat(5000));
    assert.match(String(last()['message']), /… \[cut, \d+ characters\]$/);
    assert.ok(!lines.at(-1)!.includes(known.slice(0, 8)));
  }
  log.info('z'.repeat(100_000));
  assert.equal(last()['message'], '[text of 100000 characters]');
});

test('a line that is too long keeps what fits, says how long it was, and is still JSON', () => {
  const { log, lines, last } = setup({ lineLimitCharacters: 1000 });
  log.info('big', { requestId: 'req_1', body: 'x'.repeat(3000), status: 200 });
  assert.ok(lines[0]!.length <= 1001);
  assert.equal(last()['requestId'], 'req_1');
  assert.equal(last()['status'], 200);
  assert.equal(last()['body'], undefined);
  assert.ok(Number(last()['cut']) > 3000);
});

test('auto is pretty with colours on a terminal, JSON elsewhere; pretty without a terminal has no colours', () => {
  const both: { terminal: string[]; file: string[] } = { terminal: [], file: [] };
  const log = createLog({
    clock: createFakeClock(),
    destinations: [{ write: (line) => void both.terminal.push(line), isTerminal: true }, { write: (line) => void both.file.push(line) }],
  });
  log.info('ready', { component: 'gateway' });
  assert.match(both.terminal[0]!, /\u001B\[32mINFO \u001B\[0m/);
  assert.equal((JSON.parse(both.file[0]!) as { message: string }).message, 'ready');

  const { log: piped, lines } = setup({ format: 'pretty' });
  piped.error('failed', { component: 'gateway', requestId: 'req_1', note: 'two words', error: new OpenClawError('draining') });
  assert.match(
    lines[0]!,
    /^\d\d:\d\d:\d\d\.000 ERROR gateway: failed requestId=req_1 note="two words"\n {2}draining: The gateway is shutting down\.\n {2}Try again/,
  );
});

test('no destination can be made to show a second line or to act upon control characters', () => {
  const { log, lines } = setup({ format: 'pretty' });
  const hostile = 'a\nb\r\u001B[2J\u009B1m\u2028\u0000';
  log.info(hostile, { note: hostile, [hostile]: 1, component: hostile });
  assert.equal(lines.length, 1);
  assert.doesNotMatch(lines[0]!.slice(0, -1), /[\u0000-\u001F\u007F-\u009F\u2028]/);
  const { log: json, lines: jsonLines } = setup();
  json.info(hostile);
  assert.equal(jsonLines[0]!.indexOf('\n'), jsonLines[0]!.length - 1);
});

test('a destination that fails costs its own lines only, and they are counted', () => {
  const metrics = createMetrics();
  const lines: string[] = [];
  const broken = {
    write: () => {
      throw new Error('EPIPE');
    },
  };
  const log = createLog({ clock: createFakeClock(), metrics, destinations: [broken, { write: (line) => void lines.push(line) }] });
  log.info('one');
  log.error('two');
  assert.equal(lines.length, 2);
  assert.match(metrics.text(), /^openclaw_log_lines_lost_total 2$/m);
  assert.match(metrics.text(), /^openclaw_log_lines_total\{level="error"\} 1$/m);
});

test('flush waits for every destination', async () => {
  const flushed: string[] = [];
  const destination = (name: string): LogDestination => ({ write: () => undefined, flush: async () => void flushed.push(name) });
  await createLog({ clock: createFakeClock(), destinations: [destination('a'), destination('b'), { write: () => undefined }] }).flush();
  assert.deepEqual(flushed, ['a', 'b']);
});

test('docs/logs.md names the levels, the fields of the log itself and those of an error, and no others', () => {
  const page = readFileSync(new URL('../../../../docs/logs.md', import.meta.url), 'utf8');
  const tableNames = (heading: string) => {
    const section = page.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
    return Array.from(section.matchAll(/^\| `([^`]+)` \|/gm), (match) => match[1]);
  };
  assert.deepEqual(tableNames('Levels'), [...logLevels].reverse());
  const { log, last } = setup({ lineLimitCharacters: 600 });
  log
    .child({ component: 'c' })
    .error('m', { requestId: 'r', error: new OpenClawError('internal_error', { cause: new Error('x') }), body: 'x'.repeat(1000) });
  const line = last();
  assert.deepEqual(new Set(tableNames('Fields')), new Set(['component', 'cut', 'error', 'level', 'message', 'requestId', 'time']));
  for (const name of ['component', 'cut', 'level', 'message', 'requestId', 'time']) assert.ok(name in line, name);
  assert.deepEqual(tableNames('Errors'), ['code', 'message', 'hint', 'cause', 'stack']);
});
