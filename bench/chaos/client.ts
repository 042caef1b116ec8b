/**
 * Agents that call a model: one request with everything that a scenario wants to know of it, and loops of agents that try again.
 *
 * They are as naive as the agents that fall over: what they do about a failure is said by `Persistence` and nothing else. They do
 * not judge.
 */
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http';
import { answerEnd } from '../script.ts';

export interface Address {
  readonly port: number;
  readonly path: string;
  readonly model: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Question {
  readonly prompt: string;
  readonly stream?: boolean;
  /** The client leaves when its answer is not there by then. */
  readonly patienceMs?: number;
  /** It leaves when this resolves. */
  readonly leaveWhen?: Promise<void>;
  readonly onPiece?: (piece: string) => void;
}

export interface Outcome {
  /** Complete, with status 200 and the words that were due. */
  readonly ok: boolean;
  /** 0 when no head came. */
  readonly status: number;
  /** Whether any output of a model arrived. */
  readonly sawOutput: boolean;
  /** `retry-after` as it came. */
  readonly retryAfter: string | undefined;
  /** `x-openclaw-attempts`; NaN where none was told. */
  readonly attempts: number;
  /** Comments between events: signs of life that are no output. */
  readonly heartbeats: number;
  readonly ms: number;
  /** Empty when `ok`. */
  readonly failure: string;
}

/** Connections are kept and not limited: the limit is what is measured. */
const connections = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

export function ask(address: Address, question: Question): Promise<Outcome> {
  const body = JSON.stringify({
    model: address.model,
    messages: [{ role: 'user', content: question.prompt }],
    ...(question.stream === true && { stream: true }),
  });
  return send(address, body, question);
}

function send(address: Address, body: string, { patienceMs = 0, leaveWhen, onPiece }: Question): Promise<Outcome> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...address.headers };
    const options = { host: '127.0.0.1', port: address.port, path: address.path, method: 'POST', headers, agent: connections };
    const request = httpRequest(options);
    let head: IncomingMessage | undefined;
    let text = '';
    const leave = (): void => void request.destroy(new Error('the client left'));
    const timer = patienceMs > 0 ? setTimeout(leave, patienceMs) : undefined;
    void leaveWhen?.then(leave);
    let over = false;
    function finish(failure: string): void {
      if (over) return;
      over = true;
      clearTimeout(timer);
      resolve(outcomeOf(head, text, { failure, ms: performance.now() - startedMs }));
    }
    request.once('response', (response) => {
      head = response;
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
        onPiece?.(piece);
      });
      response.once('end', () => finish(failureIn(response.statusCode ?? 0, text)));
      response.once('error', (error) => finish(error.message));
      response.once('close', () => finish('the connection closed before the end'));
    });
    request.once('error', (error) => finish(error.message || String((error as NodeJS.ErrnoException).code)));
    request.end(body);
  });
}

function failureIn(status: number, text: string): string {
  if (status !== 200) return `status ${status}: ${text.slice(0, 300)}`;
  const isStream = text.startsWith('data:') || text.startsWith('event:') || text.startsWith(':');
  if (!isStream) return text.includes(answerEnd) ? '' : `an answer that is none: ${text.slice(0, 200)}`;
  return text.includes('data: [DONE]') || text.includes('event: message_stop') ? '' : `a stream without its end: ${text.slice(-200)}`;
}

function outcomeOf(head: IncomingMessage | undefined, text: string, { failure, ms }: { failure: string; ms: number }): Outcome {
  const attempts = head?.headers['x-openclaw-attempts'];
  return {
    ok: failure === '',
    status: head?.statusCode ?? 0,
    sawOutput: text.includes('"content":"s') || text.includes('"text":"s'),
    retryAfter: head?.headers['retry-after'],
    attempts: Number(attempts ?? Number.NaN),
    heartbeats: text.split('\n').filter((line) => line.startsWith(':')).length,
    ms,
    failure,
  };
}

/** What an agent does about a failed step. */
export interface Persistence {
  /** Tries of one step, the first included. */
  readonly tries: number;
  /** Between two tries, whatever the answer said. */
  readonly pauseMs: number;
}

export interface AgentResult {
  /** Steps that were answered, at the first try or a later one. */
  readonly answered: number;
  /** Steps given up after the last try. */
  readonly failed: number;
  readonly outcomes: readonly Outcome[];
}

export interface AgentLoop {
  readonly agents: number;
  /** Each agent goes on until both are reached. */
  readonly steps?: number;
  readonly durationMs?: number;
  readonly persistence: Persistence;
  /** The address is the agent's own, so that each may have its key. */
  readonly addressOf: (agent: number) => Address;
  readonly question: (agent: number, step: number) => Question;
  /** Between an answer and the next step. */
  readonly thinkMs?: number;
  readonly onOutcome?: (outcome: Outcome, step: number) => unknown;
}

/** Every agent takes its next step when the last one is over. */
export function runAgents(loop: AgentLoop): Promise<AgentResult[]> {
  const endMs = performance.now() + (loop.durationMs ?? 0);
  return Promise.all(Array.from({ length: loop.agents }, (_, agent) => runAgent(loop, agent, endMs)));
}

async function runAgent(loop: AgentLoop, agent: number, endMs: number): Promise<AgentResult> {
  const outcomes: Outcome[] = [];
  let answered = 0;
  let failed = 0;
  for (let step = 0; step < (loop.steps ?? 0) || performance.now() < endMs; step += 1) {
    if (await takeStep(loop, { agent, step, outcomes })) answered += 1;
    else failed += 1;
    if (loop.thinkMs !== undefined) await rest(loop.thinkMs);
  }
  return { answered, failed, outcomes };
}

interface Step {
  readonly agent: number;
  readonly step: number;
  readonly outcomes: Outcome[];
}

async function takeStep(loop: AgentLoop, { agent, step, outcomes }: Step): Promise<boolean> {
  const { tries, pauseMs } = loop.persistence;
  for (let made = 0; made < tries; made += 1) {
    if (made > 0) await rest(pauseMs);
    const outcome = await ask(loop.addressOf(agent), loop.question(agent, step));
    outcomes.push(outcome);
    loop.onOutcome?.(outcome, step);
    if (outcome.ok) return true;
  }
  return false;
}

/** Time that a scenario takes on purpose. */
export function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
