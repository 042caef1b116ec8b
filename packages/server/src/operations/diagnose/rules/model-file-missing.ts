/** Cause: the file of the model is not where the settings say. */
import type { Evidence } from '../evidence.ts';
import { toldByItself } from '../told-by-itself.ts';

const file = String.raw`[^\s'"]*\.(?:gguf|ggml|safetensors|bin|pt|pth|onnx|tflite|engine|mlmodel|h5)`;

export const modelFileMissing = toldByItself({
  id: 'model-file-missing',
  title: 'The file of the model is not there',
  why: 'The program loads a model from a path at which there is none: the path is that of another machine, or the volume with the models is not mounted.',
  signs: '`ENOENT`, `No such file`, `FileNotFoundError` of a file such as .gguf or .safetensors; `is not a valid model identifier`',
  mends: 'Mount the directory with the models where the settings look for it, or correct the setting.',
  pattern: new RegExp(
    `(?:ENOENT|no such file|not found|does not exist|FileNotFoundError|cannot open|unable to open).{0,60}?['"\`:]?\\s*(?<after>${file})|(?<![^\\s'"])(?<before>${file})['"\`]?.{0,30}(?:no such file|not found|does not exist|is missing)|(?<!\\S)(?<identifier>\\S{1,200}) is not a local folder and is not a valid model identifier|no file named (?:pytorch_model\\.bin|model\\.safetensors).{0,80}directory (?<folder>\\S+)|model ['"](?<pulled>[^'"]+)['"] not found, try pulling it`,
    'i',
  ),
  most: 96,
  says: ({ match }) => `There is no model at ${pathIn(match)}.`,
  remedy: ({ match }, evidence) => remedyFor(pathIn(match), evidence),
  disprovedBy: 'The file is there when you look from inside of the container, as its user.',
});

function pathIn({ groups = {} }: RegExpExecArray): string {
  return groups['after'] ?? groups['before'] ?? groups['folder'] ?? groups['identifier'] ?? groups['pulled'] ?? 'that path';
}

function remedyFor(path: string, { mounts, subject, program }: Evidence): readonly string[] {
  const mount = mounts.find(({ target }) => path.startsWith(`${target}/`));
  const names = program.environmentNames.filter((name) => /MODEL/.test(name));
  return [
    mount === undefined
      ? `No mount covers it: add \`-v /path/to/models:${path.slice(0, path.lastIndexOf('/')) || '/models'}:ro\``
      : `It is looked for in the mount from ${mount.source}${mount.isEmpty === true ? ', which is empty' : ''}: \`ls -l ${mount.source}\``,
    `Correct the path${names.length > 0 ? ` in ${names.join(', ')}` : ' in the settings'}: it is the path inside of ${subject.name}, not the one on the machine`,
  ];
}
