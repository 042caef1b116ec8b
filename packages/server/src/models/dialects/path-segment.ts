/** A model's name as one segment of a path. Versions are written with an `@`, which servers want to see as it is. */
export function pathSegment(name: string): string {
  return encodeURIComponent(name).replaceAll('%40', '@');
}
