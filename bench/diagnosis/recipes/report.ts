/** Containers of the half that is kept for the report, written when the rules were finished: other programs, other words, other ways into the same causes. */
import { checkOptions } from './health-options.ts';
import { makeExpiredCertificate } from './made-files.ts';
import {
  node as nodeRecipe,
  type NodeRecipe,
  python as pythonRecipe,
  type Recipe,
  shell as shellRecipe,
  type ShellRecipe,
  type PythonRecipe,
} from './recipe.ts';

const node = (name: string, recipe: NodeRecipe): Recipe => nodeRecipe(name, { ...recipe, half: 'report' });
const shell = (name: string, recipe: ShellRecipe): Recipe => shellRecipe(name, { ...recipe, half: 'report' });
const python = (name: string, recipe: PythonRecipe): Recipe => pythonRecipe(name, { ...recipe, half: 'report' });

const serve = (port: number): string => `import { createServer } from 'node:http';
process.on('SIGTERM', () => process.exit(0));
createServer((request, response) => { response.writeHead(request.url === '/health' ? 200 : 404); response.end(); }).listen(${port}, () => console.log(JSON.stringify({ level: 30, msg: 'server up', port: ${port} })));
`;

const memory: readonly Recipe[] = [
  node('report-leak', {
    causes: ['memory-leak'],
    options: ['--memory', '128m', '--memory-swap', '128m'],
    program: `const listeners = new Set();
console.log('bot connected');
setInterval(() => { for (let each = 0; each < 30; each += 1) { const context = new Array(400).fill('message ' + each + Date.now()); listeners.add(() => context.length); } }, 15);
`,
  }),
  python('report-limit', {
    causes: ['limit-too-small'],
    options: ['--memory', '48m', '--memory-swap', '48m'],
    program: `print("warming the cache", flush=True)
rows = [bytes(1024 * 256) + str(n).encode() for n in range(4000)]
print("ready", len(rows))
`,
  }),
  node('report-heap', {
    causes: ['heap-too-small'],
    options: ['--memory', '400m'],
    arguments: ['--max-old-space-size=40'],
    program: `const seen = new Map();\nfor (let n = 0; ; n += 1) seen.set('session:' + n, { n, messages: [n, n + 1, n + 2].map(String) });\n`,
  }),
  node('report-heap-over-limit', {
    causes: ['heap-larger-than-limit'],
    options: ['--memory', '100m', '--memory-swap', '100m', '--env', 'NODE_OPTIONS=--max-old-space-size=1024'],
    program: `const seen = new Map();\nconsole.log('importing history');\nfor (let n = 0; ; n += 1) seen.set('session:' + n, { n, messages: [n, n + 1, n + 2].map(String) });\n`,
  }),
  node('report-tool-memory', {
    causes: ['child-out-of-memory'],
    options: ['--memory', '96m', '--memory-swap', '96m'],
    program: `import { spawn } from 'node:child_process';
const tool = () => spawn('tail', ['/dev/zero']).on('exit', (code, signal) => { console.log('tool ended', { code, signal }); setTimeout(tool, 1500); });
tool();
`,
    lives: 0,
    during: async ({ untilLogged, pause }) => {
      await untilLogged('SIGKILL');
      await pause(300);
    },
  }),
];

