/**
 * The checklist for a gateway in trouble, answered from what is measured: status codes, the process, connections, durations,
 * retries, prompts, in this order. Each finding has its numbers and one line that says what to do.
 *
 * It measures nothing itself: see the watches beside it and `statistics.ts`.
 */
import {
  trafficChecks,
  type CallerFigures,
  type Severity,
  type TrafficCheck,
  type TrafficFinding,
  type TrafficReport,
  type Warning,
} from '@openclaw/protocol';
import type { ProcessLoad } from '../../core/process-load.ts';
import type { CallerConnections } from './connection-watch.ts';
import { quantileMs } from './histogram.ts';
import type { LargePrompt } from './prompt-watch.ts';
import type { HastyCaller } from './retry-watch.ts';
import type { RecentTarget } from './statistics.ts';
import { warningLimits } from './warnings.ts';

/** All of the last five minutes, but for connections, which are of the last half hour. */
export interface TrafficEvidence {
  readonly at: string;
  readonly callers: readonly CallerFigures[];
  readonly targets: readonly RecentTarget[];
  readonly process: ProcessLoad;
  readonly connections: readonly CallerConnections[];
  readonly retries: readonly HastyCaller[];
  readonly prompts: readonly LargePrompt[];
  readonly warnings: readonly Warning[];
}

type Finding = Omit<TrafficFinding, 'check'>;

export function createTrafficReport(evidence: TrafficEvidence): TrafficReport {
  const { at, warnings } = evidence;
  return { at, warnings, findings: trafficChecks.flatMap((check) => judge(check, evidence)) };
}

const judges: Readonly<Record<TrafficCheck, (evidence: TrafficEvidence) => Finding[]>> = {
  status: ({ callers }) => callers.flatMap(judgeStatus),
  process: ({ process }) => judgeProcess(process),
  connections: ({ connections }) => connections.flatMap(judgeConnections),
  durations: ({ targets }) => targets.flatMap(judgeDurations),
  retries: ({ retries }) => retries.flatMap(judgeRetries),
  prompts: ({ prompts }) => prompts.slice(0, shownPrompts).flatMap(judgePrompt),
};

/** The largest: a hundred conversations of one agent say the same. */
const shownPrompts = 5;

function judge(check: TrafficCheck, evidence: TrafficEvidence): TrafficFinding[] {
  const findings = judges[check](evidence);
  const shown = findings.length > 0 ? findings : [allWell(check, evidence)];
  return shown.map((finding) => ({ check, ...finding }));
}

function allWell(check: TrafficCheck, evidence: TrafficEvidence): Finding {
  const sum = (read: (caller: CallerFigures) => number): number => evidence.callers.reduce((total, caller) => total + read(caller), 0);
  const words: Readonly<Record<TrafficCheck, () => [string, Record<string, number>]>> = {
    status: () => ['Few or no requests were refused.', { requests: sum(({ requests }) => requests), failed: sum(({ failed }) => failed) }],
    process: () => ['The gateway has processor time and memory to spare.', loadEvidence(evidence.process)],
    connections: () => [
      'No caller opens ever more connections.',
      { open: evidence.connections.reduce((total, { open }) => total + open, 0) },
    ],
    durations: () => ['No target takes longer and longer.', { targets: evidence.targets.length }],
    retries: () => [
      'Callers that tried again waited first.',
      { waited: evidence.retries.reduce((total, { patient }) => total + patient, 0) },
    ],
    prompts: () => ['No conversation swells.', { largestTokens: evidence.prompts[0]?.inputTokens ?? 0 }],
  };
  const [message, numbers] = words[check]();
  return { code: `${check}_ok`, severity: 'ok', subject: 'gateway', message, evidence: numbers, remedy: '' };
}

/** Fewer requests say little about a caller. */
const minimumRequests = 5;

function judgeStatus(caller: CallerFigures): Finding[] {
  const { requests, rateLimited, refused, failed, cancelled } = caller;
  const judged = requests - cancelled;
  if (judged < minimumRequests) return [];
  const broken = failed - rateLimited - refused;
  const finding = (
    code: string,
    count: number,
    words: { limits: readonly [number, number]; message: string; remedy: string },
  ): Finding[] => {
    const percent = (100 * count) / judged;
    const severity = severityOf(percent, words.limits);
    const evidence = { count, requests: judged, percent: rounded(percent), ...caller.errors };
    return severity === 'ok'
      ? []
      : [{ code, severity, subject: caller.caller, message: `${count} of ${judged} ${words.message}`, evidence, remedy: words.remedy }];
  };
  return [
    ...finding('rate_limited', rateLimited, {
      limits: [5, 30],
      message: 'requests were answered with 429.',
      remedy: 'Send less at once, raise the limit of the key, or add a target to the route; obey Retry-After.',
    }),
    ...finding('server_errors', broken, {
      limits: [5, 25],
      message: 'requests failed at a provider or in the gateway (5xx).',
      remedy: 'See `openclaw models status` for the target that fails, and give the route a second one.',
    }),
    ...finding('bad_requests', refused, {
      limits: [10, 50],
      message: 'requests were refused as they were (4xx).',
      remedy: 'Correct the request; trying it again unchanged cannot help. `openclaw trace REQUEST_ID` has the words.',
    }),
  ];
}

/** A start is busy, and so is any moment. */
const steadyMs = 10_000;

