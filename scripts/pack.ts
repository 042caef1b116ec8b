/**
 * Turns a package from the form in which it is worked on into the one that is published, and back; npm calls it around
 * `npm pack` and `npm publish`, in the folder of the package.
 *
 *     node ../../scripts/pack.ts before    builds, and lets `exports` point at dist
 *     node ../../scripts/pack.ts after     lets `exports` point at the sources again
 *     node ../../scripts/pack.ts exports   lets `exports` point at a dist that is there, as in the image
 *
 * A clone runs TypeScript as it is, but Node strips no types inside `node_modules`: so what is published has to differ.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.ts';

interface Manifest {
  readonly exports?: Readonly<Record<string, unknown>>;
}

/** `./src/index.ts` becomes its compiled form with its declarations; for a path that is published already nothing changes. */
export function publishedExports(exports: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return mapValues(exports, (target) => {
    const name = typeof target === 'string' ? /^\.\/src\/(.+)\.ts$/.exec(target)?.[1] : undefined;
    return name === undefined ? target : { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` };
  });
}

/** The reverse of `publishedExports`. */
export function developmentExports(exports: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return mapValues(exports, (target) => {
    const file = typeof target === 'object' && target !== null && 'default' in target ? target.default : undefined;
    const name = typeof file === 'string' ? /^\.\/dist\/(.+)\.js$/.exec(file)?.[1] : undefined;
    return name === undefined ? target : `./src/${name}.ts`;
  });
}

function mapValues(record: Readonly<Record<string, unknown>>, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

function rewriteExports(file: string, change: typeof publishedExports): void {
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  if (!manifest.exports) return;
  writeFileSync(file, `${JSON.stringify({ ...manifest, exports: change(manifest.exports) }, undefined, 2)}\n`);
}

if (import.meta.main) {
  const manifest = join(process.cwd(), 'package.json');
  if (process.argv[2] === 'before') {
    build();
    rewriteExports(manifest, publishedExports);
  } else if (process.argv[2] === 'after') {
    rewriteExports(manifest, developmentExports);
  } else if (process.argv[2] === 'exports') {
    rewriteExports(manifest, publishedExports);
  } else {
    throw new Error('say before, after or exports');
  }
}
