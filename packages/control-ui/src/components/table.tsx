/** A table whose columns can be sorted; on a phone the less important ones are left out and the rest scrolls by itself. */
import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { sortRows } from './sort-rows.ts';

export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  /** What the title means, shown on hovering. */
  readonly hint?: string;
  /** Figures stand to the right. @default 'start' */
  readonly align?: 'start' | 'end';
  /** Left out where the page is narrow. */
  readonly wideOnly?: boolean;
  /** Left out but where there is much room. */
  readonly roomyOnly?: boolean;
  /** Absent: the column cannot be sorted by. What is null comes last either way. */
  readonly sortBy?: (row: Row) => number | string | null;
  readonly cell: (row: Row) => ComponentChildren;
}

export interface TableProps<Row> {
  /** What the table is of, for those who hear it. */
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** Column that the rows are sorted by at first. Absent: the order in which they come. */
  readonly sortedBy?: string;
  readonly descending?: boolean;
  /** What a click on a row does; the first cell must hold something that does the same by keyboard. */
  readonly onRow?: (row: Row) => void;
  readonly rowClass?: (row: Row) => string | undefined;
  /** In place of rows. */
  readonly empty: ComponentChildren;
}

interface Order {
  readonly id: string | undefined;
  readonly descending: boolean;
}

export function Table<Row>(props: TableProps<Row>) {
  const { columns, rows } = props;
  const [order, setOrder] = useState<Order>({ id: props.sortedBy, descending: props.descending ?? false });
  const sortBy = columns.find(({ id }) => id === order.id)?.sortBy;
  const sorted = useMemo(
    () => (sortBy ? sortRows(rows, { sortBy, descending: order.descending }) : rows),
    [rows, sortBy, order.descending],
  );
  if (rows.length === 0) return <div class="empty">{props.empty}</div>;
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label={props.label}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <HeadCell key={column.id} column={column} order={order} onSort={setOrder} />
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((row) => (
            <Row key={props.rowKey(row)} row={row} table={props} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row<Row>({ row, table }: { readonly row: Row; readonly table: TableProps<Row> }) {
  const { onRow, rowClass, columns } = table;
  const open = (event: MouseEvent): void => {
    // Text may be selected, and buttons in the row do their own thing.
    const target = event.target as Element;
    if (target.closest('a, button, input') === null && String(getSelection()) === '') onRow?.(row);
  };
  const classes = [onRow ? 'row-opens' : '', rowClass?.(row) ?? ''].join(' ').trim();
  return (
    <tr {...(classes === '' ? {} : { class: classes })} {...(onRow ? { onClick: open } : {})}>
      {columns.map((column) => (
        <td key={column.id} class={cellClass(column)}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}

interface HeadCellProps<Row> {
  readonly column: Column<Row>;
  readonly order: Order;
  readonly onSort: (order: Order) => void;
}

function HeadCell<Row>({ column, order, onSort }: HeadCellProps<Row>) {
  const isSorted = column.id === order.id;
  const direction = order.descending ? 'descending' : 'ascending';
  // Figures are looked at from the largest down.
  const first = column.align === 'end';
  return (
    <th scope="col" class={cellClass(column)} title={column.hint} {...(isSorted ? { 'aria-sort': direction } : {})}>
      {column.sortBy === undefined ? (
        column.title
      ) : (
        <button type="button" class="sort" onClick={() => onSort({ id: column.id, descending: isSorted ? !order.descending : first })}>
          {column.title}
          {isSorted && (
            <span class="sort-mark" aria-hidden="true">
              {order.descending ? '↓' : '↑'}
            </span>
          )}
        </button>
      )}
    </th>
  );
}

function cellClass<Row>({ align, wideOnly, roomyOnly }: Column<Row>): string {
  return [align === 'end' ? 'end' : '', wideOnly ? 'wide-only' : '', roomyOnly ? 'roomy-only' : ''].filter(Boolean).join(' ');
}