function judgeProcess(load: ProcessLoad): Finding[] {
  const evidence = loadEvidence(load);
  const findings: Finding[] = [];
  const busy = load.elapsedMs < steadyMs ? 'ok' : severityOf(evidence.loopPercent, [80, 95]);
  if (busy !== 'ok') {
    const message = `The event loop worked ${evidence.loopPercent} % of the time; every request waits for it.`;
    const remedy = 'Send fewer requests at once, or run a second gateway on another machine.';
    findings.push({ code: 'processor_full', severity: busy, subject: 'gateway', message, evidence, remedy });
  }
  const full = severityOf(evidence.memoryPercent, [75, 90]);
  if (full !== 'ok') {
    const message = `The gateway holds ${evidence.memoryPercent} % of the memory that it may have.`;
    const remedy = 'Raise the memory limit, or lower models.queue.maxWaiting and gateway.limits.bodyBytes.';
    findings.push({ code: 'memory_full', severity: full, subject: 'gateway', message, evidence, remedy });
  }
  return findings;
}

function loadEvidence({ loopShare, cpuShare, residentBytes, limitBytes }: ProcessLoad) {
  return {
    loopPercent: rounded(100 * loopShare),
    cpuPercent: rounded(100 * cpuShare),
    memoryPercent: rounded((100 * residentBytes) / limitBytes),
    residentMib: Math.round(residentBytes / 2 ** 20),
    limitMib: Math.round(limitBytes / 2 ** 20),
  };
}

const leakMs = 300_000;
/** A client that grows its pool to this is busy, not leaking. */
const leakConnections = 20;
const manyConnections = 200;

function judgeConnections({ caller, open, before, growingMs }: CallerConnections): Finding[] {
  if (growingMs < leakMs || open < leakConnections || open < 2 * before) return [];
  const minutes = Math.round(growingMs / 60_000);
  return [
    {
      code: 'connections_grow',
      severity: open >= manyConnections ? 'bad' : 'warn',
      subject: caller,
      message: `Open connections went from ${before} to ${open} in ${minutes} minutes and never fell.`,
      evidence: { open, before, minutes },
      remedy: 'Make one client and share it, read every answer to its end, and close clients that are no longer needed.',
    },
  ];
}

function judgeDurations({ target, key, recent, hourBefore }: RecentTarget): Finding[] {
  const { minimumRequests: few, minimumBaseline, slowRiseMs, slowFactor } = warningLimits;
  if (recent.completed < few || !recent.total) return [];
  const before = hourBefore();
  if (before.completed < minimumBaseline || !before.total) return [];
  const nowMs = quantileMs(recent.total, 0.95) ?? 0;
  const beforeMs = quantileMs(before.total, 0.95) ?? 0;
  const severity = nowMs - beforeMs < slowRiseMs ? 'ok' : severityOf(nowMs / beforeMs, [1.5, slowFactor]);
  if (severity === 'ok') return [];
  return [
    {
      code: 'durations_rise',
      severity,
      subject: `${target} (key ${key})`,
      message: `p95 is ${Math.round(nowMs)} ms in the last five minutes; in the hour before it was ${Math.round(beforeMs)} ms.`,
      evidence: { p95Ms: Math.round(nowMs), hourBeforeP95Ms: Math.round(beforeMs), requests: recent.requests },
      remedy: 'Lower the load on this target, give the route another one, or turn hedging on.',
    },
  ];
}

function judgeRetries({ caller, ignoredRetryAfter, withoutBackOff, patient }: HastyCaller): Finding[] {
  const evidence = { ignoredRetryAfter, withoutBackOff, patient };
  const findings: Finding[] = [];
  const ignoring = severityOf(ignoredRetryAfter, [3, 10]);
  if (ignoring !== 'ok') {
    const message = `${ignoredRetryAfter} requests came again before the Retry-After of their refusal had passed.`;
    const remedy = 'Wait as long as Retry-After says; @openclaw/client and the official SDKs do.';
    findings.push({ code: 'retry_after_ignored', severity: ignoring, subject: caller, message, evidence, remedy });
  }
  const hasty = severityOf(withoutBackOff, [3, 10]);
  if (hasty !== 'ok') {
    const message = `${withoutBackOff} requests came again at once after they had failed.`;
    const remedy = 'Back off exponentially with jitter, from half a second; the gateway has already tried other targets.';
    findings.push({ code: 'retries_without_back_off', severity: hasty, subject: caller, message, evidence, remedy });
  }
  return findings;
}

const largeTokens = 50_000;
const hugeTokens = 100_000;
/** Of which each was larger: fewer may be chance. */
const swellingRises = 3;

function judgePrompt({ caller, session, model, inputTokens, rises, firstTokens, contextWindow }: LargePrompt): Finding[] {
  const subject = session === undefined ? caller : `${caller}, session ${session}`;
  const windowPercent = contextWindow ? rounded((100 * inputTokens) / contextWindow) : 0;
  const evidence = { inputTokens, rises, firstTokens, windowPercent };
  const remedy = 'Summarise or drop old turns, or keep a sliding window of them; a stable prefix can come from the prompt cache.';
  const findings: Finding[] = [];
  const swelling = rises < swellingRises ? 'ok' : severityOf(inputTokens, [largeTokens, hugeTokens]);
  if (swelling !== 'ok') {
    const message = `The input grew from ${firstTokens} to ${inputTokens} tokens over ${rises + 1} requests.`;
    findings.push({ code: 'prompts_swell', severity: swelling, subject, message, evidence, remedy });
  }
  const filling = severityOf(windowPercent, [80, 95]);
  if (filling !== 'ok') {
    const message = `${inputTokens} tokens are ${windowPercent} % of what ${model} takes.`;
    findings.push({ code: 'context_window_full', severity: filling, subject, message, evidence, remedy });
  }
  return findings;
}

function severityOf(value: number, [warn, bad]: readonly [number, number]): Severity {
  if (value >= bad) return 'bad';
  return value >= warn ? 'warn' : 'ok';
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
