/** Containers that end for what is around them: ports, names, certificates, services that are not there. */
import { makeExpiredCertificate } from './made-files.ts';
import { node, python, shell, type Recipe } from './recipe.ts';

const upstream = (status: number, words: string): string => `import { createServer } from 'node:http';
const provider = createServer((_request, response) => { response.writeHead(${status}); response.end('${words}'); });
await new Promise((resolve) => provider.listen(9000, resolve));
`;

export const network: readonly Recipe[] = [
  node('port-in-use', {
    causes: ['port-in-use'],
    options: ['--network', 'container:BESIDE'],
    beside: [{ name: 'first', image: 'busybox', options: [], command: ['sh', '-c', 'exec httpd -f -p 8080 -h /tmp'] }],
    program: `import { createServer } from 'node:http';\ncreateServer().listen(8080, () => console.log('listening on 8080'));\n`,
  }),
  {
    ...shell('published-port-taken', { causes: ['published-port-taken'], script: 'exec sleep 1000' }),
    options: ['--publish', '127.0.0.1:38431:80'],
    beside: [{ name: 'first', image: 'busybox', options: ['--publish', '127.0.0.1:38431:80'], command: ['sleep', '1000'] }],
    lives: 0,
  },
  node('two-supervisors', {
    causes: ['two-supervisors'],
    program: `import { spawn } from 'node:child_process';
const supervise = () => {
  console.log('supervisor: starting the gateway');
  const child = spawn('node', ['gateway.mjs'], { stdio: 'inherit' });
  child.on('exit', (code) => { console.log(\`supervisor: the gateway ended with \${code}\`); if (code === 1) process.exit(1); supervise(); });
};
supervise();
`,
    files: {
      'gateway.mjs': `import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
createServer().listen(8080, () => {
  console.log(\`gateway listening on 8080 (pid \${process.pid})\`);
  setTimeout(() => {
    console.log('restart requested: spawning a new gateway process and exiting');
    spawn('node', ['gateway.mjs', 'again'], { stdio: 'inherit', detached: true }).unref();
    setTimeout(() => process.exit(0), 0);
  }, 500);
});
`,
    },
    lives: 2,
  }),
  node('dependency-down', {
    causes: ['dependency-down'],
    program: `import { connect } from 'node:net';
console.log('connecting to the database at 127.0.0.1:5432');
connect(5432, '127.0.0.1');
`,
  }),
  node('dependency-name-unknown', {
    causes: ['dependency-down'],
    options: ['--network', 'none'],
    program: `import { connect } from 'node:net';
import { lookup } from 'node:dns/promises';
console.log('connecting to redis:6379');
const socket = connect(6379, 'redis', { lookup });
socket.on('error', (error) => { console.error('Error: getaddrinfo ENOTFOUND redis'); process.exit(1); });
`,
    note: 'The answer that a resolver gives for a service that is not in the network: no such name.',
  }),
  node('dns', {
    causes: ['dns'],
    options: ['--dns', '127.0.0.53'],
    program: `console.log('fetching the list of models');
await fetch('https://api.openai.com/v1/models');
`,
  }),
  node('certificate-expired', {
    causes: ['tls-or-clock'],
    files: { 'cert.pem': makeExpiredCertificate },
    program: `import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
const [key, cert] = ['key.pem', 'cert.pem'].map((name) => readFileSync('/app/' + name));
const server = createServer({ key, cert }, (_request, response) => response.end('ok'));
server.listen(9443, () => {
  console.log('checking https://provider.internal:9443');
  request({ port: 9443, host: '127.0.0.1', servername: 'provider.internal', ca: cert }).end();
});
`,
  }),
  node('firewall', {
    causes: ['firewall'],
    options: ['--cap-add', 'NET_ADMIN'],
    program: `import { execFileSync } from 'node:child_process';
import { connect } from 'node:net';
execFileSync('ip', ['route', 'add', 'prohibit', '203.0.113.0/24']);
console.log('connecting to the vector store at 203.0.113.10:6333');
connect(6333, '203.0.113.10');
`,
    note: 'A prohibited route answers as a firewall does that rejects.',
  }),
  node('upstream-outage', {
    causes: ['upstream-outage'],
    program: `${upstream(503, '{"error":{"message":"The server is overloaded or not ready yet.","type":"server_error"}}')}console.log('asking the model gpt-4o for a first answer');
const answer = await fetch('http://127.0.0.1:9000/v1/chat/completions', { method: 'POST', body: '{}' });
if (!answer.ok) throw new Error(\`warm-up request to the model provider failed: \${answer.status} \${await answer.text()}\`);
`,
  }),
  python('python-traceback', {
    causes: ['python-traceback'],
    program: `import json


def load(path):
    settings = json.loads('{"workers": null}')
    return settings["workers"] + 1


if __name__ == "__main__":
    print("starting the inference server", flush=True)
    load("settings.json")
`,
  }),
];
