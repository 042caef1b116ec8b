import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Command } from 'commander';
import { ago, containerId, fakeDocker, lookedAtMs, type FakeDocker } from '../../operations/diagnose/docker/docker.fixture.ts';
import { diagnoseContainer } from '../../operations/diagnose/index.ts';
import { NotSeen } from '../../operations/diagnose/not-seen.ts';
import { diagnosisText } from './diagnosis-text.ts';
import { registerDoctorContainer } from './doctor-container.ts';

const deniedVolume: FakeDocker = {
  restartCount: 3,
  state: { Status: 'restarting', Running: true, Restarting: true, Pid: 0, ExitCode: 1, StartedAt: ago(1600), FinishedAt: ago(1200) },
  config: { User: '1000' },
  mounts: [{ Type: 'volume', Name: 'shop-data', Source: '/var/lib/docker/volumes/shop-data/_data', Destination: '/data', RW: true }],
  events: [
    [9000, 'start'],
    [8600, 'die', { exitCode: '1' }],
    [5400, 'start'],
    [5000, 'die', { exitCode: '1' }],
    [1600, 'start'],
    [1200, 'die', { exitCode: '1' }],
  ],
  lines: [8620, 5020, 1220].flatMap((ms) => [
    [ms + 200, 'shop 3.1 starts'] as const,
    [ms, "Error: EACCES: permission denied, open '/data/shop.db'"] as const,
  ]),
  answers: {
    '/data': { kind: 'folder', name: 'data/', mode: 0o755, uid: 0, gid: 0, sizeBytes: 0, head: '', firstName: '' },
    '/usr/bin/node': {
      kind: 'file',
      name: 'node',
      mode: 0o755,
      uid: 0,
      gid: 0,
      sizeBytes: 100,
      head: Buffer.from('\u007fELF\u0002\u0001\u0001').toString('base64'),
      firstName: '',
    },
  },
};

const textOf = async (fake: FakeDocker): Promise<string> =>
  diagnosisText(await diagnoseContainer(fakeDocker(fake), { container: 'web', engineAddress: '/var/run/docker.sock' }));

test('the example of docs/diagnosis.md is what the command prints', async () => {
  const page = readFileSync(new URL('../../../../../docs/diagnosis.md', import.meta.url), 'utf8');
  const example = /^```\n(.*?)^```$/ms.exec(page)?.[1];
  assert.equal(example, `$ openclaw doctor container web\n${await textOf(deniedVolume)}`);
});

test('of a container that is well there is one line, and nothing that was ruled out', async () => {
  const text = await textOf({
    state: { StartedAt: ago(7_200_000) },
    events: [[7_200_000, 'start']],
    answers: { [`/containers/x/stats`]: {} },
  });
  assert.match(text, /^The container web \(5d8a70c5e511, shop:3\.1\) is well: it has run for 120 min\.\n/);
  assert.ok(!text.includes('Ruled out'));
});

test('where no cause is known, its last words are shown', async () => {
  const text = await textOf({
    state: { Status: 'exited', Running: false, ExitCode: 42, StartedAt: ago(2000), FinishedAt: ago(1000) },
    lines: [[1500, 'the flux is out of joint']],
  });
  assert.match(text, /No known cause fits what can be seen\.\n {3}Its last words:\n {5}log {12}the flux is out of joint/);
});

interface Ran {
  readonly out: string;
  readonly code: number | undefined;
}

async function run(words: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
  let out = '';
  let code: number | undefined;
  const program = new Command('openclaw').exitOverride();
  const terminal = { stdout: { write: (text: string) => (out += text) }, stderr: { write: () => true }, env };
  registerDoctorContainer(program.command('doctor'), { terminal, setExitCode: (set) => (code = set) });
  await program.parseAsync(['doctor', 'container', ...words], { from: 'user' });
  return { out, code };
}

async function socketIn(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'openclaw-doctor-'));
  t.after(() => rm(directory, { recursive: true }));
  return join(directory, 'docker.sock');
}

