/** The settings as a form that is made from their schema. What differs is laid over the file, whose comments stay. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { useApp } from '../../app-context.ts';
import { Card } from '../../components/card.tsx';
import { Empty, ErrorNote, Notice, Words } from '../../components/feedback.tsx';
import { TextField } from '../../components/fields.tsx';
import { plural } from '../../format.ts';
import { countChanges, patchBetween, withValue } from './draft.ts';
import { Conflict } from './file-part.tsx';
import { FormContext, type FormDesk } from './form-desk.ts';
import { Members } from './form-fields.tsx';
import { answers, readSetting, type JsonObject, type Setting } from './setting.ts';
import { IssueList } from './status-card.tsx';
import { describeWritten, useCheck, useLeaveWarning, useSave } from './use-configuration.ts';
import { wordsOf, type ConfigFile, type Issue, type SchemaAnswer } from './wire.ts';

export interface FormPartProps {
  readonly file: ConfigFile;
  readonly schema: SchemaAnswer;
  readonly isReadOnly: boolean;
  readonly refresh: () => void;
}

export function FormPart({ file, schema, isReadOnly, refresh }: FormPartProps) {
  if (file.parsed === null) {
    return (
      <Card title="Settings">
        <Empty title="The file cannot be read">
          It is no valid JSON5, so there is nothing to fill a form with. <a href="#/configuration/file">Mend its text</a>, or go back to{' '}
          <a href="#/configuration/history">an earlier version</a>.
        </Empty>
      </Card>
    );
  }
  return <Form {...{ file, schema, isReadOnly, refresh }} parsed={file.parsed} />;
}

function Form({ file, parsed, schema, isReadOnly, refresh }: FormPartProps & { readonly parsed: JsonObject }) {
  const { connection } = useApp();
  const root = useMemo(() => readSetting(schema.schema), [schema]);
  const [base, setBase] = useState({ value: parsed, hash: file.hash });
  const [edited, setEdited] = useState(parsed);
  const [issues, setIssues] = useState<readonly Issue[]>();
  const [words, setWords] = useState('');
  const patch = patchBetween(base.value, edited);
  const isOvertaken = file.hash !== base.hash;
  const take = (): void => {
    setBase({ value: parsed, hash: file.hash });
    setEdited(parsed);
  };
  useEffect(() => {
    if (isOvertaken && !patch) take();
  }, [file]);
  // What a form can say is JSON, and JSON is JSON5.
  useCheck(patch ? JSON.stringify(edited) : undefined, setIssues);
  useLeaveWarning(patch !== undefined);
  const desk: FormDesk = {
    ...{ edited, before: base.value, inForce: file.config },
    isReadOnly: isReadOnly || !connection.may('operator.admin'),
    wrong: new Map(issues?.map((issue) => [issue.path, wordsOf(issue)])),
    change: (path, value) => setEdited((before) => withValue(before, path, value)),
  };
  const found = words.trim().toLowerCase();
  return (
    <FormContext.Provider value={desk}>
      <div class="grid config-form">
        {isOvertaken && patch && (
          <Conflict
            onTheirs={take}
            onMine={() => setBase({ value: base.value, hash: file.hash })}
            onLook={() => (location.hash = '#/configuration/history')}
          />
        )}
        <TextField label="Find a setting" type="search" value={words} onInput={setWords} placeholder="port, timeout, provider" />
        <Sections root={root} words={found} />
        <SaveBar
          {...{ patch, issues, hash: base.hash, refresh }}
          onDiscard={take}
          onSaved={() => setBase({ value: edited, hash: base.hash })}
        />
      </div>
    </FormContext.Provider>
  );
}

function Sections({ root, words }: { readonly root: Setting; readonly words: string }) {
  if (root.kind !== 'group') return null;
  const sections = Object.entries(root.members).filter(([name, section]) => answers(section, name, words));
  if (sections.length === 0) return <Empty title="No such setting">docs/config.md lists all of them.</Empty>;
  return (
    <>
      {sections.map(([name, section]) => (
        // Another key where something is looked for: what is found is open.
        <details key={`${name} ${words === ''}`} class="card config-section" open={words !== '' || name === 'gateway' || name === 'models'}>
          <summary>
            <h2>{name}</h2>
            <span class="note">
              <Words text={section.description} />
            </span>
          </summary>
          <div class="card-body">{section.kind === 'group' && <Members path={[name]} group={section} words={words} />}</div>
        </details>
      ))}
    </>
  );
}

interface SaveBarProps {
  readonly patch: JsonObject | undefined;
  readonly issues: readonly Issue[] | undefined;
  readonly hash: string | undefined;
  readonly onDiscard: () => void;
  readonly onSaved: () => void;
  readonly refresh: () => void;
}

/** It stays in sight while there is something to save. */
function SaveBar({ patch, issues = [], hash, onDiscard, onSaved, refresh }: SaveBarProps) {
  const { toasts } = useApp();
  const save = useSave();
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  useEffect(() => setError(undefined), [patch === undefined]);
  if (!patch) return null;
  const write = async (): Promise<void> => {
    setBusy(true);
    const result = await save('config.patch', { raw: JSON.stringify(patch), baseHash: hash });
    setBusy(false);
    setError(result.kind === 'failed' ? result.error : undefined);
    if (result.kind === 'saved') {
      toasts.ok(describeWritten(result.written));
      onSaved();
    }
    refresh();
  };
  return (
    <div class="save-bar" role="region" aria-label="Changes that are not saved">
      {error && <ErrorNote error={error} />}
      {issues.length > 0 && (
        <Notice tone="bad">
          <IssueList issues={issues} hasPlaces={false} />
        </Notice>
      )}
      <div class="row">
        <span class="save-count">{plural(countChanges(patch), 'change')} not saved</span>
        <button type="button" class="button" onClick={onDiscard}>
          Discard
        </button>
        <button type="button" class="button button-primary" disabled={isBusy || issues.length > 0} onClick={() => void write()}>
          Save
        </button>
      </div>
    </div>
  );
}
