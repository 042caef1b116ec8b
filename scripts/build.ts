/**
 * Writes `dist` of all packages, for publishing; the Control UI goes with the server. From a clone nothing needs it: there the sources run as they are.
 *
 *     node scripts/build.ts
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** In this order, because the others are compiled against the declarations of the protocol. */
const packages = ['protocol', 'client', 'server'] as const;

/** Compiled away, or of use to tests alone. */
const leftOut = /\.ts$|\.fixture\.|\/fixtures$/;

export function build(): void {
  for (const name of packages) {
    const folder = join(root, 'packages', name);
    rmSync(join(folder, 'dist'), { recursive: true, force: true });
    for (const project of projectsOf(folder)) {
      execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project], { stdio: 'inherit' });
    }
    copyData(join(folder, 'src'), join(folder, 'dist'));
    cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  }
  execFileSync(process.execPath, [join(root, 'scripts/build-control-ui.js')], { stdio: 'inherit' });
  // Where the program looks for it once it is installed.
  cpSync(join(root, 'packages/control-ui/dist'), join(root, 'packages/server/dist/control-ui'), { recursive: true });
}

/** What is for Node alone is compiled apart, so that nothing else can use it by mistake. */
function projectsOf(folder: string): string[] {
  return ['tsconfig.build.json', 'tsconfig.build.node.json'].map((name) => join(folder, name)).filter((file) => existsSync(file));
}

/** What the compiler does not copy: the tables that the program reads. */
function copyData(source: string, target: string): void {
  cpSync(source, target, { recursive: true, filter: (file) => !leftOut.test(file) });
}

if (import.meta.main) build();
