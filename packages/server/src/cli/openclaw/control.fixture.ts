/** Runs a command against a gateway in memory that answers as a test says, for tests. */
import { Command } from 'commander';
import type { HelloOk } from '@openclaw/protocol';
import { OpenClawError } from '../../core/errors.ts';
import type { ControlCommandContext, ControlSession, Need } from './control.ts';
import type { GatewayTarget } from '../gateway-target.ts';

export interface ControlFixture {
  /** Answers by the names of methods; what throws is what the gateway refuses. */
  readonly answers: Record<string, (params: unknown) => unknown>;
  /** In place of a connection. */
  refusal: OpenClawError | undefined;
  readonly needs: Need[];
  readonly calls: { readonly method: string; readonly params: unknown }[];
  run(words: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string; readonly code: number }>;
}

export const localTarget: GatewayTarget = {
  url: 'ws://127.0.0.1:18789',
  from: 'the gateway on /state',
  auth: { token: 'secret' },
  credentialFrom: '/state/credentials/gateway-token',
  isOwn: true,
  isLoopback: true,
  certificate: undefined,
  problem: undefined,
};

const hello: HelloOk = {
  type: 'hello-ok',
  protocol: 4,
  server: { version: '0.1.0', connId: 'connection-1' },
  features: { methods: [], events: [] },
  snapshot: { presence: [], health: {}, stateVersion: { presence: 0, health: 0 }, uptimeMs: 61_000, stateId: 'state-1' },
  auth: { method: 'token', role: 'operator', scopes: ['operator.read', 'operator.pairing'] },
  policy: { maxPayload: 1000, maxBufferedBytes: 1000, tickIntervalMs: 30_000 },
};

export function refused(code: string): OpenClawError {
  const details = { url: localTarget.url, code, reason: 'no', suggestion: 'Try something else.' };
  return new OpenClawError('control_refused', { details });
}

export function createControlFixture(register: (program: Command, context: ControlCommandContext) => void): ControlFixture {
  const fixture: ControlFixture = {
    answers: {},
    refusal: undefined,
    needs: [],
    calls: [],
    async run(words) {
      let stdout = '';
      let stderr = '';
      let code = 0;
      const program = new Command('openclaw').exitOverride();
      const session: ControlSession = {
        target: localTarget,
        hello,
        async request<Payload>(method: string, params: unknown) {
          fixture.calls.push({ method, params });
          const answer = fixture.answers[method];
          if (!answer) throw refused('INVALID_REQUEST');
          return (await answer(params)) as Payload;
        },
      };
      register(program, {
        io: { stdout: { write: (text) => (stdout += text) }, stderr: { write: (text) => (stderr += text) }, env: {} },
        connect: (need, use) => {
          fixture.needs.push(need);
          return fixture.refusal ? Promise.reject(fixture.refusal) : use(session);
        },
        setExitCode: (wanted) => (code = wanted),
      });
      try {
        await program.parseAsync(words, { from: 'user' });
      } catch (thrown) {
        if (!(thrown instanceof OpenClawError)) throw thrown;
        stderr += thrown.message;
        code ||= 1;
      }
      return { stdout, stderr, code };
    },
  };
  return fixture;
}
