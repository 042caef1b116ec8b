/** The file itself: its text, what is wrong with it as one types, and saving it only where nobody else did meanwhile. */
import { useEffect, useState } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { Card } from '../../components/card.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorNote, Notice } from '../../components/feedback.tsx';
import { DiffView } from '../../components/diff-view.tsx';
import { Editor } from './editor.tsx';
import { IssueList } from './status-card.tsx';
import { describeWritten, useCheck, useLeaveWarning, useSave } from './use-configuration.ts';
import type { ConfigFile, Issue } from './wire.ts';

export interface FilePartProps {
  readonly file: ConfigFile;
  readonly isReadOnly: boolean;
  /** Rescue mode that was asked for is left by saving, also what is there already. */
  readonly maySaveSame: boolean;
  readonly refresh: () => void;
}

const emptyFile = '{\n}\n';

interface FileEdits {
  readonly text: string;
  readonly setText: (text: string) => void;
  readonly isChanged: boolean;
  /** Somebody else wrote since the edits began. */
  readonly isOvertaken: boolean;
  /** Of the text that the edits began with. */
  readonly baseHash: string | undefined;
  /** Begins anew with what is there now. */
  take(): void;
  /** Goes on with the edits, over what is there now. */
  keep(): void;
  /** The edits are what is there. */
  settle(): void;
}

function useEdits(file: ConfigFile): FileEdits {
  const now = { raw: file.raw ?? emptyFile, hash: file.hash };
  const [base, setBase] = useState(now);
  const [text, setText] = useState(now.raw);
  const isChanged = text !== base.raw;
  const isOvertaken = now.hash !== base.hash;
  const take = (): void => {
    setBase(now);
    setText(now.raw);
  };
  useEffect(() => {
    if (isOvertaken && !isChanged) take();
  }, [file]);
  return {
    ...{ text, setText, isChanged, isOvertaken, take, baseHash: base.hash },
    keep: () => setBase({ raw: base.raw, hash: now.hash }),
    settle: () => setBase({ raw: text, hash: base.hash }),
  };
}

export function FilePart({ file, isReadOnly, maySaveSame, refresh }: FilePartProps) {
  const { connection, toasts } = useApp();
  const save = useSave();
  const edits = useEdits(file);
  const [issues, setIssues] = useState<readonly Issue[]>();
  const [error, setError] = useState<Error>();
  const [isBusy, setBusy] = useState(false);
  const [showsDiff, setShowsDiff] = useState(false);
  useCheck(edits.text, setIssues);
  useLeaveWarning(edits.isChanged);
  const mayWrite = !isReadOnly && connection.may('operator.admin');
  const canSave = mayWrite && !isBusy && (edits.isChanged || maySaveSame) && !(issues && issues.length > 0);
  const write = async (): Promise<void> => {
    if (!canSave) return;
    setBusy(true);
    const result = await save('config.set', { raw: edits.text, baseHash: edits.baseHash });
    setBusy(false);
    setError(result.kind === 'failed' ? result.error : undefined);
    if (result.kind === 'saved') {
      toasts.ok(describeWritten(result.written));
      edits.settle();
    }
    refresh();
  };
  const buttons = (
    <>
      <button type="button" class="button button-small" disabled={!edits.isChanged} onClick={() => setShowsDiff(true)}>
        Changes
      </button>
      <button type="button" class="button button-small" disabled={!edits.isChanged} onClick={edits.take}>
        Discard
      </button>
      <button type="button" class="button button-small button-primary" disabled={!canSave} onClick={() => void write()}>
        Save
      </button>
    </>
  );
  return (
    <Card title="File" actions={buttons}>
      <div class="stack">
        {edits.isOvertaken && edits.isChanged && <Conflict onTheirs={edits.take} onMine={edits.keep} onLook={() => setShowsDiff(true)} />}
        {error && <ErrorNote error={error} />}
        <CheckedText {...{ edits, issues, includes: file.includedPaths, isReadOnly: !mayWrite }} onSave={() => void write()} />
      </div>
      {showsDiff && (
        <Dialog kind="drawer" title="What would change" onClose={() => setShowsDiff(false)}>
          <DiffView before={file.raw ?? ''} after={edits.text} label="What would change" />
        </Dialog>
      )}
    </Card>
  );
}

interface CheckedTextProps {
  readonly edits: FileEdits;
  readonly issues: readonly Issue[] | undefined;
  readonly includes: readonly string[];
  readonly isReadOnly: boolean;
  readonly onSave: () => void;
}

function CheckedText({ edits, issues, includes, isReadOnly, onSave }: CheckedTextProps) {
  const [goTo, setGoTo] = useState<{ readonly line: number; readonly column: number }>();
  return (
    <>
      <Editor {...{ text: edits.text, goTo, isReadOnly, onSave, issues: issues ?? [] }} onInput={edits.setText} />
      <div id="editor-issues" role="status">
        {issues && issues.length > 0 ? (
          <IssueList issues={issues} onGo={({ line = 1, column = 1 }) => setGoTo({ line, column })} />
        ) : (
          <p class="note">
            {issues ? 'Nothing is wrong with it.' : 'It is checked as you type.'} Secrets show as placeholders, and stay as they are where
            those stay.
            {includes.length > 0 && ` It includes ${includes.join(', ')}.`}
          </p>
        )}
      </div>
    </>
  );
}

interface ConflictProps {
  readonly onTheirs: () => void;
  readonly onMine: () => void;
  readonly onLook: () => void;
}

export function Conflict({ onTheirs, onMine, onLook }: ConflictProps) {
  return (
    <Notice
      tone="warn"
      actions={
        <span class="row">
          <button type="button" class="button button-small" onClick={onLook}>
            Compare
          </button>
          <button type="button" class="button button-small" onClick={onTheirs}>
            Take theirs
          </button>
          <button type="button" class="button button-small" onClick={onMine}>
            Keep mine
          </button>
        </span>
      }
    >
      <p role="status">Somebody else changed the file meanwhile. Nothing of yours was written.</p>
      <p class="note">Take theirs and lose your edits, or keep yours: then saving replaces theirs.</p>
    </Notice>
  );
}
