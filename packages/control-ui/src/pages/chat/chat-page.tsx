/** Talking to models: conversations at the side, and the one that is open. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { Dialog } from '../../components/dialog.tsx';
import { Empty, ErrorNote, Waiting } from '../../components/feedback.tsx';
import { Icon } from '../../components/icon.tsx';
import type { Page, PageProps } from '../page.ts';
import { Composer } from './composer.tsx';
import { Messages } from './messages.tsx';
import { createOutbox, type Outbox } from './outbox.ts';
import { SessionList } from './session-list.tsx';
import { SessionTools } from './session-tools.tsx';
import { labelFor, mainSession, nameOf, newSessionKey } from './sessions.ts';
import { randomId, useDesk, useModels, useSessions } from './use-chat.ts';
import './chat.css';

export const chatPage: Page = { id: 'chat', title: 'Chat', icon: 'chat', group: 'Use', shortcut: 'c', View: ChatPage };

function ChatPage({ route }: PageProps) {
  const { go } = useApp();
  const [sessionKey = mainSession] = route.rest;
  const outbox = useMemo(() => createOutbox(), []);
  const sessions = useSessions();
  const [listIsOpen, setListOpen] = useState(false);
  useEffect(() => setListOpen(false), [sessionKey]);
  const list = <SessionList live={sessions} openKey={sessionKey} onNew={() => go(['chat', newSessionKey(randomId().slice(0, 8))])} />;
  return (
    <div class="chat">
      <h1 class="sr-only">Chat</h1>
      <aside class="chat-side">{list}</aside>
      <OpenConversation
        key={sessionKey}
        sessionKey={sessionKey}
        outbox={outbox}
        label={sessions.value?.find(({ key }) => key === sessionKey)?.label}
        onList={() => setListOpen(true)}
      />
      {listIsOpen && (
        <Dialog title="Conversations" kind="drawer" onClose={() => setListOpen(false)}>
          {list}
        </Dialog>
      )}
    </div>
  );
}

interface OpenConversationProps {
  readonly sessionKey: string;
  readonly outbox: Outbox;
  readonly label: string | undefined;
  readonly onList: () => void;
}

function OpenConversation({ sessionKey, outbox, label, onList }: OpenConversationProps) {
  const { connection, toasts, go } = useApp();
  const models = useModels();
  const desk = useDesk(sessionKey, outbox);
  const conversation = desk.conversation.value;
  const problem = desk.problem.value;
  const isAnswering = conversation.turn !== undefined;
  const name = nameOf({ key: sessionKey, ...(label === undefined ? {} : { label }) });
  const stop = (): void => {
    desk.abort().catch((error: unknown) => toasts.failed('The answer was not stopped', error));
  };
  useEscape(isAnswering ? stop : undefined);
  const send = async (text: string): Promise<void> => {
    const named = conversation.messages.length === 0 ? labelFor({ key: sessionKey, label, message: text }) : undefined;
    await desk.send(text);
    // A conversation without a name is no failure to tell of.
    if (named !== undefined) await connection.request('sessions.patch', { key: sessionKey, label: named }).catch(() => undefined);
  };
  const mayWrite = connection.may('operator.write');
  return (
    <section class="chat-main" aria-label={name}>
      <header class="chat-head">
        <button type="button" class="icon-button chat-list-button" aria-label="Conversations" onClick={onList}>
          <Icon name="chat" />
        </button>
        <h2>{name}</h2>
        <SessionTools
          {...{ sessionKey, name, models, model: conversation.model, defaultModel: conversation.defaultModel }}
          onChanged={(how) => (how === 'gone' ? go(['chat']) : void desk.load())}
        />
      </header>
      {problem && <ErrorNote error={problem} onRetry={() => void desk.load()} />}
      {!conversation.isLoaded && !problem ? (
        <Waiting lines={5} />
      ) : conversation.messages.length === 0 && !conversation.failure && !isAnswering ? (
        <FirstWords model={conversation.model ?? conversation.defaultModel} onSend={(text) => void send(text)} />
      ) : (
        <Messages
          conversation={conversation}
          onEarlier={() => {
            desk.loadEarlier().catch((error: unknown) => toasts.failed('Earlier messages were not read', error));
          }}
        />
      )}
      <Composer
        {...{ sessionKey, outbox, isAnswering }}
        closedBecause={mayWrite ? undefined : 'This device may read conversations, and not take part in them.'}
        onSend={(text) => void send(text)}
        onStop={stop}
      />
    </section>
  );
}

/** Escape reaches the page where nothing above it takes it. */
function useEscape(action: (() => void) | undefined): void {
  useEffect(() => {
    if (!action) return undefined;
    const leaving = new AbortController();
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && !event.defaultPrevented && document.querySelector('dialog[open]') === null) action();
    };
    document.addEventListener('keydown', onKey, { signal: leaving.signal });
    return () => leaving.abort();
  }, [action]);
}

const rehearsal = 'openclaw/rehearsal';
const script = 'say Here is a list:\nwait 300ms\nsay - one\nsay - two, with `code`';

function FirstWords({ model, onSend }: { readonly model: string | undefined; readonly onSend: (text: string) => void }) {
  return (
    <div class="chat-first">
      <Empty title="Nothing said yet">
        {model === rehearsal ? (
          <>
            <p>
              No provider is configured, so the <code>{rehearsal}</code> answers. It is no language model: it follows a script that you
              write, one step a line.
            </p>
            <button type="button" class="button" onClick={() => onSend(script)}>
              Try a script
            </button>
          </>
        ) : (
          <p>
            Write something below; <code>{model}</code> answers.
          </p>
        )}
      </Empty>
    </div>
  );
}
