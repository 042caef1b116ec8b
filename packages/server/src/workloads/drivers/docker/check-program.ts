/**
 * Looks whether the program that a plan names is in its container, before that is started.
 *
 * The first process of a container is a small one that reaps and passes signals on. It starts whatever there is, and that the program is missing would look like an end with the
 * code 127 of one that had run.
 */
import { posix } from 'node:path';
import { OpenClawError } from '../../../core/errors.ts';
import type { UnitPlan } from '../driver.ts';
import type { Inspected } from './container.ts';
import { type Engine, isMissing } from '../../../docker-engine/engine.ts';

/** @throws OpenClawError `workload_cannot_run` */
export async function checkProgram(engine: Engine, containerId: string, { id, command }: UnitPlan): Promise<void> {
  const [program] = command;
  // What the image itself starts is its maker's to know.
  if (program === undefined) return;
  const candidates = program.startsWith('/') ? [program] : await candidatesOf(engine, containerId, program);
  for (const path of candidates) if (await isThere(engine, containerId, path)) return;
  const where = program.includes('/') ? '' : ` in ${candidates.map((path) => posix.dirname(path)).join(':')}`;
  throw new OpenClawError('workload_cannot_run', {
    details: { container: id.container, workload: id.instance, reason: `there is no program ${program}${where} of its image` },
  });
}

async function candidatesOf(engine: Engine, containerId: string, program: string): Promise<readonly string[]> {
  const { Config } = (await engine.json({ method: 'GET', path: `/containers/${containerId}/json` })) as Inspected;
  if (program.includes('/')) return [posix.resolve('/', Config.WorkingDir ?? '/', program)];
  const path =
    Config.Env?.find((variable) => variable.startsWith('PATH='))?.slice('PATH='.length) ??
    '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return path.split(':').map((directory) => posix.resolve('/', directory, program));
}

async function isThere(engine: Engine, containerId: string, path: string): Promise<boolean> {
  try {
    await engine.json({ method: 'HEAD', path: `/containers/${containerId}/archive`, query: { path } });
    return true;
  } catch (thrown) {
    if (isMissing(thrown)) return false;
    throw thrown;
  }
}
