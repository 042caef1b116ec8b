/**
 * The rules of `deploy/prometheus` and the dashboards of `deploy/grafana`: promtool agrees, every metric in them is one that there is, and each query
 * runs on a real Prometheus that scrapes a real gateway. `OPENCLAW_TEST_REQUIRE=prometheus` makes it a failure that there is none.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { parse } from 'yaml';
import { startProgram } from '../harness/program.ts';

const isRequired = (process.env['OPENCLAW_TEST_REQUIRE'] ?? '').split(',').includes('prometheus');
const hasPrometheus = ['prometheus', 'promtool'].every((name) => spawnSync(name, ['--version']).status === 0);
const skip = !hasPrometheus && 'there is no prometheus and promtool: apt-get install prometheus';

const deploy = new URL('../../../../deploy/', import.meta.url).pathname;
const rules = parse(readFileSync(join(deploy, 'prometheus/alerts.yml'), 'utf8')) as {
  groups: { rules: { alert: string; expr: string; labels: { severity: string }; annotations: { summary: string; action: string } }[] }[];
};
const alerts = rules.groups.flatMap((group) => group.rules);
const dashboards = readdirSync(join(deploy, 'grafana')).map(
  (file) =>
    JSON.parse(readFileSync(join(deploy, 'grafana', file), 'utf8')) as {
      uid: string;
      panels: { title: string; targets: { expr: string }[] }[];
    },
);
/** As Grafana would fill them in. */
const queries = [
  ...alerts.map(({ expr }) => expr),
  ...dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))),
].map((expr) => expr.replaceAll('$instance', '.+').replaceAll('$__rate_interval', '1m'));

test('Prometheus is there where it has to be', () =>
  assert.ok(hasPrometheus || !isRequired, 'OPENCLAW_TEST_REQUIRE names prometheus, and there is none'));

test('every metric in rules and dashboards is one that there is, and every alert is on its page with its severity', () => {
  const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');
  const known = new Map([...page.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name = '', type = '']) => [name, type]));
  const used = queries.flatMap((expr) => expr.match(/\b(?:openclaw|process|nodejs)_[a-z0-9_]+/g) ?? []);
  assert.ok(used.length > 50);
  const unknown = used.filter((name) => !known.has(name) && known.get(name.replace(/_(bucket|sum|count)$/, '')) !== 'histogram');
  assert.deepEqual(unknown, []);
  const monitoring = readFileSync(new URL('../../../../docs/monitoring.md', import.meta.url), 'utf8');
  const rows = [...monitoring.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, alert, severity]) => `${alert} ${severity}`);
  assert.deepEqual(
    rows,
    alerts.map(({ alert, labels }) => `${alert} ${labels.severity}`),
  );
  for (const { alert, annotations } of alerts) assert.ok(annotations.summary !== '' && annotations.action !== '', alert);
});

test('promtool finds nothing wrong, and the rules do what their tests say', { skip }, () => {
  const folder = join(deploy, 'prometheus');
  for (const words of [
    ['check', 'rules', 'alerts.yml'],
    ['test', 'rules', 'alerts.test.yml'],
    ['check', 'config', '--syntax-only', 'prometheus.yml'],
  ]) {
    const { status, stdout, stderr } = spawnSync('promtool', words, { cwd: folder, encoding: 'utf8' });
    assert.equal(status, 0, `${words.join(' ')}: ${stdout}${stderr}`);
  }
});

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly result?: readonly unknown[];
    readonly activeTargets?: readonly { readonly health: string; readonly lastError: string }[];
  };
}

test(
  'each query runs on a Prometheus that scrapes a gateway with its token, and those of a gateway at work find something',
  { skip },
  async () => {
    await using gateway = await startProgram();
    const { url, token } = await gateway.ready();
    const headers = { authorization: `Bearer ${token}` };
    const body = JSON.stringify({ model: 'openclaw/rehearsal', stream: true, messages: [{ role: 'user', content: 'say Hello.' }] });
    await (await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body })).text();
    await (await fetch(`${url}/readyz`)).text();

    const folder = mkdtempSync(join(tmpdir(), 'openclaw-prometheus-'));
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    writeFileSync(join(folder, 'token'), token, { mode: 0o400 });
    const configuration = readFileSync(join(deploy, 'prometheus/prometheus.yml'), 'utf8')
      .replace('alerts.yml', join(deploy, 'prometheus/alerts.yml'))
      .replace('/etc/prometheus/openclaw-token', join(folder, 'token'))
      .replace('127.0.0.1:18789', new URL(url).host)
      .replaceAll('15s', '1s');
    writeFileSync(join(folder, 'prometheus.yml'), configuration);
    const prometheus = spawn(
      'prometheus',
      [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`],
      { stdio: 'ignore' },
    );
    const ended = once(prometheus, 'exit');
    try {
      const ask = async (path: string): Promise<Answer> =>
        (await (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json()) as Answer;
      const query = (expr: string): Promise<Answer> => ask(`query?query=${encodeURIComponent(expr)}`);
      const targets = await until(async () => {
        const { data } = await ask('targets?state=active').catch((): Answer => ({ status: 'error' }));
        const states = data?.activeTargets?.map(({ health, lastError }) => `${health} ${lastError}`.trim());
        return states?.length === 1 && states[0] !== 'unknown' ? states : undefined;
      });
      assert.deepEqual(targets, ['up']);
      // Rates want two samples.
      await until(async () =>
        ((await query('count_over_time(process_uptime_seconds[1m]) >= 4')).data?.result?.length ?? 0) > 0 ? true : undefined,
      );
      for (const expr of queries) {
        const { status, error } = await query(expr);
        assert.equal(status, 'success', `${expr}: ${error}`);
      }
      const found = async (expr: string): Promise<number> => (await query(expr)).data?.result?.length ?? 0;
      const panels = dashboards.find(({ uid }) => uid === 'openclaw-gateway')?.panels ?? [];
      for (const { title, targets: shown } of panels.slice(0, 9)) {
        for (const { expr } of shown) {
          const filled = expr.replaceAll('$instance', '.+').replaceAll('$__rate_interval', '1m');
          assert.ok((await found(filled)) > 0, `${title}: nothing is found by ${filled}`);
        }
      }
      assert.ok((await found('openclaw_health_check{check="state"} == 0')) === 1);
      assert.ok((await found('openclaw_model_first_output_seconds_bucket')) > 0);
      assert.equal(await found('ALERTS{severity="page"}'), 0);
    } finally {
      prometheus.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

async function until<Result>(look: () => Promise<Result | undefined>): Promise<Result> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const found = await look();
    if (found !== undefined) return found;
    await wait(100);
  }
  throw new Error('it did not come within a minute');
}
