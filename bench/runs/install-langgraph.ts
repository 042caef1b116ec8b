/**
 * Installs LangGraph.js and its SQLite checkpointer into `bench/peers/langgraph/`, which git ignores. Its native module is built for the first Node on
 * the PATH that is not this one.
 *
 *     node bench/runs/install-langgraph.ts
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { peersDirectory } from '../install-peers.ts';

export const langGraphDirectory = join(peersDirectory, 'langgraph');
const dependencies = { '@langchain/langgraph': '1.4.12', '@langchain/core': '*', '@langchain/langgraph-checkpoint-sqlite': '*' };

/** Outside of any `node_modules`: the one that the system brings. */
export function langGraphNode(): string | undefined {
  const places = (process.env['PATH'] ?? '').split(delimiter).filter((place) => !place.includes('node_modules'));
  return places.map((place) => join(place, 'node')).find((node) => existsSync(node));
}

function install(): number {
  mkdirSync(langGraphDirectory, { recursive: true });
  const manifest = { name: 'openclaw-bench-langgraph', private: true, type: 'module', dependencies };
  writeFileSync(join(langGraphDirectory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  const env = {
    ...process.env,
    PATH: (process.env['PATH'] ?? '')
      .split(delimiter)
      .filter((place) => !place.includes('node_modules'))
      .join(delimiter),
  };
  const npm = (...args: readonly string[]): number =>
    spawnSync('npm', args, { cwd: langGraphDirectory, stdio: 'inherit', env }).status ?? 1;
  return npm('install', '--no-audit', '--no-fund', '--ignore-scripts') || npm('rebuild', 'better-sqlite3');
}

if (import.meta.main) process.exitCode = install();
