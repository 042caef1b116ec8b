/** The flags that every command which asks a gateway takes. */
import { parseUnit } from '@openclaw/protocol';
import { type Command, InvalidArgumentError, Option } from 'commander';

export interface OutputFlags {
  readonly output: 'text' | 'table' | 'json';
}

export function addTargetFlags(command: Command): Command {
  return command
    .option('--url <url>', 'the gateway (default: OPENCLAW_GATEWAY_URL, else the one that runs on the state directory)')
    .option('--token <token>', "the gateway's token (default: OPENCLAW_GATEWAY_TOKEN, else the configuration's)")
    .option('--password <password>', "the gateway's password")
    .addOption(new Option('--timeout <time>', 'how long it may take').argParser(parseTime).default(10_000, '10s'));
}

export function addOutput(command: Command, preset: 'text' | 'table' = 'text'): Command {
  return command.addOption(new Option('-o, --output <format>', 'how to print').choices([preset, 'json']).default(preset));
}

export function parseTime(text: string): number {
  const timeMs = parseUnit(text, 'ms');
  if (timeMs === undefined || timeMs <= 0) throw new InvalidArgumentError('Write a time such as 10s.');
  return timeMs;
}

/** Names and messages come from outside; none may move the cursor. */
export function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
