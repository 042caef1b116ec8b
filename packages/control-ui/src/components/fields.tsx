/** Fields of forms: each with its label, what it means, and what is wrong with it, tied together for those who hear the page. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface FieldBase {
  readonly label: string;
  readonly help?: ComponentChildren;
  readonly error?: string | undefined;
}

export interface TextFieldProps extends FieldBase {
  readonly value: string;
  readonly onInput: (value: string) => void;
  /** @default 'text' */
  readonly type?: 'text' | 'password' | 'number' | 'datetime-local' | 'search';
  readonly placeholder?: string;
  readonly autoFocus?: boolean;
  readonly required?: boolean;
  readonly disabled?: boolean;
  /** What stands behind the value: `US$`, `a minute`. */
  readonly unit?: string;
  readonly autoComplete?: string;
}

export function TextField({ label, help, error, value, onInput, type = 'text', unit, autoFocus = false, ...rest }: TextFieldProps) {
  const id = useId();
  return (
    <Field id={id} label={label} help={help} error={error}>
      <span class="input-line">
        <input
          id={id}
          class="input"
          {...inputType(type)}
          value={value}
          spellcheck={false}
          autocapitalize="off"
          {...rest}
          {...(type === 'number' ? { min: 0, step: 'any', inputMode: 'decimal' as const } : {})}
          {...describedBy(id, { help, error })}
          ref={(element) => {
            if (autoFocus && element !== null && element.dataset['focused'] === undefined) {
              element.dataset['focused'] = '';
              element.focus();
            }
          }}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
        {unit !== undefined && <span class="unit">{unit}</span>}
      </span>
    </Field>
  );
}

export interface SelectFieldProps extends FieldBase {
  readonly value: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly onChange: (value: string) => void;
  readonly disabled?: boolean;
}

export function SelectField({ label, help, error, value, options, onChange, disabled = false }: SelectFieldProps) {
  const id = useId();
  return (
    <Field id={id} label={label} help={help} error={error}>
      <select
        id={id}
        class="input"
        value={value}
        disabled={disabled}
        {...describedBy(id, { help, error })}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </Field>
  );
}

export interface CheckFieldProps {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly help?: ComponentChildren;
  readonly disabled?: boolean;
}

export function CheckField({ label, checked, onChange, help, disabled = false }: CheckFieldProps) {
  const id = useId();
  return (
    <div class="check-field">
      <input
        id={id}
        type="checkbox"
        checked={checked}
        disabled={disabled}
        {...describedBy(id, { help })}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {help !== undefined && (
        <p id={`${id}-help`} class="note">
          {help}
        </p>
      )}
    </div>
  );
}

export interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly { readonly value: Value; readonly label: string }[];
  readonly onChange: (value: Value) => void;
}

/** A few words of which one holds, as buttons in a row. */
export function Choice<Value extends string>({ label, value, options, onChange }: ChoiceProps<Value>) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          class="choice-item"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}

/** The types of Preact tell inputs apart by this attribute, and here it is any of several. */
export const inputType = (type: TextFieldProps['type']) => ({ type }) as { readonly type: 'text' };

interface FieldProps extends FieldBase {
  readonly id: string;
  readonly children: ComponentChildren;
}

function Field({ id, label, help, error, children }: FieldProps) {
  return (
    <div class={`field ${error === undefined ? '' : 'field-wrong'}`}>
      <label for={id}>{label}</label>
      {children}
      {error !== undefined && (
        <p id={`${id}-error`} class="field-error">
          {error}
        </p>
      )}
      {help !== undefined && (
        <p id={`${id}-help`} class="note">
          {help}
        </p>
      )}
    </div>
  );
}

function describedBy(id: string, { help, error }: { readonly help?: ComponentChildren; readonly error?: string | undefined }) {
  const ids = [...(error === undefined ? [] : [`${id}-error`]), ...(help === undefined ? [] : [`${id}-help`])];
  return { ...(ids.length === 0 ? {} : { 'aria-describedby': ids.join(' ') }), ...(error === undefined ? {} : { 'aria-invalid': true }) };
}
