/**
 * Installs the programs that the bench compares with into `bench/peers/`, which git ignores.
 *
 * They are not dependencies of OpenClaw: nothing of ours imports them, and the bench runs without them.
 *
 *     node bench/install-peers.ts
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const peersDirectory = join(import.meta.dirname, 'peers');

/** Exact versions, so that two tables can be compared. Fastify is for `http-server.ts` alone. */
const peers = { '@portkey-ai/gateway': '1.15.2', fastify: '5.12.8' } as const;

/**
 * In later releases (1.14.4, 1.19.1 and 1.19.19 were tried) `Response` keeps the frozen headers of what `fetch` returned, and Portkey
 * 1.15.2 answers every streamed request with 500 ("TypeError: immutable"). With this one the peer can do its work.
 */
const overrides = { '@hono/node-server': '1.13.8' } as const;

function installPeers(): number {
  mkdirSync(peersDirectory, { recursive: true });
  const manifest = { name: 'openclaw-bench-peers', private: true, dependencies: peers, overrides };
  writeFileSync(join(peersDirectory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  // --ignore-scripts: a peer has no business running code at installation; none of these needs it.
  const npm = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: peersDirectory, stdio: 'inherit' });
  return npm.status ?? 1;
}

if (import.meta.main) process.exitCode = installPeers();