const settings: readonly Recipe[] = [
  shell('report-pid-file', {
    causes: ['stale-lock'],
    options: ['--volume', 'STATE:/run/app'],
    script: `set -e; if [ -f /run/app/app.pid ]; then echo "ERROR: PID file /run/app/app.pid already exists, is another daemon running?"; exit 2; fi; echo 1 > /run/app/app.pid; echo up; sleep 0.4; kill -9 $$`,
    lives: 3,
  }),
  python('report-toml', {
    causes: ['config-invalid'],
    files: { 'app.toml': '[server]\nport = 8080\nname = unquoted\n' },
    program: `import tomllib\nwith open("/app/app.toml", "rb") as file:\n    print(tomllib.load(file))\n`,
  }),
  python('report-environment', {
    causes: ['setting-missing'],
    program: `import os\nprint("starting worker")\nhost = os.environ["QUEUE_HOST"]\n`,
  }),
  node('report-no-key', {
    causes: ['secret-missing'],
    program: `const key = process.env.ANTHROPIC_API_KEY;\nif (key === undefined) throw new Error('The ANTHROPIC_API_KEY environment variable is missing or empty; either provide it, or instantiate the client with an apiKey option.');\n`,
  }),
  node('report-wrong-key', {
    causes: ['api-key-invalid'],
    options: ['--env', 'ANTHROPIC_API_KEY=old'],
    program: `import { createServer } from 'node:http';
createServer((_request, response) => { response.writeHead(401, { 'content-type': 'application/json' }); response.end('{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}'); }).listen(9000);
const answer = await fetch('http://127.0.0.1:9000/v1/messages', { method: 'POST', body: '{}' });
console.error('anthropic said', answer.status, await answer.text());
process.exit(1);
`,
  }),
  python('report-reload', {
    causes: ['config-watcher-loop'],
    files: { 'conf.json': '{"port": 1}' },
    program: `import json, os, sys, time
print("watching /app/conf.json", flush=True)
before = os.stat("/app/conf.json").st_mtime_ns
with open("/app/conf.json", "w") as file:
    json.dump({"port": 1, "started": time.time()}, file)
if os.stat("/app/conf.json").st_mtime_ns != before:
    print("configuration file changed on disk, restarting to apply it", flush=True)
    sys.exit(0)
`,
  }),
];

const files: readonly Recipe[] = [
  python('report-permission', {
    causes: ['permission-denied'],
    options: ['--volume', 'STATE:/data', '--user', '1000'],
    program: `print("opening /data/state.db", flush=True)\nopen("/data/state.db", "w")\n`,
  }),
  shell('report-read-only', {
    causes: ['read-only-filesystem'],
    options: ['--volume', 'STATE:/data:ro'],
    script: `set -e; echo 'preparing /data'; touch /data/ready; echo ready; sleep 100`,
  }),
  shell('report-no-space', {
    causes: ['disk-full'],
    options: ['--tmpfs', '/cache:size=2m'],
    script: `set -e; echo 'unpacking models into /cache'; dd if=/dev/zero of=/cache/model.bin bs=1M count=5; sleep 100`,
  }),
  python('report-open-files', {
    causes: ['file-descriptors'],
    options: ['--ulimit', 'nofile=48:48'],
    program: `print("accepting connections", flush=True)\nkept = [open("/etc/passwd") for _ in range(200)]\n`,
  }),
  shell('report-fork', {
    causes: ['pids-limit'],
    options: ['--pids-limit', '8'],
    script: `echo 'spawning workers'; for n in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 50 & done; wait`,
  }),
  python('report-database', {
    causes: ['database-broken'],
    files: { 'state.db': 'SQLite format 3\u0000 not a page '.repeat(300) },
    program: `import sqlite3\nconnection = sqlite3.connect("/app/state.db")\nprint(connection.execute("select count(*) from sessions").fetchone())\n`,
  }),
  python('report-alembic', {
    causes: ['migration-fails'],
    program: `import sqlite3
print("INFO  [alembic.runtime.migration] Will assume non-transactional DDL.")
print("INFO  [alembic.runtime.migration] Running upgrade 4f1c2d -> 9b7e3a, add owner to runs", flush=True)
sqlite3.connect("/tmp/x.db").execute("alter table runs add column owner text")
`,
  }),
  python('report-model-path', {
    causes: ['model-file-missing'],
    options: ['--env', 'MODEL_FILE=/models/mistral-7b/model.safetensors'],
    program: `import os\npath = os.environ["MODEL_FILE"]\nprint("loading", path, flush=True)\nopen(path, "rb")\n`,
  }),
  python('report-model-checksum', {
    causes: ['model-file-damaged'],
    files: { 'whisper.bin': 'half a model' },
    program: `import hashlib
found = hashlib.sha256(open("/app/whisper.bin", "rb").read()).hexdigest()
raise RuntimeError("Model has been downloaded but the SHA256 checksum does not match. Please retry loading the model.")
`,
  }),
];

