/** What the fields of the form share: the values in the file and in force, what is wrong with them, and how one is changed. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { originOf, valueAt, type Origin } from './draft.ts';
import { formatPath, type Json, type JsonObject, type Path, type Setting } from './setting.ts';

export interface FormDesk {
  /** As it is to stand in the file. */
  readonly edited: JsonObject;
  /** As it stands in the file. */
  readonly before: JsonObject;
  readonly inForce: JsonObject;
  /** By path: what is wrong there. */
  readonly wrong: ReadonlyMap<string, string>;
  readonly isReadOnly: boolean;
  /** Undefined takes it out of the file. */
  change(path: Path, value: Json | undefined): void;
}

export const FormContext = createContext<FormDesk | undefined>(undefined);

export interface FieldState {
  /** In the file, with the edits. */
  readonly value: Json | undefined;
  /** What holds now, where the file says nothing. */
  readonly inForce: Json | undefined;
  readonly origin: Origin;
  readonly isChanged: boolean;
  readonly error: string | undefined;
  readonly isReadOnly: boolean;
  change(value: Json | undefined): void;
}

export function useForm(): FormDesk {
  const desk = useContext(FormContext);
  if (!desk) throw new Error('there is no form around this field');
  return desk;
}

export function useField(path: Path, setting: Setting): FieldState {
  const { edited, before, inForce, wrong, isReadOnly, change } = useForm();
  const value = valueAt(edited, path);
  const holds = valueAt(inForce, path);
  return {
    ...{ value, inForce: holds, isReadOnly },
    origin: originOf({ inFile: value, inForce: holds, preset: setting.default }),
    isChanged: JSON.stringify(value) !== JSON.stringify(valueAt(before, path)),
    error: wrong.get(formatPath(path)),
    change: (next) => change(path, next),
  };
}
