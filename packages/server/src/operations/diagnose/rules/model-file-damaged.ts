/** Cause: the file of the model is damaged or half there. */
import { toldByItself } from '../told-by-itself.ts';

export const modelFileDamaged = toldByItself({
  id: 'model-file-damaged',
  title: 'The file of the model is damaged',
  why: 'The download was broken off, the disk was full, or the file is a pointer of Git LFS and not the model.',
  signs: 'a checksum that does not match, `invalid magic`, `HeaderTooLarge`, `data is not within the file bounds`',
  mends: 'Fetch the file again, and compare its checksum with the one that is published.',
  pattern:
    /(?:sha-?256|sha-?1|md5|checksum|hash|digest)\w*.{0,60}(?:mismatch|do(?:es)? not match|differ|invalid|failed)|(?:mismatch|invalid).{0,30}(?:sha-?256|checksum|hash)|invalid magic|bad magic|HeaderTooLarge|InvalidHeader|MetadataIncompleteBuffer|SafetensorError|not within the file bounds|invalid load key, 'v'|(?:corrupted|incomplete|truncated).{0,40}(?:model|gguf|safetensors|checkpoint)|(?:model|gguf|safetensors|checkpoint).{0,40}(?:corrupted|incomplete|truncated)|PytorchStreamReader failed/i,
  most: 94,
  weigh(evidence) {
    const text = evidence.lives.flatMap(({ lines }) => lines.map((line) => line.text)).join('\n');
    return { adds: /model|gguf|safetensors|weights|checkpoint|\.(?:bin|pt|onnx)\b/i.test(text) ? 0 : -25 };
  },
  says: () => 'The file of the model is not what it should be: it is damaged or only half there.',
  remedy: () => [
    'Look at its size and the first bytes: `ls -l FILE; head -c 120 FILE`; a text that begins with `version https://git-lfs` is a pointer: `git lfs pull`',
    'Delete it and fetch it again, to a disk with enough room; then compare: `sha256sum FILE`',
  ],
  disprovedBy: 'Its checksum is the published one.',
});