const around: readonly Recipe[] = [
  python('report-port', {
    causes: ['port-in-use'],
    options: ['--network', 'container:BESIDE'],
    beside: [{ name: 'first', image: 'busybox', options: [], command: ['sh', '-c', 'exec httpd -f -p 8000 -h /tmp'] }],
    program: `import http.server\nprint("binding 0.0.0.0:8000", flush=True)\nhttp.server.HTTPServer(("0.0.0.0", 8000), http.server.SimpleHTTPRequestHandler).serve_forever()\n`,
  }),
  python('report-refused', {
    causes: ['dependency-down'],
    program: `import socket\nprint("connecting to postgres on 127.0.0.1:5432", flush=True)\nsocket.create_connection(("127.0.0.1", 5432))\n`,
  }),
  python('report-resolver', {
    causes: ['dns'],
    options: ['--dns', '127.0.0.99'],
    program: `import urllib.request\nurllib.request.urlopen("https://api.anthropic.com/v1/models")\n`,
  }),
  node('report-self-signed', {
    causes: ['tls-or-clock'],
    files: { 'cert.pem': makeExpiredCertificate },
    program: `import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
const [key, cert] = ['key.pem', 'cert.pem'].map((name) => readFileSync('/app/' + name));
createServer({ key, cert }).listen(9443, async () => { await fetch('https://127.0.0.1:9443/'); });
`,
  }),
  node('report-no-route', {
    causes: ['firewall'],
    options: ['--cap-add', 'NET_ADMIN'],
    program: `import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
execFileSync('ip', ['route', 'add', 'unreachable', '198.51.100.0/24']);
console.log('opening the tunnel to 198.51.100.7:443');
connect(443, '198.51.100.7');
`,
  }),
  python('report-outage', {
    causes: ['upstream-outage'],
    program: `import http.server, threading, urllib.request
class Overloaded(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(503)
threading.Thread(target=http.server.HTTPServer(("127.0.0.1", 9000), Overloaded).serve_forever, daemon=True).start()
print("listing the models of the provider", flush=True)
urllib.request.urlopen("http://127.0.0.1:9000/v1/models")
`,
  }),
  node('report-probe-path', {
    causes: ['probe-wrong'],
    options: checkOptions('wget -q -O /dev/null http://127.0.0.1:3000/healthz'),
    program: serve(3000),
    lives: 0,
    during: async ({ name, docker, until }) => {
      await until(({ State }) => State.Health?.Status === 'unhealthy');
      docker('restart', '--time', '2', name);
      await until(({ State }) => State.Health?.Status === 'unhealthy');
    },
  }),
  python('report-slow-start', {
    causes: ['start-too-slow'],
    options: checkOptions('wget -q -O /dev/null http://127.0.0.1:8000/'),
    program: `import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
for shard in range(1, 30):
    print(f"Loading checkpoint shards: {shard}/29", flush=True)
    time.sleep(1)
`,
    lives: 0,
    during: async ({ name, docker, until }) => {
      for (let each = 0; each < 3; each += 1) {
        await until(({ State }) => State.Health?.Status === 'unhealthy');
        docker('restart', '--time', '2', name);
      }
      await until(({ State }) => State.Health?.Status === 'unhealthy');
    },
  }),
  node('report-busy', {
    causes: ['event-loop-blocked'],
    options: ['--cpu-shares', '20000', ...checkOptions('wget -q -O /dev/null http://127.0.0.1:3000/health')],
    program: `${serve(3000)}setTimeout(() => { console.log('sorting 4 million rows'); for (;;) Array.from({ length: 1e5 }, Math.random).sort(); }, 1500);\n`,
    lives: 0,
    during: ({ until }) => until(({ State }) => State.Health?.Status === 'unhealthy'),
  }),
  node('report-killed-at-intervals', {
    causes: ['watchdog-fights'],
    program: serve(3000),
    lives: 0,
    during: async ({ name, docker, pause, until }) => {
      for (let each = 0; each < 4; each += 1) {
        await pause(7000);
        docker('kill', name);
        docker('start', name);
        await until(({ State }) => State.Running);
      }
    },
  }),
  node('report-no-handler', {
    causes: ['ignores-sigterm'],
    program: `console.log('queue worker up');\nsetInterval(() => {}, 1000);\n`,
    lives: 0,
    during: async ({ name, docker, untilLogged, pause }) => {
      await untilLogged('queue worker up');
      docker('restart', '--time', '2', name);
      await pause(4000);
      docker('restart', '--time', '2', name);
    },
    note: 'Node as process 1 without a handler of its own.',
  }),
];

