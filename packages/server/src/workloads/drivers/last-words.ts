/** The last words of a unit: the end of its standard error, for people who ask why it ended. Where its output lies is for each driver. */

const wordBytes = 2048;
/** How much of the output has to be read for them: frames of native code may stand behind what is worth reading. */
export const wordsReadBytes = 16 * 1024;

/** ` 3: 0xf14752 node::OOMErrorHandler(char const*, v8::OOMDetails const&) [node]`. Says nothing to whoever looks for the cause. */
const nativeFrame = /^-{5} Native stack trace -{5}$|^ *\d+: 0x[\da-f]+ .*$/;

/** At most 2 KiB, in whole lines where they fit; empty where it said nothing. */
export function lastWords(output: string): string {
  const lines = output.split('\n').filter((line) => !nativeFrame.test(line));
  const bytes = Buffer.from(lines.join('\n').trimEnd());
  if (bytes.length <= wordBytes) return bytes.toString('utf8');
  const cut = bytes.subarray(bytes.length - wordBytes).toString('utf8');
  const firstLineEnd = cut.indexOf('\n');
  return firstLineEnd < 0 ? cut : cut.slice(firstLineEnd + 1);
}
