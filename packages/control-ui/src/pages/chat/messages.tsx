/** What was said, what is being said, and how it failed. It stays at the end while one is there, and where one is otherwise. */
import { useEffect, useRef } from 'preact/hooks';
import { CopyButton } from '../../components/copy.tsx';
import { ErrorNote } from '../../components/feedback.tsx';
import { formatClock, formatTime } from '../../format.ts';
import { OpenQuestions } from '../../runs/verdicts.tsx';
import type { TimelineStep } from '../../runs/timeline.ts';
import type { ChatMessage, Conversation } from './conversation.ts';
import { AnswerCalls, RunLink } from './answer-calls.tsx';
import { MarkdownView } from './markdown-view.tsx';
import { useCalls } from './use-calls.ts';

export interface MessagesProps {
  readonly conversation: Conversation;
  readonly onEarlier: () => void;
}

/** This far from the end counts as being there. */
const nearEndPx = 120;

export function Messages({ conversation, onEarlier }: MessagesProps) {
  const { messages, turn, failure, earlierOffset } = conversation;
  const calls = useCalls(turn?.runId);
  const ofTurn = calls.of(turn?.runId) ?? [];
  useFollowing({ lastId: messages.at(-1)?.id, words: (turn?.text.length ?? 0) + shownOf(ofTurn), failed: failure !== undefined });
  return (
    <div class="messages" role="log" aria-label="Messages" aria-busy={turn !== undefined}>
      {earlierOffset !== undefined && (
        <button type="button" class="button button-small messages-earlier" onClick={onEarlier}>
          Show earlier messages
        </button>
      )}
      {messages.map((message) => (
        <Message key={message.id} message={message} calls={calls.of(message.runId) ?? message.calls} nowMs={calls.nowMs} />
      ))}
      {turn && (
        <article class="message message-assistant" aria-label="Answer that is being written">
          <AnswerCalls calls={ofTurn} nowMs={calls.nowMs} />
          {turn.text === '' ? (
            <p class="message-thinking">
              <span class="pulse" aria-hidden="true" /> <span class="note">{waitingWords(ofTurn)}</span>
            </p>
          ) : (
            <div class="message-text message-writing">
              <MarkdownView text={turn.text} />
            </div>
          )}
          <OpenQuestions runId={turn.runId} steps={ofTurn} />
          <footer class="message-foot">
            <RunLink runId={turn.runId} />
          </footer>
        </article>
      )}
      {failure && (
        <div class="message">
          <ErrorNote error={Object.assign(new Error(failure.message), { code: failure.code, hint: failure.hint })} />
          <footer class="message-foot">
            <RunLink runId={failure.runId} />
          </footer>
        </div>
      )}
    </div>
  );
}

/** Grows with what is shown of them. */
const shownOf = (calls: readonly TimelineStep[]): number =>
  calls.reduce((sum, { state }) => sum + (state === 'asking' || state === 'unknown' ? 2 : 1), 0);

function waitingWords(calls: readonly TimelineStep[]): string {
  if (calls.some(({ state }) => state === 'asking' || state === 'unknown')) return 'It waits for your word';
  return calls.some(({ state }) => state === 'running') ? 'A tool is at work' : 'Waiting for the first words';
}

interface MessageProps {
  readonly message: ChatMessage;
  readonly calls: readonly TimelineStep[];
  readonly nowMs: number;
}

function Message({ message, calls, nowMs }: MessageProps) {
  const { role, text, atMs, isIncomplete, isUnsent, runId } = message;
  const who = role === 'user' ? 'You' : 'Answer';
  return (
    <article class={`message message-${role}`} aria-label={`${who}, ${formatClock(atMs)}`}>
      {role === 'assistant' && <AnswerCalls calls={calls} nowMs={nowMs} />}
      <div class="message-text">{role === 'user' ? <p class="message-plain">{text}</p> : <MarkdownView text={text} />}</div>
      <footer class="message-foot">
        <time class="note" dateTime={new Date(atMs).toISOString()} title={formatTime(atMs)}>
          {formatClock(atMs).slice(0, 5)}
        </time>
        {isUnsent && <span class="note">not sent yet</span>}
        {isIncomplete && <span class="note">ended before all of it was said</span>}
        <CopyButton text={text} label={role === 'user' ? 'the message' : 'the answer'} />
        {role === 'assistant' && runId !== undefined && <RunLink runId={runId} />}
      </footer>
    </article>
  );
}

interface Growth {
  /** Of the newest message: earlier ones that are read later are no reason to go to the end. */
  readonly lastId: string | undefined;
  readonly words: number;
  readonly failed: boolean;
}

/** Goes to the end with each new message, and with each word while one looks at the end. */
function useFollowing({ lastId, words, failed }: Growth): void {
  const lastHeight = useRef(0);
  const toEnd = (): void => scrollTo({ top: document.documentElement.scrollHeight });
  useEffect(toEnd, [lastId, failed]);
  useEffect(() => {
    const wasNearEnd = scrollY + innerHeight >= lastHeight.current - nearEndPx;
    lastHeight.current = document.documentElement.scrollHeight;
    if (wasNearEnd) toEnd();
  }, [words]);
}