const starts: readonly Recipe[] = [
  python('report-import', { causes: ['module-missing'], program: `import numpy as np\nprint(np.zeros(3))\n` }),
  shell('report-command-not-found', { causes: ['entrypoint-missing'], script: `exec gatewayd --port 18789` }),
  node('report-flag', {
    causes: ['bad-node-flag'],
    options: ['--env', 'NODE_OPTIONS=--enable-sourcemaps'],
    program: `console.log('up');\n`,
  }),
  node('report-old-node', {
    causes: ['node-too-old'],
    image: 'old-node',
    program: `const byOwner = Object.groupBy([{ owner: 'a' }], ({ owner }) => owner);\nconsole.log(byOwner);\n`,
  }),
  node('report-rejection', {
    causes: ['unhandled-rejection'],
    files: {
      'node_modules/queue/index.mjs': `export async function poll() { await null; throw new RangeError('batch of 0 items'); }\n`,
      'node_modules/queue/package.json': '{"name":"queue","exports":"./index.mjs"}',
    },
    program: `import { poll } from 'queue';\nconsole.log('queue consumer up');\nsetTimeout(() => void poll(), 300);\n`,
  }),
  node('report-extension', {
    causes: ['plugin-crash'],
    files: { 'extensions/matrix/dist/index.cjs': `exports.activate = (host) => host.rooms.map((room) => room.id);\n` },
    program: `import { createRequire } from 'node:module';
const load = createRequire(import.meta.url);
console.log('activating extension matrix');
load('./extensions/matrix/dist/index.cjs').activate({});
`,
  }),
  shell('report-background', {
    causes: ['process-finishes'],
    script: `sleep 100 & echo "server started in the background, pid $!"`,
  }),
  python('report-segfault', {
    causes: ['segmentation-fault'],
    program: `import ctypes\nprint("decoding", flush=True)\nctypes.string_at(0)\n`,
  }),
  python('report-python', {
    causes: ['python-traceback'],
    program: `def mean(values):\n    return sum(values) / len(values)\n\nprint("scoring", flush=True)\nprint(mean([]))\n`,
  }),
];

