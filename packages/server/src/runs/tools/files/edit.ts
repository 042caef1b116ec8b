/**
 * The tool `edit`: replaces a piece of a text file by another one, exactly. No patterns, no guessing at white space.
 *
 * It must not be done twice (`a` to `aa`), but whether it was done can mostly be seen in the file.
 */
import type { JsonObject } from '../../../core/json.ts';
import type { OneAtATime } from '../../one-at-a-time.ts';
import type { Tool, ToolCall, ToolResult } from '../contract.ts';
import { answering, ToolFault } from '../fault.ts';
import { namesOf } from './confined.ts';
import { openPlace, readText, removeLeftover, replaceText, textFileLimitBytes } from './text-file.ts';

export interface Edit {
  readonly oldText: string;
  readonly newText: string;
  readonly all: boolean;
}

export function createEditTool(changes: OneAtATime): Tool {
  return {
    name: 'edit',
    description:
      'Replaces a piece of a text file of the workspace by another one. `oldText` must be in the file exactly as given, and only once unless `all` is set.',
    parameters: {
      type: 'object',
      properties: {
        path: { type: 'string' },
        oldText: { type: 'string', minLength: 1, description: 'What is to be replaced, with its white space.' },
        newText: { type: 'string', description: 'What comes in its place; empty takes it away.' },
        all: { type: 'boolean', description: 'Replace it wherever it is. Default false.' },
      },
      required: ['path', 'oldText', 'newText'],
      additionalProperties: false,
    },
    effect: 'once',
    run: (call) => answering(call.signal, () => edit(call, changes)),
    reconcile: (call) => reconcile(call),
  };
}

async function edit({ workspace, arguments: args, idempotencyKey, signal }: ToolCall, changes: OneAtATime): Promise<string> {
  const wanted = editOf(args);
  const names = namesOf(workspace, String(args['path']));
  return changes.run([workspace, ...names].join('/'), async () => {
    await using place = await openPlace(workspace, names);
    const { text, about } = await readText(place);
    const { edited, count } = applyEdit(text, wanted, place.shown);
    if (Buffer.byteLength(edited) > textFileLimitBytes)
      throw new ToolFault(`${place.shown} would have more than ${textFileLimitBytes} bytes.`);
    signal.throwIfAborted();
    await replaceText(place, { text: edited, idempotencyKey, madeFrom: about });
    return `${place.shown} was edited${count > 1 ? ` in ${count} places` : ''}.`;
  });
}

async function reconcile({ workspace, arguments: args, idempotencyKey }: Pick<ToolCall, 'workspace' | 'arguments' | 'idempotencyKey'>) {
  try {
    await using place = await openPlace(workspace, namesOf(workspace, String(args['path'])));
    if (await removeLeftover(place, idempotencyKey)) return notDone(place.shown);
    const { text } = await readText(place);
    const done = wasDone(text, editOf(args));
    if (done === undefined) return undefined;
    return done ? { isError: false, text: `${place.shown} was edited: the new text is there, and the old is not.` } : notDone(place.shown);
  } catch (thrown) {
    // The file is gone or unreadable by now, which says nothing of what was before.
    if (thrown instanceof ToolFault) return undefined;
    throw thrown;
  }
}

function notDone(shown: string): ToolResult {
  return { isError: true, text: `${shown} was not edited: the call was cut before. Call it again if it is still wanted.` };
}

function editOf(args: JsonObject): Edit {
  return { oldText: String(args['oldText']), newText: String(args['newText']), all: args['all'] === true };
}

/** @throws ToolFault where it is not clear what is to be replaced */
export function applyEdit(
  text: string,
  { oldText, newText, all }: Edit,
  shown: string,
): { readonly edited: string; readonly count: number } {
  if (oldText === newText) throw new ToolFault('`oldText` and `newText` are the same: there is nothing to do.');
  const places = placesOf(text, oldText);
  const [first] = places;
  if (first === undefined) {
    throw new ToolFault(`\`oldText\` is not in ${shown}. It must be there exactly, with its white space: read the file again.`);
  }
  if (all) {
    const pieces = text.split(oldText);
    return { edited: pieces.join(newText), count: pieces.length - 1 };
  }
  if (places.length > 1) {
    const lines = places.slice(0, 10).map((place) => text.slice(0, place).split('\n').length);
    throw new ToolFault(
      `\`oldText\` is in ${shown} more than once, on the lines ${lines.join(', ')}${places.length > 10 ? ' and more' : ''}. ` +
        'Give more of the text around it, or set `all`.',
    );
  }
  return { edited: text.slice(0, first) + newText + text.slice(first + oldText.length), count: 1 };
}

/** More places than these are not told apart. */
const placeLimit = 100;

/** Where `piece` begins, overlapping ones too. */
function placesOf(text: string, piece: string): readonly number[] {
  const places: number[] = [];
  for (let place = text.indexOf(piece); place !== -1 && places.length < placeLimit; place = text.indexOf(piece, place + 1))
    places.push(place);
  return places;
}

/** Whether this text is what the edit leaves, and not one that it could still be made on. Undefined: it may be either, or neither. */
export function wasDone(text: string, edit: Edit): boolean | undefined {
  const mayBeAfter = edit.all ? text.includes(edit.newText) : isResult(text, edit);
  const places = placesOf(text, edit.oldText).length;
  const mayBeBefore = edit.all ? places > 0 : places === 1;
  return mayBeAfter === undefined || mayBeAfter === mayBeBefore ? undefined : mayBeAfter;
}

/** More ways than these in which the text may have come about are not tried. */
const candidateLimit = 20;

/** Whether there was a text with `oldText` in it once, of which the edit makes this one. Undefined: too much to try. */
function isResult(text: string, { oldText, newText }: Edit): boolean | undefined {
  const left = placesOf(text, oldText);
  if (newText === '' && left.length === 0) return true;
  const candidates = newText === '' ? gapsIn(left, oldText.length) : placesOf(text, newText);
  if (candidates === undefined || candidates.length > candidateLimit) return undefined;
  return candidates.some((place) => {
    const before = text.slice(0, place) + oldText + text.slice(place + newText.length);
    return placesOf(before, oldText).length === 1;
  });
}

/** `oldText` was taken away, and is there: then both sides of the gap have become one more of it, and the gap is inside. */
function gapsIn(places: readonly number[], length: number): readonly number[] | undefined {
  const [first, ...others] = places;
  if (first === undefined || others.length > 0) return undefined;
  return Array.from({ length: length - 1 }, (_, index) => first + index + 1);
}
