/** Cause: a configuration file is wrong. */
import { lookInside } from '../remedies.ts';
import { pathIn } from '../signs.ts';
import { toldByItself } from '../told-by-itself.ts';

export const configInvalid = toldByItself({
  id: 'config-invalid',
  title: 'A configuration file is wrong',
  why: 'The program reads its settings first and ends when it does not understand them. Starting it again changes nothing.',
  signs: 'an error of a parser or a schema, with file, line or key, within seconds of the start',
  mends: 'Mend the line that it names; keep the last file that worked',
  pattern:
    /(?:in|valid) JSON\b(?:.*position)?|JSON5: invalid |JSON(?:5)?(?:Decode|Parse|\.parse)?(?:Error|Exception)|JSONDecodeError|YAML(?:Exception|Error|ParseError)|yaml(?:\.\w+)*Error|yaml: (?:line|unmarshal)|TOML(?:Decode)?Error|toml: |ParserError|ScannerError|did not find expected|while parsing a (?:block|flow)|(?:invalid|bad|malformed|cannot parse|could not parse|failed to (?:parse|load|read)|error (?:in|parsing|reading|loading)|unable to (?:parse|load)) (?:the )?(?:config|configuration|settings)|(?:config|configuration|settings)(?: file)?\b.{0,80}\b(?:is |are )?(?:invalid|not valid|malformed|corrupt)|un(?:known|recognized|supported|expected) (?:directive|option|setting|configuration|config|key|field|property)|\[emerg\]|ZodError|ValidationError|schema validation failed|CONFIG FILE ERROR/i,
  most: 93,
  weigh(_evidence, { match, byPlatform }) {
    // What answers of others and code are said to be is another matter.
    if (
      byPlatform ||
      /validation errors? for Settings|ECONN|ENOTFOUND|EACCES|ENOENT|[Pp]ermission denied|[Nn]o such file|failed \(\d+: |HTTP|fetch failed|[Uu]nexpected token '?<|sha256|[Aa]ddress already|host not found in upstream/.test(
        match.input,
      )
    )
      return undefined;
    return { adds: 0 };
  },
  says({ match }) {
    const path = pathIn(match.input);
    const place = /line (\d+)|:(\d+)(?::\d+)?\)?$/.exec(match.input);
    return `It does not understand its configuration${path === undefined ? '' : ` in ${path}`}${place === null ? '' : `, line ${place[1] ?? place[2]}`}.`;
  },
  remedy: ({ match }, evidence) => [
    `${lookInside(evidence)}   # then look at ${pathIn(match.input) ?? 'the file that it reads'}`,
    'mend what the message names; `openclaw config validate` does so for a file of OpenClaw',
  ],
  disprovedBy: 'The same file loads with the same version of the program elsewhere.',
});
