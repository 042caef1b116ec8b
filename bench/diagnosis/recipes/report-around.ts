/** More containers of the half that is kept for the report: what is around them, and mixtures. */
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

export const reportAround: readonly Recipe[] = [...around, ...mixed];
