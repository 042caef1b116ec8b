/** From evidence to a diagnosis: is anything broken, which causes fit best, which were thought of and are none. */
import type { Acquittal, Diagnosis, Rule, Suspicion } from './contract.ts';
import type { Evidence, Life } from './evidence.ts';
import { endedLives, seconds, uptimeMs } from './last-words.ts';

const mostCauses = 3;
/** Below it nothing is worth the time of whoever reads it at night. */
const leastWeight = 25;
/** One that has lived for so long, and much longer than those before it, has got over it. */
const settledMs = 10 * 60_000;
const settledTimes = 3;
/** Restarts that others asked for: so many of them within so long are no maintenance. */
const restlessEnds = 3;
const restlessMs = 3_600_000;

export function rank(evidence: Evidence, rules: readonly Rule[]): Diagnosis {
  const { broken, summary } = conditionOf(evidence);
  const judged = rules.map((rule) => ({ rule, verdict: rule.judge(evidence) }));
  const causes = judged
    .flatMap(({ rule: { id, title, why }, verdict }) => (isSuspicion(verdict) ? [{ ...verdict, id, title, why }] : []))
    .filter(({ weight }) => weight >= leastWeight)
    .toSorted((one, other) => other.weight - one.weight)
    .slice(0, mostCauses);
  const ruledOut = judged.flatMap(({ rule: { id, title }, verdict }) =>
    verdict !== undefined && !isSuspicion(verdict) ? [{ id, title, reason: verdict.notBecause }] : [],
  );
  const isWell = !broken && evidence.state.status === 'running';
  return { evidence, broken, summary, causes: isWell ? [] : causes, ruledOut, unseen: evidence.unseen };
}

function isSuspicion(verdict: Suspicion | Acquittal | undefined): verdict is Suspicion {
  return verdict !== undefined && 'weight' in verdict;
}

function conditionOf(evidence: Evidence): Pick<Diagnosis, 'broken' | 'summary'> {
  const { state, lives, health } = evidence;
  const last = endedLives(evidence).at(-1);
  const living = lives.at(-1);
  const ends = endsOf(evidence);
  if (state.status === 'running' || state.status === 'paused') return conditionOfRunning(evidence, living, ends);
  if (state.status === 'restarting') return { broken: true, summary: `restarts for ever: ${ends}` };
  if (state.status === 'created') {
    const why = state.error === undefined ? 'was made and never started' : 'could not be started';
    return { broken: state.error !== undefined, summary: why };
  }
  if (state.status === 'waiting')
    return { broken: true, summary: `waits${state.reason === undefined ? '' : ` (${state.reason})`}; ${ends}` };
  const code = last?.exitCode ?? state.exitCode;
  if (state.status === 'gone') return { broken: code !== 0, summary: `is gone${last === undefined ? '' : `; ${ends}`}` };
  if (state.reason === 'Evicted' || state.reason?.startsWith('Preempt') === true)
    return { broken: true, summary: `was put out by its node (${state.reason})` };
  if (state.error !== undefined && state.error !== '') return { broken: true, summary: `could not be started again; ${ends}` };
  const wasStopped = (last?.killedBy.length ?? 0) > 0 && last?.outOfMemory !== true;
  if (wasStopped && health?.status !== 'unhealthy') return { broken: false, summary: `was stopped; ${ends}` };
  if (code === 0 && last?.outOfMemory !== true) return { broken: false, summary: `has finished; ${ends}` };
  return { broken: true, summary: `has ended and is not started again; ${ends}` };
}

function conditionOfRunning(evidence: Evidence, living: Life | undefined, ends: string): Pick<Diagnosis, 'broken' | 'summary'> {
  const { health, atMs, state } = evidence;
  if (state.status === 'paused') return { broken: false, summary: 'is paused' };
  const age = living?.startedAtMs === undefined ? 0 : Math.max(0, atMs - living.startedAtMs);
  if (health?.status === 'unhealthy')
    return { broken: true, summary: `runs and is unhealthy: ${health.failingStreak} checks in a row have failed` };
  if (living?.outOfMemory === true && living.exitCode === undefined)
    return { broken: true, summary: 'runs, and the kernel has ended processes in it for their memory' };
  const restless = restlessnessOf(evidence, age);
  if (restless) return { broken: true, summary: `restarts again and again: ${ends}; this life is ${seconds(age)} old` };
  const says = health === undefined || health.status === 'none' ? '' : ` and is ${health.status}`;
  return { broken: false, summary: `is well: it has run for ${seconds(age)}${says}` };
}

function restlessnessOf(evidence: Evidence, ageMs: number): boolean {
  const ended = endedLives(evidence);
  const recent = ended.filter(({ endedAtMs }) => endedAtMs !== undefined && evidence.atMs - endedAtMs < restlessMs);
  const byItself = ended.filter(({ killedBy }) => killedBy.length === 0);
  // Its checks are what somebody acts on.
  const wasUnhealthy = evidence.events.some(({ action }) => action.startsWith('health_status: unhealthy'));
  if (wasUnhealthy && recent.length > 0 && evidence.health?.status !== 'healthy') return true;
  // The engine forgets events; what it counts it does not forget.
  if (byItself.length === 0 && evidence.restarts.count === 0) return recent.length >= restlessEnds;
  const longest = Math.max(0, ...byItself.map((life) => uptimeMs(life) ?? 0));
  return ageMs < settledMs || ageMs < settledTimes * longest;
}

/** `14 restarts; the last ones ended with exit code 1 after 0.4 s`. */
function endsOf(evidence: Evidence): string {
  const { restarts, atMs } = evidence;
  const ended = endedLives(evidence);
  const last = ended.at(-1);
  if (last === undefined) return restarts.count === 0 ? 'it has never run' : `${restarts.count} restarts`;
  const uptime = uptimeMs(last);
  const how = [
    last.exitCode === undefined ? 'in an unknown way' : `with exit code ${last.exitCode}`,
    ...(last.signal === undefined ? [] : [`(${last.signal})`]),
    ...(uptime === undefined ? [] : [`after ${seconds(uptime)}`]),
  ].join(' ');
  const when = last.endedAtMs === undefined ? '' : `, ${seconds(Math.max(0, atMs - last.endedAtMs))} ago`;
  const times = Math.max(restarts.count, ended.length - 1);
  return `${times === 0 ? 'it' : `${times} ${times === 1 ? 'restart' : 'restarts'}, and the last life`} ended ${how}${when}`;
}
