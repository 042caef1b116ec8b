/** Whether the deployment runs, listens where it should, and answers those who ask how it is. */
import type { ContainerFacts, DeployCheck, OutsideFacts } from './contract.ts';
import { cannotTell, fails, passes, reportOf, troubleIn, withoutReport } from './judgement.ts';

/** A container that lives for longer has left the loop that its count tells of. */
const settledMs = 10 * 60_000;
const loopCount = 3;

export const runningCheck: DeployCheck = {
  name: 'running',
  title: 'it runs, and is not started again and again',
  examine(inspection) {
    const { container, atMs } = inspection;
    if (container) return judgeLife(container, atMs);
    const report = reportOf(inspection);
    if (!report) return inspection.outside ? judgeAnswer(inspection.outside) : withoutReport(inspection);
    const trouble = troubleIn(report, 'process');
    return trouble ? fails(trouble.message, trouble.remedy ?? 'openclaw doctor') : passes('a gateway holds the state directory');
  },
};

function judgeLife(container: ContainerFacts, atMs: number): ReturnType<DeployCheck['examine']> {
  const { name, status, exitCode, oomKilled, restartCount, startedAt } = container;
  const why = `docker logs --tail 50 ${name}; openclaw doctor container ${name}`;
  if (status !== 'running') {
    const reason = oomKilled ? ', killed for its memory' : '';
    return fails(`it is ${status}, last ended with ${exitCode}${reason}, restarted ${restartCount} times`, why);
  }
  const upMs = atMs - Date.parse(startedAt);
  const seconds = Math.max(0, Math.round(upMs / 1000));
  if (restartCount >= loopCount && upMs < settledMs) return fails(`restarted ${restartCount} times, up for ${seconds} s`, why);
  return passes(`up for ${seconds} s, restarted ${restartCount} times`);
}

function judgeAnswer({ url, probes }: OutsideFacts): ReturnType<DeployCheck['examine']> {
  const alive = probes['/healthz'];
  if (alive?.status === 200) return passes(`${url}/healthz answers 200; restarts are not seen from here`);
  return fails(`${url}/healthz: ${alive?.words ?? 'not asked'}`, 'Look at its log where it runs: it says why it does not start.');
}

export const listeningCheck: DeployCheck = {
  name: 'listening',
  title: 'it listens where it is looked for',
  examine(inspection) {
    const { container, outside } = inspection;
    const report = reportOf(inspection);
    const bind = report && (troubleIn(report, 'bind') ?? troubleIn(report, 'port'));
    if (bind) return fails(bind.message, bind.remedy ?? "Set gateway.bind to 'lan'.");
    if (container && container.published.length === 0) {
      return cannotTell(
        'no port of it is published: it is reached from its own Docker networks alone',
        `docker run -p 127.0.0.1:18789:18789 …`,
      );
    }
    if (!outside && report && troubleIn(report, 'process')?.severity === 'bad') return cannotTell('it does not run');
    if (!outside) return report ? passes(valueOf(report.facts, 'bind')) : withoutReport(inspection);
    const reached = Object.values(outside.probes).some(({ status }) => status !== undefined);
    if (reached) return passes(`${outside.url} answers${report ? `; inside: ${valueOf(report.facts, 'bind')}` : ''}`);
    const words = outside.probes['/healthz']?.words ?? 'no answer';
    return fails(
      `${outside.url}: ${words}`,
      'In order: the log (does it start?), `ss -ltn` where it runs (does the port listen, and not on 127.0.0.1 alone?), then ports, firewall and security group.',
    );
  },
};

function valueOf(facts: readonly { readonly name: string; readonly value: string }[], name: string): string {
  return facts.find((fact) => fact.name === name)?.value ?? '';
}

export const probesCheck: DeployCheck = {
  name: 'probes',
  title: 'the probes of the platform pass by themselves',
  examine(inspection) {
    const { container, outside } = inspection;
    const health = container?.health;
    if (health !== undefined && health !== 'healthy') {
      const remedy = `docker inspect --format '{{json .State.Health.Log}}' ${container?.name ?? ''}`;
      return fails(`its health check says ${health}`, remedy);
    }
    if (outside) {
      const wrong = Object.entries(outside.probes).filter(([, { status }]) => status !== 200);
      const seen = Object.entries(outside.probes).map(([path, { words }]) => `${path} ${words}`);
      const evidence = [...(health === undefined ? [] : [`its health check says ${health}`]), ...seen].join(', ');
      if (wrong.length === 0) return passes(evidence);
      return fails(
        evidence,
        'With the token /readyz says which of its checks is not well; `openclaw doctor` where it runs says what mends it.',
      );
    }
    const report = reportOf(inspection);
    if (!report) return withoutReport(inspection);
    const trouble = troubleIn(report, 'probes');
    return trouble?.severity === 'bad'
      ? fails(trouble.message, trouble.remedy ?? 'openclaw doctor')
      : passes(valueOf(report.facts, 'healthy'));
  },
};

export const credentialCheck: DeployCheck = {
  name: 'credential',
  title: 'the credential is taken',
  examine(inspection) {
    const { outside } = inspection;
    if (outside?.credential) {
      const { isTaken, from, words } = outside.credential;
      return isTaken
        ? passes(`that of ${from} is taken`)
        : fails(
            `that of ${from}: ${words}`,
            'Compare it with the one that the gateway was started with; behind a proxy, see whether it passes on Authorization.',
          );
    }
    const report = reportOf(inspection);
    if (!report) return cannotTell('there is none to try', 'Name it with --token, or OPENCLAW_GATEWAY_TOKEN.');
    const trouble = troubleIn(report, 'auth');
    return trouble ? fails(trouble.message, trouble.remedy ?? 'openclaw doctor') : passes('that of the configuration is taken');
  },
};
