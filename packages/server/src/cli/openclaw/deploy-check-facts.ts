/** What `openclaw deploy check` goes by: the doctor's report from where the gateway runs, Docker's word on the container, and answers to this machine. */
import { controlUrl } from '@openclaw/client/control/socket';
import { systemClock } from '../../core/clock.ts';
import { OpenClawError } from '../../core/errors.ts';
import type { DoctorReport } from '../../operations/doctor/index.ts';
import { ask } from '../../operations/doctor/ask.ts';
import {
  checkDeployment,
  readContainer,
  type ContainerFacts,
  type DeployReport,
  type OutsideFacts,
} from '../../operations/deploy/check/index.ts';
import { openClientDirectory } from '../client-directory.ts';
import type { Terminal } from '../terminal.ts';
import { createConnect } from './control.ts';
import type { CheckWishes } from './deploy-check.ts';
import { createKnownGateways } from './known-gateways.ts';
import { run } from './programs.ts';

export async function checkHere(wishes: CheckWishes, terminal: Terminal): Promise<DeployReport> {
  const atMs = systemClock.now();
  if (wishes.container !== undefined) return checkContainer(wishes.container, wishes, { terminal, atMs });
  if (wishes.url !== undefined) {
    const outside = await lookFromOutside(wishes.url, wishes, { terminal, from: '--token' });
    const inside = 'it is seen from inside alone: run this where the gateway runs, or with --container';
    return checkDeployment({ deployment: outside.url, atMs, inside, container: undefined, outside });
  }
  const { diagnoseHere } = await import('./doctor-facts.ts');
  const inside = await diagnoseHere(terminal);
  return checkDeployment({ deployment: 'the gateway of this machine', atMs, inside, container: undefined, outside: undefined });
}

interface Surroundings {
  readonly terminal: Terminal;
  readonly atMs: number;
}

async function checkContainer(name: string, wishes: CheckWishes, { terminal, atMs }: Surroundings): Promise<DeployReport> {
  const found = await inspect(name);
  const { facts, credential } = found;
  const url = wishes.url ?? found.url;
  const flags =
    wishes.token !== undefined || credential === undefined
      ? wishes
      : { ...wishes, ...(credential.variable.endsWith('TOKEN') ? { token: credential.value } : { password: credential.value }) };
  const outside =
    facts.status !== 'running' || url === undefined
      ? undefined
      : await lookFromOutside(url, flags, {
          terminal,
          from: wishes.token === undefined ? (credential?.variable ?? 'this command') : '--token',
        });
  const inside = facts.status === 'running' ? await reportInside(facts) : `the container is ${facts.status}`;
  return checkDeployment({ deployment: `container ${facts.name} (${facts.image})`, atMs, inside, container: facts, outside });
}

/** @throws OpenClawError `command_refused` where there is no such container, or no Docker */
async function inspect(name: string): Promise<NonNullable<ReturnType<typeof readContainer>>> {
  const answer = await run('docker', ['container', 'inspect', '--', name]);
  const list: unknown = answer?.code === 0 ? JSON.parse(answer.stdout) : [];
  const found = readContainer(Array.isArray(list) ? list[0] : undefined);
  if (found) return found;
  const reason = answer === undefined ? 'there is no docker on this machine' : `Docker shows no container ${name}`;
  throw new OpenClawError('command_refused', {
    details: { reason, suggestion: '`docker ps --all` lists them; from elsewhere use --url.' },
  });
}

async function reportInside({ name }: ContainerFacts): Promise<DoctorReport | string> {
  const answer = await run('docker', ['exec', name, 'openclaw', 'doctor', '-o', 'json']);
  try {
    return JSON.parse(answer?.stdout ?? '') as DoctorReport;
  } catch {
    // Another image, or a container that ended just now: then what Docker says has to do.
    return 'there is no `openclaw doctor` in the container';
  }
}

const probePaths = ['/healthz', '/startupz', '/readyz'] as const;

interface Asking {
  readonly terminal: Terminal;
  /** Where the credential comes from. */
  readonly from: string;
}

async function lookFromOutside(address: string, wishes: CheckWishes, { terminal, from }: Asking): Promise<OutsideFacts> {
  const url = address.replace(/^ws/, 'http').replace(/\/+$/, '');
  const probes: Record<string, { status: number | undefined; words: string }> = {};
  for (const path of probePaths) {
    const answer = await ask({ url, path });
    probes[path] =
      answer.status === undefined ? { status: undefined, words: answer.reason } : { status: answer.status, words: String(answer.status) };
  }
  return { url, probes, ...(await meet(controlUrl(url), wishes, { terminal, from })) };
}

/** Connects as any client does, for what it says of itself, and for whether the credential is taken. */
async function meet(url: string, wishes: CheckWishes, { terminal, from }: Asking): Promise<Omit<OutsideFacts, 'url' | 'probes'>> {
  const known = createKnownGateways(openClientDirectory(terminal.env));
  const before = known.at(url);
  // A report is all that this prints.
  const silent = { ...terminal, stderr: { write: () => true } };
  const hasCredential = wishes.token !== undefined || wishes.password !== undefined || variableOf(terminal) !== undefined;
  const source = wishes.token === undefined && wishes.password === undefined ? (variableOf(terminal) ?? from) : from;
  const told = (isTaken: boolean, words: string): OutsideFacts['credential'] =>
    hasCredential ? { isTaken, from: source, words } : undefined;
  try {
    const need = { flags: { ...wishes, url }, scopes: ['operator.read'] as const, takesLess: true };
    const stateId = await createConnect(silent)(need, ({ hello }) => Promise.resolve(hello.snapshot.stateId));
    return { credential: told(true, 'taken'), stateId, knownStateId: expected(wishes, before, stateId) };
  } catch (thrown) {
    if (!(thrown instanceof OpenClawError)) throw thrown;
    const { found } = thrown.details;
    const stateId = typeof found === 'string' ? found : undefined;
    const isReached = thrown.code !== 'gateway_unreachable' && thrown.code !== 'gateway_not_ready';
    return { credential: isReached ? told(false, thrown.message) : undefined, stateId, knownStateId: expected(wishes, before, stateId) };
  } finally {
    // To look at another state is not to accept it: it is another one the next time too.
    known.remember(url, before);
  }
}

function expected({ state }: CheckWishes, before: string | undefined, found: string | undefined): string | undefined {
  if (state === undefined) return before;
  return found?.startsWith(state) === true ? found : state;
}

function variableOf({ env }: Terminal): string | undefined {
  return ['OPENCLAW_GATEWAY_TOKEN', 'OPENCLAW_GATEWAY_PASSWORD'].find((name) => (env[name] ?? '') !== '');
}
