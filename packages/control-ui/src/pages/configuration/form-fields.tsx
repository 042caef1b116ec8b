/** The form itself: groups of settings, lists of them, and entries under names that the operator chooses. */
import { useId, useState } from 'preact/hooks';
import { Words } from '../../components/feedback.tsx';
import { Icon } from '../../components/icon.tsx';
import { Badge } from '../../components/status.tsx';
import { Control } from './controls.tsx';
import { useField, useForm, type FieldState } from './form-desk.ts';
import { answers, formatPath, isList, isMeant, isObject, type Group, type Path, type Setting } from './setting.ts';

export interface FieldProps {
  readonly path: Path;
  readonly name: string;
  readonly setting: Setting;
  /** Only settings that answer to them are shown. */
  readonly words: string;
}

export function Field(props: FieldProps) {
  const { setting } = props;
  switch (setting.kind) {
    case 'group':
      return <GroupField {...props} setting={setting} />;
    case 'record':
      return <RecordField {...props} setting={setting} />;
    case 'list':
      return <ListField {...props} setting={setting} />;
    default:
      return <LeafField {...props} />;
  }
}

export function Members({ path, group, words }: { readonly path: Path; readonly group: Group; readonly words: string }) {
  const shown = Object.entries(group.members).filter(([name, member]) => answers(member, [...path, name].join('.'), words));
  // What is one line comes before what has parts.
  const ordered = shown.toSorted(([, one], [, other]) => Number(hasParts(one)) - Number(hasParts(other)));
  return (
    <>
      {ordered.map(([name, member]) => (
        <Field
          key={name}
          path={[...path, name]}
          name={name}
          setting={member}
          // All of what was looked for by its own name is shown.
          words={isMeant(member, [...path, name].join('.'), words) ? '' : words}
        />
      ))}
    </>
  );
}

const hasParts = ({ kind }: Setting): boolean => kind === 'group' || kind === 'record' || kind === 'list';

function GroupField({ path, name, setting, words }: FieldProps & { readonly setting: Group }) {
  return (
    <fieldset class="setting-group">
      <legend>{name}</legend>
      <p class="note">
        <Words text={setting.description} />
      </p>
      <Members path={path} group={setting} words={words} />
    </fieldset>
  );
}

/** What the field itself shows already is not said again. */
const originWords = { file: 'in the file', default: '', elsewhere: 'set elsewhere', none: '' } as const;

function LeafField({ path, name, setting }: FieldProps) {
  const id = useId();
  const field = useField(path, setting);
  return (
    <div class={`setting ${field.error === undefined ? '' : 'field-wrong'} ${field.isChanged ? 'setting-changed' : ''}`}>
      <div class="setting-words">
        <label for={id} title={formatPath(path)}>
          {name}
        </label>
        <p id={`${id}-help`} class="note">
          <Words text={setting.description} />
        </p>
      </div>
      <div class="setting-control">
        <Control id={id} setting={setting} field={field} describedBy={`${id}-help ${id}-state`} />
        <p id={`${id}-state`} class="setting-state">
          {field.error !== undefined && <span class="field-error">{field.error}</span>}
          {field.isChanged && <Badge tone="info">changed</Badge>}
          <OriginWords field={field} name={name} />
        </p>
      </div>
    </div>
  );
}

function OriginWords({ field, name }: { readonly field: FieldState; readonly name: string }) {
  if (field.origin === 'file' && !field.isReadOnly) {
    return (
      <button type="button" class="link" aria-label={`Take ${name} out of the file`} onClick={() => field.change(undefined)}>
        take out of the file
      </button>
    );
  }
  const words = originWords[field.origin];
  return words === '' ? null : (
    <span class="note" title={field.origin === 'elsewhere' ? 'By a variable, a flag, or a file that is included' : undefined}>
      {words}
      {field.origin === 'elsewhere' && shownInForce(field.inForce)}
    </span>
  );
}

