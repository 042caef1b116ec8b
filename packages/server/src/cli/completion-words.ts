/** What can be typed after each command, read from the commands themselves, so that no list of it can grow old. */
import type { Command, Option } from 'commander';

export interface CompletedOption {
  /** `-o`, `--output`. */
  readonly names: readonly string[];
  readonly takesValue: boolean;
  readonly choices: readonly string[];
  readonly description: string;
}

export interface CompletedCommand {
  /** With those above it: `openclaw gateway run`. */
  readonly path: string;
  readonly name: string;
  readonly description: string;
  readonly options: readonly CompletedOption[];
  readonly children: readonly CompletedCommand[];
  /** Of its first argument. */
  readonly choices: readonly string[];
}

export function readCommand(command: Command, above = ''): CompletedCommand {
  const path = `${above}${command.name()}`;
  const help: CompletedOption = { names: ['-h', '--help'], takesValue: false, choices: [], description: 'show what it takes' };
  return {
    path,
    name: command.name(),
    description: command.description(),
    options: [...command.options.filter(({ hidden }) => !hidden).map(readOption), help],
    children: command.commands.map((child) => readCommand(child, `${path} `)),
    choices: command.registeredArguments[0]?.argChoices ?? [],
  };
}

function readOption({ short, long, required, optional, argChoices, description }: Option): CompletedOption {
  return {
    names: [short, long].filter((name) => name !== undefined),
    takesValue: required || optional,
    choices: argChoices ?? [],
    description,
  };
}

/** It, and all below it. */
export function everyCommand(command: CompletedCommand): readonly CompletedCommand[] {
  return [command, ...command.children.flatMap(everyCommand)];
}
