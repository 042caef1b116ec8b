/** Tables as the server draws them for any kind: `Accept: application/json;as=Table`. */

export interface ApiTable {
  readonly kind: 'Table';
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly columnDefinitions: readonly {
    readonly name: string;
    readonly type: string;
    /** 0: always shown; more: only when wide. */
    readonly priority: number;
    readonly description?: string;
  }[];
  readonly rows: readonly {
    readonly cells: readonly unknown[];
    /** At least its metadata. */
    readonly object: {
      readonly metadata: {
        readonly name: string;
        readonly namespace?: string;
        readonly uid?: string;
        readonly resourceVersion?: string;
      };
    };
  }[];
}
