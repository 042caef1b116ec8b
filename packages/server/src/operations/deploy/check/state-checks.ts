/** Whether the deployment keeps what it is: its state, its credential, and that it is the same one as before. */
import type { DoctorReport } from '../../doctor/index.ts';
import type { ContainerFacts, DeployCheck } from './contract.ts';
import { cannotTell, fails, passes, reportOf, withoutReport } from './judgement.ts';

export const storageCheck: DeployCheck = {
  name: 'storage',
  title: 'the state directory is on storage that lasts',
  examine(inspection) {
    if (inspection.container) return judgeMount(inspection.container);
    const report = reportOf(inspection);
    const fact = report?.facts.find(({ name }) => name === 'survives');
    if (!report || !fact) return withoutReport(inspection);
    const where = `${placeOf(report)}: ${fact.value}`;
    if (fact.severity === 'ok') return passes(where);
    const remedy = report.checks.find(({ name }) => name === 'state')?.findings.find((finding) => finding.remedy)?.remedy;
    return fails(where, remedy ?? 'Mount a volume there, or name a directory on one with OPENCLAW_STATE_DIR.');
  },
};

function judgeMount({ stateDirectory, mount, name }: ContainerFacts): ReturnType<DeployCheck['examine']> {
  const remedy = `Give the state a volume with a name, and bring over what is there: docker cp ${name}:${stateDirectory}/. DIRECTORY; then docker run -v openclaw-state:${stateDirectory} …`;
  if (!mount) return fails(`${stateDirectory} lies in the container's own layer, which goes with the container`, remedy);
  if (mount.type === 'tmpfs') return fails(`${stateDirectory} lies in memory`, remedy);
  if (!mount.isWritable) return fails(`${stateDirectory} is mounted read-only`, 'Mount it writable.');
  if (mount.type === 'volume' && /^[\da-f]{64}$/.test(mount.name ?? '')) {
    return fails(`${stateDirectory} is a volume without a name, which the next container does not find`, remedy);
  }
  return passes(
    mount.type === 'volume' ? `${stateDirectory} is the volume ${mount.name}` : `${stateDirectory} is ${mount.source} of the host`,
  );
}

function placeOf({ facts }: DoctorReport): string {
  return facts.find(({ name }) => name === 'stateDirectory')?.value.split(' ')[0] ?? 'the state directory';
}

export const credentialSourceCheck: DeployCheck = {
  name: 'credential-source',
  title: 'the credential can be set again from the environment or a secret',
  examine(inspection) {
    const remedy = 'Set OPENCLAW_GATEWAY_TOKEN from .env, a secret of the platform, or a file in /run/secrets.';
    const names = inspection.container?.credentialVariables ?? [];
    if (names.length > 0) return passes(`the environment of the container has ${names.join(' and ')}`);
    const fact = reportOf(inspection)?.facts.find(({ name }) => name === 'token');
    if (!fact) return inspection.container ? fails('the environment of the container has none', remedy) : withoutReport(inspection);
    if (/^environment variable|^\/run\/secrets\/|_FILE|\.env\b|the proxy in front|^none/.test(fact.value)) return passes(fact.value);
    return fails(`it comes from ${fact.value}`, `${remedy} Its present value: openclaw config get gateway.auth --show-secrets`);
  },
};

export const identityCheck: DeployCheck = {
  name: 'identity',
  title: 'it is the same gateway as before, not a new one',
  examine({ outside }) {
    if (!outside?.stateId)
      return cannotTell('it did not tell the id of its state to this command', 'Ask it by its address, with the token: --url, --token.');
    const { stateId, knownStateId, url } = outside;
    if (knownStateId === undefined) {
      return cannotTell(
        `state ${stateId} is the first that is known at ${url}`,
        'Run this again after the next restart or redeploy; where nothing is remembered of it, with --state and this id.',
      );
    }
    if (knownStateId === stateId) return passes(`state ${stateId}, as before: tokens, devices and sessions are those of before`);
    return fails(
      `it was state ${knownStateId}, and is ${stateId}: a new machine, without the tokens, devices and sessions of before`,
      'Mount the volume of before, or restore a backup.',
    );
  },
};
