/**
 * Calls that wait for somebody's word, as clients of the control plane know them: those of commands under `exec.approval.*`, all others under
 * `openclaw.approval.*`. They do not expire: a run waits until somebody answers or cancels it.
 */
import { createHash } from 'node:crypto';
import type { RunEvent, RunView } from '@openclaw/protocol';
import type { Hub, Method, MethodTable } from '../contract.ts';
import type { OpenApproval, RunDirectory, RunStarter } from '../run-starter.ts';
import { WireRefusal } from '../wire-refusal.ts';
import { actorOf } from './actor.ts';
import { invalid, noParams, Params } from './params.ts';
import { argumentsOf } from './turn-shapes.ts';

export interface ApprovalMethodsOptions {
  readonly turns: Pick<RunStarter, 'approvals' | 'runOfApproval'>;
  readonly runs: Pick<RunDirectory, 'resolveApproval'>;
  /** What agents may do with commands, as the configuration says now. */
  readonly commandPolicies: () => CommandPolicies;
}

type Policy = 'allow' | 'ask' | 'deny';

export interface CommandPolicies {
  /** Of an agent that says nothing of its own. */
  readonly defaults: Policy;
  /** By their ids. */
  readonly agents: Readonly<Record<string, Policy>>;
}

const decisions = ['allow-once', 'deny'] as const;
const commandTool = 'exec';
/** Clients put a date to it; a run waits for longer than any of them is open. */
const waitsMs = 365 * 24 * 60 * 60_000;

export function createApprovalMethods({ turns, runs, commandPolicies }: ApprovalMethodsOptions): MethodTable {
  const list = (wanted: (approval: OpenApproval) => boolean): Method => ({
    scope: 'operator.approvals',
    async run({ params }) {
      const read = new Params(params);
      read.passOver('agentId', 'sessionKey');
      read.end();
      return (await turns.approvals()).filter(wanted).map(approvalShape);
    },
  });
  const resolve: Method = {
    scope: 'operator.approvals',
    async run({ params, client }) {
      const read = new Params(params);
      const id = read.text('id', { limit: 200 });
      const decision = read.text('decision', { limit: 50 });
      const note = read.optionalText('note', { limit: 4000 });
      read.end();
      if (decision === 'allow-always')
        throw invalid('decision', 'can only be for once: what is always allowed is said in `agents` of the configuration');
      if (!decisions.some((known) => known === decision)) throw invalid('decision', `must be one of ${decisions.join(', ')}`);
      const runId = await turns.runOfApproval(id);
      if (runId === undefined) throw notFound(id);
      const verdict = { approved: decision === 'allow-once', by: actorOf(client.principal), ...(note === undefined ? {} : { note }) };
      await runs.resolveApproval({ runId, approvalId: id }, verdict);
      return { ok: true, id, decision };
    },
  };
  return {
    'exec.approval.list': list(isCommand),
    'openclaw.approval.list': list((approval) => !isCommand(approval)),
    'exec.approval.resolve': resolve,
    'openclaw.approval.resolve': resolve,
    'exec.approvals.get': {
      scope: 'operator.admin',
      run({ params }) {
        noParams(params);
        return policiesShape(commandPolicies());
      },
    },
  };
}

/** As clients know it from a file of its own. There is none: what is allowed is said in the configuration. */
function policiesShape({ defaults, agents }: CommandPolicies): object {
  const file = {
    version: 1,
    defaults: policyShape(defaults),
    agents: Object.fromEntries(Object.entries(agents).map(([id, policy]) => [id, policyShape(policy)])),
  };
  const hash = createHash('sha256').update(JSON.stringify(file)).digest('hex');
  return { path: null, exists: false, file, hash, resolvedDefaults: file.defaults };
}

/** Who asks waits until somebody answers, and runs nothing where nobody does. */
function policyShape(policy: Policy): object {
  const security = policy === 'deny' ? 'deny' : 'full';
  return { security, ask: policy === 'ask' ? 'always' : 'off', askFallback: 'deny', autoAllowSkills: false };
}

/** @returns ends it */
export function publishApprovals({
  turns,
  hub,
}: {
  readonly turns: Pick<RunStarter, 'observe'>;
  readonly hub: Pick<Hub, 'broadcast'>;
}): () => void {
  /** Which of them are about commands, until they are answered. */
  const commands = new Set<string>();
  const tell = (approvalId: string, what: 'requested' | 'resolved', payload: object): void =>
    hub.broadcast(`${commands.has(approvalId) ? 'exec' : 'openclaw'}.approval.${what}`, payload, { scope: 'operator.approvals' });
  return turns.observe((events, view) => {
    for (const event of events) {
      if (event.kind === 'approval.requested') {
        if (event.call.name === commandTool) commands.add(event.approvalId);
        tell(event.approvalId, 'requested', approvalShape(approvalOf(event, view)));
      } else if (event.kind === 'approval.resolved') {
        const { approvalId: id, approved, by: resolvedBy, runId, atMs: ts } = event;
        tell(id, 'resolved', { id, decision: approved ? 'allow-once' : 'deny', resolvedBy, runId, ts });
        commands.delete(id);
      }
    }
    // Nobody answers any more what a run that has ended asked.
    if (view.endedAtMs !== null) for (const event of events) if ('approvalId' in event) commands.delete(event.approvalId);
  });
}

function approvalOf(event: Extract<RunEvent, { readonly kind: 'approval.requested' }>, { sessionKey, agentId }: RunView): OpenApproval {
  const { approvalId, runId, step, call, why, atMs: askedAtMs } = event;
  return { approvalId, runId, sessionKey, agentId, step, call, why, askedAtMs };
}

function isCommand({ call }: OpenApproval): boolean {
  return call.name === commandTool;
}

function approvalShape(approval: OpenApproval): object {
  const { approvalId: id, runId, sessionKey, agentId, step, call, why, askedAtMs } = approval;
  const args = argumentsOf(call.argumentsText);
  const common = { agentId, sessionKey, runId, step, toolName: call.name, toolCallId: call.callId, args, allowedDecisions: decisions };
  const command = typeof args === 'object' && 'command' in args ? args['command'] : undefined;
  const request = isCommand(approval)
    ? { command: typeof command === 'string' ? command : call.argumentsText, host: 'gateway', ask: 'always', ...common }
    : { title: `${agentId} asks to use ${call.name}`, description: why, ...common };
  return { id, createdAtMs: askedAtMs, expiresAtMs: askedAtMs + waitsMs, request };
}

function notFound(id: string): WireRefusal {
  return new WireRefusal({
    code: 'APPROVAL_NOT_FOUND',
    message: 'unknown or expired approval id',
    details: { reason: 'APPROVAL_NOT_FOUND', id },
  });
}