const shownInForce = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? `: ${value}` : '';

function RecordField({ path, name, setting, words }: FieldProps & { readonly setting: Extract<Setting, { kind: 'record' }> }) {
  const { isReadOnly } = useForm();
  const field = useField(path, setting);
  const id = useId();
  const [added, setAdded] = useState('');
  const entries = isObject(field.value) ? Object.keys(field.value).filter((key) => !key.startsWith('$')) : [];
  const canAdd = added.trim() !== '' && !entries.includes(added.trim());
  const add = (): void => {
    if (!canAdd) return;
    field.change({ ...(isObject(field.value) ? field.value : {}), [added.trim()]: setting.value.kind === 'group' ? {} : '' });
    setAdded('');
  };
  return (
    <fieldset class="setting-group">
      <legend>{name}</legend>
      <p class="note">
        <Words text={setting.description} />
      </p>
      {field.error !== undefined && <p class="field-error">{field.error}</p>}
      {entries.map((entry) => (
        <Entry key={entry} path={[...path, entry]} title={entry} setting={setting.value} words={words} />
      ))}
      {!isReadOnly && (
        <div class="setting-add">
          <label class="sr-only" for={id}>
            Name of a new entry of {name}
          </label>
          <input
            id={id}
            class="input"
            value={added}
            placeholder="name"
            spellcheck={false}
            autocapitalize="off"
            onInput={({ currentTarget }) => setAdded(currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter') return;
              event.preventDefault();
              add();
            }}
          />
          <button type="button" class="button button-small" disabled={!canAdd} onClick={add}>
            <Icon name="plus" size={14} /> Add to {name}
          </button>
        </div>
      )}
    </fieldset>
  );
}

function ListField({ path, name, setting, words }: FieldProps & { readonly setting: Extract<Setting, { kind: 'list' }> }) {
  const { isReadOnly } = useForm();
  const field = useField(path, setting);
  const items = isList(field.value) ? field.value : [];
  return (
    <fieldset class="setting-group">
      <legend>{name}</legend>
      <p class="note">
        <Words text={setting.description} />
      </p>
      {field.error !== undefined && <p class="field-error">{field.error}</p>}
      {items.map((_, index) => (
        <Entry key={index} path={[...path, index]} title={`${index + 1}.`} setting={setting.item} words={words} />
      ))}
      {!isReadOnly && (
        <div class="setting-add">
          <button type="button" class="button button-small" onClick={() => field.change([...items, {}])}>
            <Icon name="plus" size={14} /> Add to {name}
          </button>
        </div>
      )}
    </fieldset>
  );
}

interface EntryProps {
  readonly path: Path;
  readonly title: string;
  readonly setting: Setting;
  readonly words: string;
}

/** One of several, which can go as a whole. */
function Entry({ path, title, setting, words }: EntryProps) {
  const field = useField(path, setting);
  const isShort = setting.kind === 'group' && setting.shorthand !== undefined && typeof field.value === 'string';
  return (
    <div class="setting-entry">
      <p class="setting-entry-head">
        <strong>{title}</strong>
        {field.isChanged && <Badge tone="info">changed</Badge>}
        {!field.isReadOnly && (
          <button
            type="button"
            class="icon-button"
            aria-label={`Remove ${formatPath(path)}`}
            title="Remove"
            onClick={() => field.change(undefined)}
          >
            <Icon name="trash" size={16} />
          </button>
        )}
      </p>
      {field.error !== undefined && setting.kind === 'group' && <p class="field-error">{field.error}</p>}
      {isShort ? (
        <LeafField path={path} name={setting.shorthand ?? ''} setting={setting.members[setting.shorthand ?? ''] ?? setting} words={words} />
      ) : setting.kind === 'group' ? (
        <Members path={path} group={setting} words={setting.kind === 'group' ? '' : words} />
      ) : (
        <LeafField path={path} name={title} setting={setting} words={words} />
      )}
    </div>
  );
}
