/** Containers that others end: health checks that do not fit, and whoever acts on them; and one with which nothing is wrong. */
import { checkOptions } from './health-options.ts';
import { node, shell, type Recipe, type Stage } from './recipe.ts';

/** What autoheal and its kind do: restart whatever is unhealthy, or whatever is there, every so often. */
async function restartEach(stage: Stage, { times, everyMs }: { readonly times: number; readonly everyMs: number }): Promise<void> {
  for (let each = 0; each < times; each += 1) {
    await stage.pause(everyMs);
    stage.docker('restart', '--time', '2', stage.name);
  }
  await stage.until(({ State }) => State.Running);
}

async function restartUnhealthy(stage: Stage, times: number): Promise<void> {
  for (let each = 0; each < times; each += 1) {
    await stage.until(({ State }) => State.Health?.Status === 'unhealthy');
    stage.docker('restart', '--time', '2', stage.name);
  }
  await stage.until(({ State }) => State.Health?.Status === 'unhealthy');
}

const server = (port: number): string => `import { createServer } from 'node:http';
process.on('SIGTERM', () => { console.log('received SIGTERM, closing'); process.exit(0); });
createServer((_request, response) => response.end('ok')).listen(${port}, '0.0.0.0', () => console.log('listening on ${port}'));
`;

export const probes: readonly Recipe[] = [
  node('probe-wrong-port', {
    causes: ['probe-wrong'],
    options: checkOptions('wget -q -O /dev/null http://127.0.0.1:3000/healthz'),
    program: server(18789),
    lives: 0,
    during: (stage) => restartUnhealthy(stage, 2),
  }),
  node('start-too-slow', {
    causes: ['start-too-slow'],
    options: checkOptions('wget -q -O /dev/null http://127.0.0.1:8080/healthz', { startPeriod: '1s' }),
    program: `process.on('SIGTERM', () => process.exit(143));
console.log('loading embeddings: 0 of 40');
for (let part = 1; part <= 40; part += 1) { await new Promise((resolve) => setTimeout(resolve, 500)); if (part % 2 === 0) console.log(\`loading embeddings: \${part} of 40\`); }
${server(8080)}`,
    lives: 0,
    during: (stage) => restartUnhealthy(stage, 3),
  }),
  node('probe-depends-on-outside', {
    causes: ['probe-depends-on-outside'],
    options: checkOptions('wget -q -O - http://127.0.0.1:8080/healthz || { cat /tmp/why; exit 1; }'),
    program: `import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
process.on('SIGTERM', () => process.exit(0));
createServer(async (_request, response) => {
  try { await fetch('http://127.0.0.1:9999/v1/models'); response.end('ok'); } catch (error) {
    const why = \`unhealthy: upstream http://127.0.0.1:9999/v1/models: \${error.cause.message}\`;
    writeFileSync('/tmp/why', why); console.error(why); response.writeHead(503); response.end(why);
  }
}).listen(8080, () => console.log('listening on 8080'));
`,
    lives: 0,
    during: (stage) => restartUnhealthy(stage, 2),
  }),
  node('event-loop-blocked', {
    causes: ['event-loop-blocked'],
    options: ['--cpu-shares', '20000', ...checkOptions('wget -q -O /dev/null http://127.0.0.1:8080/healthz')],
    program: `import { createServer } from 'node:http';
createServer((_request, response) => response.end('ok')).listen(8080, () => {
  console.log('listening on 8080');
  setTimeout(() => { console.log('building the search index'); for (;;) Math.sqrt(Math.random()); }, 1500);
});
`,
    lives: 0,
    during: (stage) => stage.until(({ State }) => State.Health?.Status === 'unhealthy'),
  }),
  node('watchdog-fights', {
    causes: ['watchdog-fights'],
    program: server(8080),
    lives: 0,
    during: (stage) => restartEach(stage, { times: 4, everyMs: 6000 }),
    note: 'Something restarts it every six seconds, though nothing is wrong with it.',
  }),
  node('cpu-throttled', {
    causes: ['cpu-throttled'],
    options: ['--cpus', '0.1', ...checkOptions('wget -q -O /dev/null http://127.0.0.1:8080/healthz')],
    program: `import { createServer } from 'node:http';
createServer((_request, response) => { for (let each = 0; each < 3e8; each += 1) Math.sqrt(each); response.end('ok'); }).listen(8080, () => console.log('listening on 8080'));
`,
    lives: 0,
    during: (stage) => stage.until(({ State }) => State.Health?.Status === 'unhealthy'),
  }),
  {
    ...shell('stopped-by-hand', { causes: ['stopped-by-hand'], script: `echo 'worker ready'; exec sleep 1000` }),
    options: ['--restart', 'unless-stopped'],
    lives: 0,
    during: async ({ name, docker, untilLogged, until }) => {
      await untilLogged('worker ready');
      docker('kill', name);
      await until(({ State }) => !State.Running);
    },
  },
  node('well', {
    causes: [],
    options: checkOptions('wget -q -O /dev/null http://127.0.0.1:8080/healthz'),
    program: server(8080),
    lives: 0,
    during: (stage) => stage.until(({ State }) => State.Health?.Status === 'healthy'),
    note: 'Nothing is wrong.',
  }),
  shell('well-quiet', {
    causes: [],
    script: `echo 'worker ready'; exec sleep 1000`,
    lives: 0,
    during: async ({ untilLogged }) => untilLogged('worker ready'),
    note: 'Nothing is wrong, and it says little.',
  }),
];