/** An engine that answers from the fixture, over a real socket. */
async function serve(t: TestContext, fake: FakeDocker): Promise<{ readonly socket: string; readonly methods: string[] }> {
  const socket = await socketIn(t);
  const lookout = fakeDocker(fake);
  const methods: string[] = [];
  const server = createServer((request, response) => {
    methods.push(request.method ?? '');
    const path = (request.url ?? '').replace(/^\/v[\d.]+/, '').split('?')[0] ?? '';
    const answer =
      path === '/version'
        ? Promise.resolve({ Version: '28.0.0', ApiVersion: '1.48', MinAPIVersion: '1.24' })
        : lookout.ask({ from: 'docker', as: 'object', path });
    answer.then(
      (body) =>
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(path.endsWith('/logs') || path === '/events' ? '' : JSON.stringify(body)),
      (thrown: Error) => response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify({ message: thrown.message })),
    );
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.after(() => server.close());
  return { socket, methods };
}

test('it asks with GET alone, whatever it finds, and exits with 1 where something is broken', async (t) => {
  const { socket, methods } = await serve(t, deniedVolume);
  const { out, code } = await run(['web', '--json', '--docker-host', `unix://${socket}`]);
  const { broken, evidence } = JSON.parse(out) as { broken: boolean; evidence: { subject: { name: string } } };
  assert.deepEqual({ broken, code, name: evidence.subject.name }, { broken: true, code: 1, name: 'web' });
  assert.deepEqual([...new Set(methods)], ['GET']);
});

test('it goes by DOCKER_HOST where no flag says otherwise', async (t) => {
  const { socket } = await serve(t, { state: { StartedAt: ago(7_200_000) } });
  const { out, code } = await run(['web'], { DOCKER_HOST: `unix://${socket}` });
  assert.match(out, /is well/);
  assert.equal(code, undefined);
});

test('a name that there is not, is answered with the nearest', async (t) => {
  const { socket } = await serve(t, { isGone: true, answers: { '/containers/json': [{ Names: ['/web-1'] }, { Names: ['/database'] }] } });
  await assert.rejects(run(['web', '--docker-host', socket]), { code: 'container_not_found', hint: /Did you mean web-1\?/ });
});

test('where no Docker answers, it says where it looked', async (t) => {
  const socket = await socketIn(t);
  await assert.rejects(run(['web', '--docker-host', socket]), {
    code: 'docker_unreachable',
    message: new RegExp(`^No Docker answers at ${socket}: connect ENOENT ${socket}\\.$`),
  });
});

test('who may not use the socket is told of the group', async () => {
  const closed = { atMs: 0, ask: () => Promise.reject(new NotSeen('forbidden', 'connect EACCES')) };
  await assert.rejects(diagnoseContainer(closed, { container: 'web', engineAddress: '/var/run/docker.sock' }), {
    code: 'docker_forbidden',
    hint: /groups docker/,
  });
});

test('events that were stored tell of lives that Docker has forgotten', async (t) => {
  const { socket } = await serve(t, {
    state: { Status: 'exited', Running: false, ExitCode: 1, StartedAt: ago(2000), FinishedAt: ago(1000) },
  });
  const events = `${socket}.json`;
  const event = (ms: number, Action: string, attributes: object = {}) =>
    JSON.stringify({
      Type: 'container',
      Action,
      timeNano: (lookedAtMs - ms) * 1e6,
      Actor: { ID: containerId, Attributes: { name: 'web', ...attributes } },
    });
  await writeFile(events, [event(9000, 'start'), 'no event', event(8000, 'die', { exitCode: '7' }), ''].join('\n'));
  const { out } = await run(['web', '--json', '--docker-host', socket, '--events', events]);
  const { evidence } = JSON.parse(out) as { evidence: { lives: { exitCode: number }[] } };
  assert.deepEqual(
    evidence.lives.map(({ exitCode }) => exitCode),
    [7, 1],
  );
});

test('a file that cannot be read is named before Docker is asked', async () => {
  await assert.rejects(run(['web', '--logs', '/nowhere/web.log']), {
    code: 'command_refused',
    message: /\/nowhere\/web\.log cannot be read/,
  });
});
