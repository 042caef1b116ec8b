/** The tool `write`: a whole text file, new or in the place of another one. After a crash there is the old file or the new one. */
import type { Tool, ToolCall } from '../contract.ts';
import type { OneAtATime } from '../../one-at-a-time.ts';
import { answering, ToolFault } from '../fault.ts';
import { namesOf } from './confined.ts';
import { openPlace, replaceText, textFileLimitBytes } from './text-file.ts';

export function createWriteTool(changes: OneAtATime): Tool {
  return {
    name: 'write',
    description: 'Writes a text file of the workspace, in the place of whatever was there. Directories on the way are made.',
    parameters: {
      type: 'object',
      properties: {
        path: { type: 'string', description: 'The file, such as notes/today.md' },
        content: { type: 'string', description: 'The whole new text of the file.' },
      },
      required: ['path', 'content'],
      additionalProperties: false,
    },
    effect: 'idempotent',
    run: (call) => answering(call.signal, () => write(call, changes)),
  };
}

async function write({ workspace, arguments: args, idempotencyKey, signal }: ToolCall, changes: OneAtATime): Promise<string> {
  const text = String(args['content']);
  const size = Buffer.byteLength(text);
  if (size > textFileLimitBytes) throw new ToolFault(`The content has ${size} bytes, and at most ${textFileLimitBytes} are written.`);
  const names = namesOf(workspace, String(args['path']));
  return changes.run([workspace, ...names].join('/'), async () => {
    signal.throwIfAborted();
    await using place = await openPlace(workspace, names, { create: true });
    const replaced = await replaceText(place, { text, idempotencyKey });
    return `${place.shown} ${replaced ? 'was replaced' : 'was made'}: ${size} bytes.`;
  });
}
