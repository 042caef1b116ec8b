/** Where a value of the configuration comes from. */

export interface Origin {
  readonly kind: 'flag' | 'environment' | 'file' | 'default';
  /** For people: `/home/me/.openclaw/openclaw.json:3:5`, `environment variable PORT`, `--port`, `default`. */
  readonly where: string;
  readonly file?: string;
  /** From 1, as editors count. */
  readonly line?: number;
  readonly column?: number;
}

export const defaultOrigin: Origin = Object.freeze({ kind: 'default', where: 'default' });

export function fileOrigin(file: string, position: { line: number; column: number }): Origin {
  const { line, column } = position;
  return { kind: 'file', where: `${file}:${line}:${column}`, file, line, column };
}