const mixed: readonly Recipe[] = [
  python('report-mixed-traceback-before-memory', {
    causes: ['limit-too-small'],
    options: ['--memory', '48m', '--memory-swap', '48m'],
    program: `import traceback
try:
    open("/etc/optional.toml")
except OSError:
    traceback.print_exc()
print("no optional settings, going on", flush=True)
rows = [bytes(1024 * 256) + str(n).encode() for n in range(4000)]
`,
  }),
  node('report-mixed-retries', {
    causes: ['dependency-down'],
    program: `import { connect } from 'node:net';
const attempt = () => new Promise((resolve) => connect(6379, '127.0.0.1').on('error', resolve));
for (let n = 1; n <= 5; n += 1) console.warn(JSON.stringify({ level: 40, msg: 'redis not ready, trying again', attempt: n, err: (await attempt()).message }));
console.error(JSON.stringify({ level: 60, msg: 'giving up on redis', err: (await attempt()).message }));
process.exit(1);
`,
  }),
  node('report-mixed-log-file', {
    causes: ['module-missing'],
    program: `console.warn("cannot write /var/log/app.log: EACCES: permission denied, logging to stdout instead");\nawait import('pg');\n`,
  }),
  node('report-mixed-other-port', {
    causes: ['probe-wrong'],
    options: checkOptions('wget -q -O /dev/null http://127.0.0.1:8080/health'),
    program: `console.warn('port 8080: EADDRINUSE in the sandbox, taking 8081');\n${serve(8081)}console.log('listening on 8081');\n`,
    lives: 0,
    during: async ({ name, docker, until }) => {
      await until(({ State }) => State.Health?.Status === 'unhealthy');
      docker('restart', '--time', '2', name);
      await until(({ State }) => State.Health?.Status === 'unhealthy');
    },
  }),
  node('report-mixed-plugin-setting', {
    causes: ['setting-missing', 'plugin-crash'],
    files: {
      'plugins/slack/index.mjs': `export function register() { if (!process.env.SLACK_CHANNEL) throw new Error('SLACK_CHANNEL is not set'); }\n`,
    },
    program: `console.log('loading plugin slack');\nconst { register } = await import('./plugins/slack/index.mjs');\nregister();\n`,
  }),
  shell('report-mixed-old-words', {
    causes: ['config-invalid'],
    script: `echo 'last shutdown: OOMKilled, exit code 137'; echo 'disk: 41 GB free'; echo 'error: failed to parse config /etc/app/app.yaml: yaml: line 12: did not find expected key' >&2; exit 1`,
  }),
  node('report-mixed-lock-and-port', {
    causes: ['port-in-use'],
    options: ['--network', 'container:BESIDE'],
    beside: [{ name: 'first', image: 'busybox', options: [], command: ['sh', '-c', 'exec httpd -f -p 8080 -h /tmp'] }],
    program: `import { createServer } from 'node:http';
console.log('removed a stale lock of pid 812, which is gone');
console.log('migrations: 14 of 14 are applied');
createServer().listen(8080);
`,
  }),
  python('report-mixed-dns-then-key', {
    causes: ['setting-missing'],
    options: ['--dns', '127.0.0.99'],
    program: `import os, socket, sys
try:
    socket.getaddrinfo("telemetry.example.org", 443)
except OSError as error:
    print("telemetry is off:", error, flush=True)
if "BUCKET_NAME" not in os.environ:
    sys.exit("BUCKET_NAME must be set")
`,
  }),
  shell('report-mixed-lock-after-full', {
    causes: ['stale-lock', 'disk-full'],
    options: ['--tmpfs', '/cache:size=1m', '--volume', 'STATE:/state'],
    script: `if [ -e /state/lock ]; then echo "fatal: lock file /state/lock is held by another process (pid 1)"; exit 1; fi; echo 1 > /state/lock; dd if=/dev/zero of=/cache/x bs=1M count=4; exit 1`,
    lives: 3,
  }),
  node('report-well-after-noise', {
    causes: [],
    options: checkOptions('wget -q -O /dev/null http://127.0.0.1:3000/health'),
    program: `console.error('Error: connect ECONNREFUSED 127.0.0.1:4317 (telemetry)');\nconsole.error('fatal: no such plugin, ignored');\n${serve(3000)}`,
    lives: 0,
    during: ({ until }) => until(({ State }) => State.Health?.Status === 'healthy'),
  }),
  node('report-mixed-slow-and-upstream', {
    causes: ['probe-depends-on-outside'],
    options: checkOptions('wget -q -O - http://127.0.0.1:3000/health || { cat /tmp/reason 2>/dev/null; exit 1; }'),
    program: `import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
process.on('SIGTERM', () => process.exit(0));
createServer(async (_request, response) => {
  try { await fetch('http://127.0.0.1:11434/api/tags'); response.end('ok'); } catch (error) {
    writeFileSync('/tmp/reason', 'not healthy: ollama at http://127.0.0.1:11434 does not answer: ' + error.cause.message + '\\n'); response.writeHead(503); response.end();
  }
}).listen(3000, () => console.log('listening on 3000'));
`,
    lives: 0,
    during: async ({ name, docker, until }) => {
      await until(({ State }) => State.Health?.Status === 'unhealthy');
      docker('restart', '--time', '2', name);
      await until(({ State }) => State.Health?.Status === 'unhealthy');
    },
  }),
];

export const report: readonly Recipe[] = [...memory, ...settings, ...files, ...around, ...starts, ...mixed];
