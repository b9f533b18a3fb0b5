/** Cells of the terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Below this there is no room for a question and its keys. */
export const SMALLEST: Size = { columns: 20, rows: 5 };

/** Whether a terminal is below {@linkcode SMALLEST}. */
export function isTooSmall({ columns, rows }: Size): boolean {
  return columns < SMALLEST.columns || rows < SMALLEST.rows;
}
