/** The page about metrics names what /metrics has, and nothing else; and the names keep to the rules of Prometheus. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { startTestGateway } from '../harness/gateway.ts';

/** Everything that registers is there, the cache and a channel too. */
const settings = {
  models: { cache: { enabled: true } },
  channels: { webhook: { entries: { ci: { secrets: ['secret-of-those-who-send-to-us'] } } } },
};

/** The log file belongs to the command that runs the gateway, and so does its metric. */
const ofTheCommand = '| `openclaw_log_file_lines_lost_total` | counter |  | Lines that could not be written to the log file. |';

test('docs/metrics.md lists exactly the metrics that there are, with their types, labels and words', async () => {
  const page = await readFile(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');
  await using gateway = await startTestGateway({ settings });
  const rows = gateway.metrics
    .list()
    .map(
      ({ name, type, labelNames, help }) => `| \`${name}\` | ${type} | ${labelNames.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
    );
  assert.deepEqual(page.match(/^\| `.*$/gm), [...rows, ofTheCommand].toSorted());
});

test('a name says its unit, a counter ends in _total, and a help is one sentence', async () => {
  await using gateway = await startTestGateway({ settings });
  for (const { name, type, help } of gateway.metrics.list()) {
    assert.match(name, /^(openclaw|process|nodejs)_[a-z0-9_]+$/);
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    if (type === 'histogram') assert.match(name, /_(seconds|bytes)$/);
    assert.doesNotMatch(name, /_(ms|milliseconds|minutes|kb|mb)(_|$)/);
    assert.match(help, /^[A-Z0-9].*[^.]\.$/, name);
  }
});
