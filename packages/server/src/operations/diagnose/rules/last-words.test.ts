/** What programs of many kinds say before they end, in their own words, and the cause that has to come first. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ago, fakeDocker, type FakeDocker } from '../docker/docker.fixture.ts';
import { collectContainer } from '../docker/collect.ts';
import { rank } from '../rank.ts';
import { rules } from './index.ts';

/** Three lives that end alike, half a second after they began. */
export function loop(lines: readonly string[], { exitCode = 1, ...more }: FakeDocker & { readonly exitCode?: number } = {}): FakeDocker {
  const starts = [9000, 5500, 1600];
  return {
    restartCount: 3,
    state: {
      Status: 'restarting',
      Running: true,
      Restarting: true,
      Pid: 0,
      ExitCode: exitCode,
      StartedAt: ago(1600),
      FinishedAt: ago(1100),
    },
    events: starts.flatMap((ms) => [[ms, 'start'] as const, [ms - 500, 'die', { exitCode: String(exitCode) }] as const]),
    lines: starts.flatMap((ms) => lines.map((text, index) => [ms - 100 - index, text] as const)),
    ...more,
  };
}

const said: Readonly<Record<string, readonly (string | readonly string[])[]>> = {
  'port-in-use': [
    'Error: listen EADDRINUSE: address already in use :::3000',
    'nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)',
    'OSError: [Errno 98] Address already in use',
    'listen tcp :8080: bind: address already in use',
    'Web server failed to start. Port 8080 was already in use.',
    "[Errno 98] error while attempting to bind on address ('0.0.0.0', 8000): address already in use",
    '# Could not create server TCP listening socket *:6379: bind: Address already in use',
  ],
  'stale-lock': [
    'A server is already running. Check /app/tmp/pids/server.pid.',
    'java.lang.IllegalStateException: failed to obtain node locks, tried [/usr/share/elasticsearch/data]; maybe these locations are not writable or multiple nodes were started',
    'error: gateway already running (pid 17); lock file /state/gateway.lock is held',
    'httpd (pid 1) already running',
  ],
  'config-invalid': [
    'nginx: [emerg] unknown directive "proxy_pas" in /etc/nginx/conf.d/default.conf:7',
    'SyntaxError: Expected double-quoted property name in JSON at position 49 (line 5 column 3)',
    'yaml.scanner.ScannerError: mapping values are not allowed here',
    'error loading config file "/etc/prometheus/prometheus.yml": yaml: line 12: did not find expected key',
    'json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 5 column 1 (char 44)',
    '*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***',
    'Error: Invalid configuration file /app/openclaw.json: gateway.port: expected number, got string',
    'toml: line 3 (last key "server.port"): expected value but found "}" instead',
    'Failed to load config: unknown field `listn` in section server',
  ],
  'setting-missing': [
    'Error: DATABASE_URL must be set',
    'Error: OPENAI_API_KEY is not set',
    'sh: DATABASE_URL: parameter not set',
    "KeyError: 'DATABASE_URL'",
    'Missing required environment variable: REDIS_HOST',
    'panic: required environment variable SERVICE_NAME is not set',
    'java.lang.IllegalArgumentException: Could not resolve placeholder \'db.host\' in value "${db.host}"',
    'pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings\ndatabase_url\n  Field required',
    'Gateway start blocked: set gateway.mode=local (current: unset) or pass --allow-unconfigured.',
  ],
  'secret-missing': [
    'Error: Database is uninitialized and superuser password is not specified.',
    'openai.OpenAIError: The api_key client option must be set either by passing api_key to the client or by setting the OPENAI_API_KEY environment variable',
    'error: no API key found for provider "openai"',
    'Unable to locate credentials. You can configure credentials by running "aws configure".',
  ],
  'api-key-invalid': [
    "openai.AuthenticationError: Error code: 401 - {'error': {'message': 'Incorrect API key provided: sk-x', 'code': 'invalid_api_key'}}",
    'FATAL:  password authentication failed for user "app"',
    "Access denied for user 'app'@'172.18.0.3' (using password: YES)",
    'ReplyError: WRONGPASS invalid username-password pair or user is disabled.',
    'huggingface_hub.errors.HfHubHTTPError: 401 Client Error: Unauthorized for url: https://huggingface.co/api/models/llama',
  ],
  'permission-denied': [
    "Error: EACCES: permission denied, mkdir '/home/node/.openclaw/state'",
    "PermissionError: [Errno 13] Permission denied: '/data/app.db'",
    "mkdir: can't create directory '/data/x': Permission denied",
    'open /var/lib/grafana/grafana.db: permission denied',
    "chown: changing ownership of '/var/lib/postgresql/data': Operation not permitted",
    'nginx: [emerg] open() "/var/run/nginx.pid" failed (13: Permission denied)',
    'bind() to 0.0.0.0:80 failed (13: Permission denied)',
  ],
  'read-only-filesystem': [
    "Error: EROFS: read-only file system, open '/app/cache.json'",
    "OSError: [Errno 30] Read-only file system: '/app/cache'",
    'mkdir /var/cache/nginx/client_temp: read-only file system',
    'sqlite3.OperationalError: attempt to write a readonly database',
  ],
  'disk-full': [
    'Error: ENOSPC: no space left on device, write',
    'OSError: [Errno 28] No space left on device',
    'PANIC:  could not write to file "pg_wal/xlogtemp.29": No space left on device',
    'write /var/lib/app/segment: no space left on device',
    'SQLITE_FULL: database or disk is full',
  ],
  'inotify-limit': [
    "Error: ENOSPC: System limit for number of file watchers reached, watch '/app/src'",
    'failed to create fsnotify watcher: too many open files',
    'OSError: [Errno 28] inotify watch limit reached',
  ],
  'file-descriptors': [
    "Error: EMFILE: too many open files, open '/app/x'",
    'OSError: [Errno 24] Too many open files',
    'accept tcp [::]:8080: accept4: too many open files',
    'java.net.SocketException: Too many open files',
  ],
  'pids-limit': [
    'Error: spawn /bin/sh EAGAIN',
    "RuntimeError: can't start new thread",
    'java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory or process/resource limits reached',
    'runtime/cgo: pthread_create failed: Resource temporarily unavailable',
    "sh: can't fork: Resource temporarily unavailable",
  ],
  'slow-disk': [
    'etcdserver: failed to send out heartbeat on time; slow fdatasync took 3.2s',
    'Error: EIO: i/o error, read',
    'sqlite3.OperationalError: disk I/O error',
  ],
  'heap-too-small': ['FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory'],
};

