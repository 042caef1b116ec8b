/** A state directory for the Docker driver, on the real engine of this machine, for suites and tests. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { docker, makeNodeImage } from '../../../../test/harness/docker.ts';
import { systemClock } from '../../../core/clock.ts';
import { ownerDigest } from '../../../core/processes/mark.ts';
import type { DriverPlace } from '../driver-suite-kit.suite.ts';
import { ownerLabel } from './container.ts';
import { createDockerDriver, type DockerDriverOptions } from './index.ts';

export interface DockerPlace extends DriverPlace {
  readonly directory: string;
  /** Identities of its containers, those that run alone or all. */
  containers(which: 'running' | 'all'): readonly string[];
}

export function createDockerPlace(wish: Omit<DockerDriverOptions, 'directory' | 'clock'> = {}): DockerPlace {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'openclaw-docker-')));
  const settings = { ...wish, directory };
  const label = ownerLabel(ownerDigest(directory));
  const containers: DockerPlace['containers'] = (which) =>
    docker('ps', '--quiet', '--no-trunc', '--filter', `label=${label}`, ...(which === 'all' ? ['--all'] : []))
      .split('\n')
      .filter(Boolean);
  const volumes = (): readonly string[] => docker('volume', 'ls', '--quiet', '--filter', `label=${label}`).split('\n').filter(Boolean);
  return {
    directory,
    limits: 'kernel',
    containers,
    createDriver: () => createDockerDriver({ ...settings, clock: systemClock }),
    owner: { module: new URL('index.ts', import.meta.url).href, export: 'createDockerDriver', options: settings },
    programs: {
      image: makeNodeImage(),
      shell: ['/bin/sh', '-c'],
      node: ['/bin/node', '-e'],
      environment: { SUITE_PLACE: randomBytes(8).toString('hex') },
    },
    isAnyRunning: async () => containers('running').length > 0,
    leftovers: async () => [...containers('all'), ...volumes()],
    async outputBytes() {
      const root = docker('info', '--format', '{{.DockerRootDir}}');
      const sizes = await Promise.all(
        containers('all').map(async (id) => {
          const folder = join(root, 'containers', id);
          const files = (await readdir(folder).catch(() => [])).filter((name) => name.includes('-json.log'));
          return Promise.all(
            files.map((name) =>
              stat(join(folder, name)).then(
                ({ size }) => size,
                () => 0,
              ),
            ),
          );
        }),
      );
      return sizes.flat().reduce((sum, size) => sum + size, 0);
    },
    async remove() {
      const left = containers('all');
      if (left.length > 0) docker('rm', '--force', '--volumes', ...left);
      if (volumes().length > 0) docker('volume', 'rm', '--force', ...volumes());
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
