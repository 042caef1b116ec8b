/** What `openclaw deploy` needs of this configuration and this machine; loaded only when it is called. */
import { randomBytes } from 'node:crypto';
import { loadConfiguration, type Configuration } from '../../config/index.ts';
import { readEnvironment } from '../../core/env.ts';
import { knownProviders, providersFromEnvironment } from '../../models/index.ts';
import type { Deployment } from '../../operations/deploy/index.ts';
import { version } from '../../version.ts';
import type { DeployWishes } from './deploy.ts';
import { run } from './programs.ts';
import type { Terminal } from '../terminal.ts';

/** Longer than by default: platforms wait for as long as they are told, `docker stop` by itself for ten seconds. */
const patientDrainMs = 45_000;
const defaultPort = 18_789;

export async function describeDeployment(
  { env }: Pick<Terminal, 'env'>,
  { image, memoryMib }: DeployWishes,
): Promise<{ readonly deployment: Deployment; readonly notes: readonly string[] }> {
  const configuration = await loadConfiguration({ environment: readEnvironment({ env }), vendors: knownProviders });
  const { port, bind, drainTimeoutMs, auth } = configuration.settings.gateway;
  const pinned = await pin(image ?? `openclaw:${version}`);
  const notes = [
    ...(pinned.includes('@')
      ? []
      : [`The image is named by its tag alone, ${pinned}: it has no digest before it was pushed. Then: --image REPOSITORY@sha256:…`]),
    ...(auth.mode === 'trusted-proxy' || auth.mode === 'none'
      ? [
          `gateway.auth.mode is ${auth.mode} here. Elsewhere it starts with the token in .env; bring the configuration along to change that.`,
        ]
      : []),
  ];
  return {
    deployment: {
      ...{ version, image: pinned, memoryMib, port: port === 0 ? defaultPort : port, isOpen: bind !== 'loopback' },
      drainTimeoutMs: Math.max(drainTimeoutMs, patientDrainMs),
      stateDirectory: configuration.stateDirectory,
      ...credentialOf(configuration),
    },
    notes,
  };
}

function credentialOf({ settings, environment }: Configuration): Pick<Deployment, 'credential' | 'secrets'> {
  const { mode, token, password } = settings.gateway.auth;
  const keys = providersFromEnvironment((name) => environment.lookup(name)?.value).flatMap(({ keyVariable }) => {
    const value = keyVariable === undefined ? undefined : environment.lookup(keyVariable)?.value;
    return keyVariable === undefined || value === undefined ? [] : [[keyVariable, value] as const];
  });
  const isPassword = mode === 'password' && password !== undefined;
  const credential = isPassword ? 'OPENCLAW_GATEWAY_PASSWORD' : 'OPENCLAW_GATEWAY_TOKEN';
  // That of this configuration, so that whoever has it stays let in.
  const secret = isPassword ? password : (token ?? randomBytes(32).toString('base64url'));
  return { credential, secrets: { [credential]: secret, ...Object.fromEntries(keys) } };
}

/** By the digest that a registry gave it, where this machine has the image. */
async function pin(image: string): Promise<string> {
  if (image.includes('@')) return image;
  const answer = await run('docker', ['image', 'inspect', '--format', '{{range .RepoDigests}}{{println .}}{{end}}', image]);
  const repository = image.replace(/:[^:/]+$/, '');
  const digest = answer?.code === 0 ? answer.stdout.split('\n').find((line) => line.startsWith(`${repository}@sha256:`)) : undefined;
  return digest === undefined ? image : `${image}${digest.slice(repository.length)}`;
}
