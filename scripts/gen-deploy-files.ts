/**
 * The files in `deploy/` that `openclaw deploy` would write for a gateway that nobody has configured yet, and the dashboards. `gen-docs.ts` writes them.
 *
 * The Dockerfile, the chart and the rules of Prometheus are written by hand.
 */
import type { Deployment } from '../packages/server/src/operations/deploy/index.ts';
import { findTarget } from '../packages/server/src/operations/deploy/index.ts';
import { version } from '../packages/server/src/version.ts';
import { dashboards, renderDashboard } from './grafana-dashboards.ts';

const plain: Deployment = {
  version,
  image: `openclaw:${version}`,
  port: 18_789,
  isOpen: false,
  memoryMib: 1024,
  drainTimeoutMs: 45_000,
  stateDirectory: '/var/lib/openclaw',
  credential: 'OPENCLAW_GATEWAY_TOKEN',
  secrets: { OPENCLAW_GATEWAY_TOKEN: '' },
};

const folders: Readonly<Record<string, string>> = {
  docker: 'compose',
  systemd: 'systemd',
  kubernetes: 'kubernetes',
  ecs: 'ecs',
  'cloud-run': 'cloud-run',
  unraid: 'unraid',
};

/** By their paths. */
export function renderDeployFiles(): Readonly<Record<string, () => string>> {
  const written = Object.entries(folders).flatMap(([name, folder]) =>
    (findTarget(name)?.files(plain) ?? []).flatMap(({ path, text, isSecret = false }) => {
      // One example of a `.env` is enough, and it is without the secret.
      if (isSecret && name !== 'docker') return [];
      return [[`deploy/${folder}/${path}${isSecret ? '.example' : ''}`, () => text] as const];
    }),
  );
  const drawn = dashboards.map((dashboard) => [`deploy/grafana/${dashboard.uid}.json`, () => renderDashboard(dashboard)] as const);
  return Object.fromEntries([...written, ...drawn]);
}