async function foundIn(fake: FakeDocker): Promise<string> {
  const { causes } = rank(await collectContainer(fakeDocker(fake), { container: 'web' }), rules);
  return causes.map(({ id, weight }) => `${id} ${weight}`).join(', ');
}

for (const [cause, messages] of Object.entries(said))
  test(`${cause} is told by what programs say of it`, async () => {
    const wrong: string[] = [];
    for (const message of messages) {
      const lines = ['app 1.0 starts', ...[message].flat().flatMap((text) => text.split('\n'))];
      const found = await foundIn(loop(lines));
      if (!found.startsWith(`${cause} `)) wrong.push(`${lines.slice(1).join(' / ')}\n    found: ${found || 'nothing'}`);
    }
    assert.deepEqual(wrong, []);
  });

test('words that only sound like a cause are none', async () => {
  const harmless = [
    'loaded 0 errors, 12 rules',
    'listening on port 8080',
    'health check ok (200)',
    'configuration loaded from /etc/app.yml',
    'password authentication is enabled',
    'disk cache: 20 GiB free',
  ];
  const found = await foundIn({
    ...loop([]),
    lines: harmless.map((text, index) => [1500 - index, text] as const),
    events: [
      [1600, 'start'],
      [1100, 'die', { exitCode: '3' }],
    ],
  });
  assert.equal(found, '');
});
