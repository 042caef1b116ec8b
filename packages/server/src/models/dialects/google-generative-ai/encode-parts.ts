/** Writes the parts that a person, a program or a tool may have written: texts, images, files and sound. */
import type { JsonObject } from '../../../core/json.ts';
import type { EncodeTarget } from '../dialect.ts';
import { unsupported } from '../fields.ts';
import { refuseUncarried, type FieldPlace } from '../omissions.ts';
import type { Part } from '../request.ts';
import { encodeAudio, encodeFile, encodeImage } from './media-parts.ts';

const dialect = 'google-generative-ai';

/** What is needed of the conversation around a message. */
export interface Context {
  /** The client's dialect. */
  readonly from: string;
  readonly target: EncodeTarget;
  /** Calls so far by id, with the place they had in their turn: results bear the id alone. */
  readonly calls: Map<string, { readonly name: string; readonly position: number }>;
}

export function refuse(extensions: JsonObject | undefined, place: FieldPlace, { from, target }: Context): void {
  const path = place === 'message' ? 'messages[]' : 'messages[].content[]';
  refuseUncarried(extensions, { from, place, path, target: target.provider });
}

export function encodePart(part: Part, context: Context): JsonObject[] {
  const { target } = context;
  if ('extensions' in part) refuse(part.extensions, 'part', context);
  switch (part.type) {
    case 'text':
    case 'refusal':
      // Gemini refuses empty texts, which clients send beside tool calls.
      return part.text === '' ? [] : [{ text: part.text }];
    case 'image':
      return [encodeImage(part, target)];
    case 'file':
      return encodeFile(part, target);
    case 'audio':
      return [encodeAudio(part)];
    case 'native':
      if (part.dialect === dialect) return [part.value];
      throw unsupported('messages[].content[].type', `a part of kind ${String(part.value['type'])}`, target.provider);
    default:
      throw unsupported('messages[].content[]', `a part of kind ${part.type} in this place`, target.provider);
  }
}
