/** The field of one setting, after its kind. Empty means that it does not stand in the file. */
import { formatUnit, unitExamples } from '@openclaw/protocol';
import { useState } from 'preact/hooks';
import { inputType } from '../../components/fields.tsx';
import type { FieldState } from './form-desk.ts';
import { isList, isObject, type Json, type Setting } from './setting.ts';

export interface ControlProps {
  readonly id: string;
  readonly setting: Setting;
  readonly field: FieldState;
  readonly describedBy: string;
}

export function Control(props: ControlProps) {
  const { setting } = props;
  switch (setting.kind) {
    case 'choice':
      return <Select {...props} options={setting.options.map((value) => ({ value, text: value }))} read={(text) => text} />;
    case 'flag':
      return <Select {...props} options={flags} read={(text) => text === 'true'} />;
    case 'texts':
      return <Texts {...props} />;
    case 'secret':
      return <Secret {...props} />;
    default:
      return <Text {...props} />;
  }
}

const flags = [
  { value: 'true', text: 'yes' },
  { value: 'false', text: 'no' },
] as const;

const attributes = ({ id, field, describedBy }: ControlProps) => ({
  ...{ id, disabled: field.isReadOnly, 'aria-describedby': describedBy },
  ...(field.error === undefined ? {} : { 'aria-invalid': true }),
});

/** What holds where nothing is written, in the words of the file. */
export function presetText(setting: Setting): string | undefined {
  const { default: preset } = setting;
  if (preset === undefined || preset === null || isObject(preset)) return undefined;
  if (setting.kind === 'unit' && typeof preset === 'number') return formatUnit(preset, setting.unit);
  if (setting.kind === 'flag') return preset ? 'yes' : 'no';
  return isList(preset) ? 'none' : String(preset);
}

interface SelectProps extends ControlProps {
  readonly options: readonly { readonly value: string; readonly text: string }[];
  readonly read: (text: string) => Json;
}

function Select(props: SelectProps) {
  const { setting, field, options, read } = props;
  const value = field.value === undefined ? '' : String(field.value);
  const preset = presetText(setting);
  const isKnown = value === '' || options.some((option) => option.value === value);
  return (
    <select
      class="input"
      {...attributes(props)}
      value={value}
      onChange={({ currentTarget }) => field.change(currentTarget.value === '' ? undefined : read(currentTarget.value))}
    >
      <option value="">{preset === undefined ? 'not set' : `default: ${preset}`}</option>
      {!isKnown && <option value={value}>{value}</option>}
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.text}
        </option>
      ))}
    </select>
  );
}

function Text(props: ControlProps) {
  const { setting, field } = props;
  const preset = presetText(setting);
  const isNumber = setting.kind === 'number';
  const read = (text: string): Json | undefined => {
    if (text === '') return undefined;
    // A variable (`${PORT}`) may stand for a number, and the gateway says what is wrong with anything else.
    const number = Number(text);
    return (isNumber || setting.kind === 'unit') && text.trim() !== '' && Number.isFinite(number) ? number : text;
  };
  const shown = field.value === undefined ? '' : typeof field.value === 'string' ? field.value : JSON.stringify(field.value);
  return (
    <input
      class="input"
      {...attributes(props)}
      type="text"
      {...(isNumber ? { inputMode: 'decimal' as const } : {})}
      value={shown}
      placeholder={
        preset === undefined ? (setting.kind === 'unit' ? `such as ${unitExamples[setting.unit]}` : 'not set') : `default: ${preset}`
      }
      spellcheck={false}
      autocapitalize="off"
      autocomplete="off"
      onInput={({ currentTarget }) => field.change(read(currentTarget.value))}
    />
  );
}

function Texts(props: ControlProps) {
  const { field } = props;
  const lines = isList(field.value) ? field.value.map(String).join('\n') : '';
  const [text, setText] = useState(lines);
  // Blank lines are on their way to being something while one types.
  const kept = text.split('\n').filter((line) => line.trim() !== '');
  const shown = kept.join('\n') === lines ? text : lines;
  return (
    <textarea
      class="input texts"
      {...attributes(props)}
      rows={Math.min(8, Math.max(2, shown.split('\n').length))}
      value={shown}
      placeholder="one a line"
      spellcheck={false}
      onInput={({ currentTarget: { value } }) => {
        setText(value);
        const items = value.split('\n').filter((line) => line.trim() !== '');
        field.change(items.length === 0 ? undefined : items.map((line) => line.trim()));
      }}
    />
  );
}

const keptIn = [
  { value: 'text', label: 'in the file' },
  { value: 'env', label: 'in a variable' },
  { value: 'file', label: 'in a file of its own' },
] as const;
type KeptIn = (typeof keptIn)[number]['value'];

/** It is written and never shown: what stands there is a placeholder, or says where the secret is kept. */
function Secret(props: ControlProps) {
  const { field, id } = props;
  const reference = referenceOf(field.value);
  const [chosen, setChosen] = useState<KeptIn>();
  const place = chosen ?? reference?.place ?? 'text';
  const isHidden = typeof field.value === 'string' && isPlaceholder(field.value);
  const value =
    place === 'text' ? (typeof field.value === 'string' && !isHidden ? field.value : '') : reference?.place === place ? reference.name : '';
  const write = (text: string): void => {
    if (text === '') field.change(undefined);
    else field.change(place === 'text' ? text : { $secret: { [place]: text } });
  };
  const holds = field.value === undefined && field.inForce !== undefined;
  const hints = {
    text: isHidden ? 'set; write to replace it' : holds ? 'set elsewhere' : 'not set',
    env: 'NAME_OF_THE_VARIABLE',
    file: '/run/secrets/name',
  };
  return (
    <span class="secret">
      <select
        class="input secret-place"
        aria-label="Where the secret is kept"
        value={place}
        disabled={field.isReadOnly}
        onChange={({ currentTarget }) => setChosen(keptIn.find((each) => each.value === currentTarget.value)?.value)}
      >
        {keptIn.map((each) => (
          <option key={each.value} value={each.value}>
            {each.label}
          </option>
        ))}
      </select>
      <input
        key={`${id} ${place}`}
        class="input"
        {...attributes(props)}
        {...inputType(place === 'text' ? 'password' : 'text')}
        value={value}
        placeholder={hints[place]}
        spellcheck={false}
        autocomplete="off"
        onInput={({ currentTarget }) => write(currentTarget.value)}
      />
    </span>
  );
}

export const isPlaceholder = (text: string): boolean => /^‹secret .+›$/u.test(text) || text === '[redacted]';

function referenceOf(value: Json | undefined): { readonly place: 'env' | 'file'; readonly name: string } | undefined {
  const secret = isObject(value) ? value['$secret'] : undefined;
  if (!isObject(secret)) return undefined;
  for (const place of ['env', 'file'] as const) {
    const name = secret[place];
    if (typeof name === 'string') return { place, name };
  }
  return undefined;
}
