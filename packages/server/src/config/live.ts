/**
 * Which settings hold as soon as the file is saved, and which only after a restart: the one table of it.
 * It does not apply anything: `compose/` does.
 */
import { isWithin, parsePath, type Path } from './path.ts';

/** Everything else is live, what stands below these is not; each with the reason, which the documentation gives. */
export const restartOnly: readonly { readonly path: Path; readonly reason: string }[] = [
  { path: ['telemetry'], reason: 'exporters are set up once' },
  { path: ['logging', 'format'], reason: 'lines of one log have one format' },
  { path: ['logging', 'maxFileBytes'], reason: 'the log file is open' },
  { path: ['logging', 'maxAgeMs'], reason: 'the log file is open' },
  { path: ['logging', 'maxFiles'], reason: 'the log file is open' },
  { path: ['gateway', 'limits', 'heldBodyBytes'], reason: 'what is held now was let in by it' },
  { path: ['tools'], reason: 'the built-in tools are made once' },
];

/** Those of the changed paths that hold only after a restart. A whole section that came or went counts where it has such settings. */
export function needingRestart(changed: readonly string[]): string[] {
  return changed.filter((text) => {
    const path = parsePath(text);
    return restartOnly.some(({ path: listed }) => isWithin(path, listed) || isWithin(listed, path));
  });
}
