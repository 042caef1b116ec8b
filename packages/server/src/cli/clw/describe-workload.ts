/** A workload in words: in the order of `kubectl describe pod`, so that `OOMKilled`, `Exit Code: 137` and `Last State` stand where people look. */
import {
  formatMemory,
  type ContainerSpec,
  type ContainerState,
  type ContainerStatus,
  type InstanceStatus,
  type Probe,
  type Workload,
} from '@openclaw/protocol';

export function describeWorkload({ metadata, spec, status }: Workload): string {
  const lines = new Lines();
  lines.field('Name', metadata.name);
  lines.field('Namespace', metadata.namespace);
  lines.map('Labels', metadata.labels);
  lines.map('Annotations', withoutLastApplied(metadata.annotations));
  lines.field('Created', metadata.creationTimestamp);
  if (metadata.deletionTimestamp !== undefined) lines.field('Deleted', `since ${metadata.deletionTimestamp}`);
  const phase = status?.phase ?? 'Pending';
  lines.field('Status', status?.reason === undefined || status.reason === phase ? phase : `${phase} (${status.reason})`);
  lines.field('Message', onOneLine(status?.message));
  lines.field(
    'Replicas',
    `${spec?.replicas ?? 0} desired, ${status?.replicas ?? 0} there, ${status?.updatedReplicas ?? 0} up to date, ${status?.readyReplicas ?? 0} ready`,
  );
  lines.field('Restarts', String(status?.restarts ?? 0));
  lines.field('Driver', status?.driver ?? spec?.driver);
  lines.field('Revision', status?.revision === undefined ? undefined : String(status.revision));
  lines.field('Endpoints', status?.endpoints?.map(({ address, port }) => `${address} → ${port}`).join(', '));
  lines.heading('Containers');
  for (const container of spec?.containers ?? []) describeContainer(container, lines);
  if ((status?.instances.length ?? 0) > 0) lines.heading('Instances');
  for (const instance of status?.instances ?? []) describeInstance(instance, lines);
  if ((status?.conditions.length ?? 0) > 0) lines.heading('Conditions');
  for (const { type, status: state, reason, message } of status?.conditions ?? []) {
    lines.at(1, type, `${state} ${reason}${message === '' ? '' : `: ${message}`}`);
  }
  return lines.text();
}

/** What `apply` keeps for itself is the file again, in one line. */
function withoutLastApplied(annotations: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => !name.endsWith('/last-applied-configuration')));
}

function describeContainer(container: ContainerSpec, lines: Lines): void {
  const { name, image, command, args, ports, resources, env, volumeMounts } = container;
  lines.at(1, name, '');
  lines.at(2, 'Image', image);
  lines.at(2, 'Command', [...(command ?? []), ...(args ?? [])].join(' '));
  lines.at(
    2,
    'Ports',
    ports
      ?.map(
        ({ containerPort, hostPort, name: portName }) =>
          `${containerPort}${hostPort === undefined ? '' : ` at ${hostPort}`}${portName === undefined ? '' : ` (${portName})`}`,
      )
      .join(', '),
  );
  lines.at(2, 'Limits', amounts(resources?.limits));
  lines.at(2, 'Requests', amounts(resources?.requests));
  for (const [label, probe] of [
    ['Startup', container.startupProbe],
    ['Liveness', container.livenessProbe],
    ['Readiness', container.readinessProbe],
  ] as const) {
    lines.at(2, label, probe && probeText(probe));
  }
  // Values may be secrets that somebody wrote down; names say enough.
  lines.at(2, 'Environment', env?.map(({ name: variable }) => variable).join(', '));
  lines.at(
    2,
    'Mounts',
    volumeMounts
      ?.map(({ name: volume, mountPath, readOnly }) => `${volume} at ${mountPath}${readOnly === true ? ' (read-only)' : ''}`)
      .join(', '),
  );
}

function amounts(resources: { readonly memory?: string; readonly cpu?: string } | undefined): string | undefined {
  return (
    resources &&
    Object.entries(resources)
      .map(([name, amount]) => `${name} ${amount}`)
      .join(', ')
  );
}

function probeText({ exec, httpGet, tcpSocket, periodSeconds = 10, failureThreshold = 3 }: Probe): string {
  const what = exec
    ? `exec ${exec.command.join(' ')}`
    : httpGet
      ? `http-get ${httpGet.path} on ${httpGet.port}`
      : `tcp ${tcpSocket?.port ?? ''}`;
  return `${what}, every ${periodSeconds} s, fails after ${failureThreshold}`;
}

function describeInstance(
  { id, node, phase, ready, revision, startedAt, restarts, memory, containers }: InstanceStatus,
  lines: Lines,
): void {
  lines.at(1, id, '');
  lines.at(2, 'Status', `${phase}${ready ? ', ready' : ''}`);
  lines.at(2, 'Node', node);
  lines.at(2, 'Revision', String(revision));
  lines.at(2, 'Started', startedAt);
  lines.at(2, 'Restarts', String(restarts));
  lines.at(
    2,
    'Memory',
    memory &&
      `${formatMemory(memory.current)}${memory.limit === undefined ? '' : ` / ${formatMemory(memory.limit)}`}, at most ${formatMemory(memory.peak)}`,
  );
  for (const container of containers) describeState(container, lines);
}

function describeState({ name, state, lastState, restarts }: ContainerStatus, lines: Lines): void {
  lines.at(2, name, `${restarts} restarts`);
  stateLines('State', state, lines);
  if (lastState) stateLines('Last State', lastState, lines);
}

function stateLines(label: string, { waiting, running, terminated }: ContainerState, lines: Lines): void {
  if (running) {
    lines.at(3, label, 'Running');
    lines.at(4, 'Started', running.startedAt);
  } else if (waiting) {
    lines.at(3, label, 'Waiting');
    lines.at(4, 'Reason', waiting.reason);
    lines.at(4, 'Message', waiting.message);
  } else if (terminated) {
    lines.at(3, label, 'Terminated');
    lines.at(4, 'Reason', terminated.reason);
    lines.at(4, 'Exit Code', String(terminated.exitCode));
    lines.at(4, 'Signal', terminated.signal);
    lines.at(4, 'Started', terminated.startedAt);
    lines.at(4, 'Finished', terminated.finishedAt);
    lines.at(4, 'Message', onOneLine(terminated.message));
  }
}

/** Last words of programs have several lines. */
function onOneLine(text: string | undefined): string | undefined {
  return text?.trim().replaceAll(/\s*\n\s*/g, ' | ');
}

/** Labels and values in two columns, deeper ones further in; a value that is not there has no line. */
class Lines {
  readonly #lines: string[] = [];

  field(label: string, value: string | undefined): void {
    this.at(0, label, value);
  }

  map(label: string, values: Readonly<Record<string, string>> = {}): void {
    for (const [index, [name, value]] of Object.entries(values).entries()) this.at(0, index === 0 ? label : '', `${name}=${value}`);
  }

  heading(label: string): void {
    this.#lines.push(`${label}:`);
  }

  at(depth: number, label: string, value: string | undefined): void {
    if (value === undefined || (value === '' && depth !== 1)) return;
    const head = `${'  '.repeat(depth)}${label === '' ? '' : `${label}:`}`;
    this.#lines.push(`${head.padEnd(depth === 0 ? 14 : depth * 2 + 14)}${value}`.trimEnd().replaceAll(/\p{Cc}/gu, '?'));
  }

  text(): string {
    return `${this.#lines.join('\n')}\n`;
  }
}
