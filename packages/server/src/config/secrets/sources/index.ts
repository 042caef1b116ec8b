/** Every source by its kind; those beyond this machine are loaded when the first secret lies there. */
import type { SecretKind } from '@openclaw/protocol';

import type { OpenSource, SecretSource, SourceContext } from '../contract.ts';
import { openEnvironmentSource } from './env.ts';
import { openFileSource } from './file.ts';

const loaders: { readonly [Kind in SecretKind]: () => Promise<OpenSource<Kind>> } = {
  env: () => Promise.resolve(openEnvironmentSource),
  file: () => Promise.resolve(openFileSource),
  exec: async () => (await import('./exec.ts')).openExecSource,
  vault: async () => (await import('./vault.ts')).openVaultSource,
  aws: async () => (await import('./aws.ts')).openAwsSource,
  azure: async () => (await import('./azure.ts')).openAzureSource,
  google: async () => (await import('./google.ts')).openGoogleSource,
};

export async function openSource<Kind extends SecretKind>(kind: Kind, context: SourceContext): Promise<SecretSource<Kind>> {
  const open: OpenSource<Kind> = await loaders[kind]();
  return open(context);
}
