/**
 * Completion for bash, zsh and fish as text. A script is complete in itself: pressing Tab starts no program.
 *
 * Each of them goes through the words so far to find the command, passing over options and their values.
 */
import { everyCommand, type CompletedCommand, type CompletedOption } from './completion-words.ts';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export function completionScript(shell: Shell, root: CompletedCommand): string {
  return { bash, zsh, fish }[shell](root);
}

function bash(root: CompletedCommand): string {
  return `# Completion of ${root.name} for bash. Load it with: source <(${root.name} completion bash)
_${root.name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} path=${root.name} word skip= words=
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ -n $skip ]]; then skip=; continue; fi
    case "$path $word" in
${walk(root)}
    esac
  done
  case "$path $previous" in
${valueCases(root, (choices) => `words=${quoted(choices.join(' '))}`)}
  esac
  if [[ -z $words && -z $skip ]]; then
    case "$path" in
${everyCommand(root)
  .map((command) => `      ${quoted(command.path)}) words=${quoted(wordsOf(command).join(' '))} ;;`)
  .join('\n')}
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _${root.name} ${root.name}
`;
}

function zsh(root: CompletedCommand): string {
  return `#compdef ${root.name}
# Completion of ${root.name} for zsh. Load it with: source <(${root.name} completion zsh)
_${root.name}() {
  local path=${root.name} word skip= previous=\${words[CURRENT-1]}
  local -a choices
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ -n $skip ]]; then skip=; continue; fi
    case "$path $word" in
${walk(root)}
    esac
  done
  case "$path $previous" in
${valueCases(root, (choices) => `compadd -- ${choices.map(quoted).join(' ')}; return`)}
  esac
  if [[ -n $skip ]]; then _files; return; fi
  case "$path" in
${everyCommand(root)
  .map(
    (command) =>
      `    ${quoted(command.path)}) choices=(${described(command)
        .map(([word, text]) => quoted(`${word.replaceAll(':', '\\:')}:${text}`))
        .join(' ')}) ;;`,
  )
  .join('\n')}
  esac
  _describe -t commands '${root.name}' choices || _files
}
if [[ $funcstack[1] == _${root.name} ]]; then _${root.name} "$@"; else compdef _${root.name} ${root.name}; fi
`;
}

function fish(root: CompletedCommand): string {
  const lines = everyCommand(root).flatMap((command) => [
    ...command.children.map((child) => fishLine(command.path, `-f -a ${quoted(child.name)} -d ${quoted(child.description)}`)),
    ...(command.choices.length > 0 ? [fishLine(command.path, `-f -a ${quoted(command.choices.join(' '))}`)] : []),
    ...command.options.map((option) => fishLine(command.path, fishOption(option))),
  ]);
  return `# Completion of ${root.name} for fish. Load it with: ${root.name} completion fish | source
function __${root.name}_path
  set -l path ${root.name}
  set -l skip
  for word in (commandline -opc)[2..-1]
    if test -n "$skip"
      set skip
      continue
    end
    switch "$path $word"
${walkCases(root)
  .map(
    ([pattern, action]) =>
      `      case ${pattern.map(quoted).join(' ')}\n        ${action.startsWith('skip') ? 'set skip 1' : `set path ${quoted(action)}`}`,
  )
  .join('\n')}
    end
  end
  echo $path
end
${lines.join('\n')}
`;
}

function fishLine(path: string, rest: string): string {
  const [program = ''] = path.split(' ');
  return `complete -c ${program} -n ${quoted(`test (__${program}_path) = "${path}"`)} ${rest}`;
}

function fishOption({ names, takesValue, choices, description }: CompletedOption): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`)).join(' ');
  const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(' '))}` : takesValue ? ' -r' : '';
  return `${flags}${value} -d ${quoted(description)}`;
}

function wordsOf({ children, choices, options }: CompletedCommand): string[] {
  return [...children.map(({ name }) => name), ...choices, ...options.flatMap(({ names }) => names)];
}

function described({ children, choices, options }: CompletedCommand): (readonly [string, string])[] {
  return [
    ...children.map(({ name, description }) => [name, description] as const),
    ...choices.map((choice) => [choice, choice] as const),
    ...options.flatMap(({ names, description }) => names.map((name) => [name, description] as const)),
  ];
}

/** Patterns of `path word`, each with the path that it leads to, or `skip` where the next word is a value. */
function walkCases(root: CompletedCommand): (readonly [readonly string[], string])[] {
  return everyCommand(root).flatMap(({ path, children, options }) => {
    const valued = options.filter(({ takesValue }) => takesValue).flatMap(({ names }) => names.map((name) => `${path} ${name}`));
    return [...children.map((child) => [[child.path], child.path] as const), ...(valued.length > 0 ? [[valued, 'skip'] as const] : [])];
  });
}

function walk(root: CompletedCommand): string {
  return walkCases(root)
    .map(([patterns, action]) => `      ${patterns.map(quoted).join('|')}) ${action === 'skip' ? 'skip=1' : `path=${quoted(action)}`} ;;`)
    .join('\n');
}

function valueCases(root: CompletedCommand, action: (choices: readonly string[]) => string): string {
  return everyCommand(root)
    .flatMap(({ path, options }) =>
      options
        .filter(({ choices }) => choices.length > 0)
        .map(({ names, choices }) => `    ${names.map((name) => quoted(`${path} ${name}`)).join('|')}) ${action(choices)} ;;`),
    )
    .join('\n');
}

/** In single quotes, as all three shells read them. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
