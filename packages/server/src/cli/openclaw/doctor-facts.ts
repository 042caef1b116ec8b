/** What the doctor needs of this machine and its configuration; loaded only when the doctor is called. */
import { locate, type Configuration } from '../../config/index.ts';
import { systemClock } from '../../core/clock.ts';
import { readEnvironment } from '../../core/env.ts';
import { findVendor, knownProviders, providersFromEnvironment } from '../../models/known-providers.ts';
import {
  applyFixes,
  diagnose,
  diagnoseSecurity,
  gatherFacts,
  type DoctorReport,
  type Facts,
  type Fixed,
  type SecurityReport,
} from '../../operations/doctor/index.ts';
import { version } from '../../version.ts';
import type { Terminal } from '../terminal.ts';

export async function diagnoseHere(terminal: Pick<Terminal, 'env'>): Promise<DoctorReport> {
  return diagnose(await factsHere(terminal));
}

export async function diagnoseSecurityHere(terminal: Pick<Terminal, 'env'>): Promise<SecurityReport> {
  return diagnoseSecurity(await factsHere(terminal));
}

export async function fixHere({ env }: Pick<Terminal, 'env'>, options: { readonly isDryRun: boolean }): Promise<readonly Fixed[]> {
  const { stateDirectory, file, envFiles } = locate(readEnvironment({ env }));
  return applyFixes({ stateDirectory, files: [file, ...envFiles], nowMs: systemClock.now() }, options);
}

function factsHere({ env }: Pick<Terminal, 'env'>): Promise<Facts> {
  return gatherFacts({
    ...{ environment: readEnvironment({ env }), version, clock: systemClock, vendors: knownProviders },
    findProviders: (configuration) => [...new Set(providersOf(configuration).map(({ provider }) => provider))],
    findAddresses: (configuration) =>
      providersOf(configuration).flatMap(({ provider, url }) => (url === undefined ? [] : [{ provider, url }])),
  });
}

interface ConfiguredProvider {
  readonly provider: string;
  readonly url: string | undefined;
}

function providersOf({ settings, environment }: Configuration): readonly ConfiguredProvider[] {
  const configured = Object.entries(settings.models.providers).map(([name, { baseUrl }]) => ({
    provider: name,
    url: baseUrl ?? findVendor(name)?.baseUrl,
  }));
  const found = providersFromEnvironment((name) => environment.lookup(name)?.value).map(({ vendor }) => ({
    provider: vendor.id,
    url: vendor.baseUrl,
  }));
  return [...configured, ...found];
}
