/** Numbers and tables in plain text. */

/** Three digits or more, as many as a person reads: 0.123, 1.23, 12.3, 123, 12,345. */
export function showNumber(number: number): string {
  const digits = number === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(number))));
  return number.toLocaleString('en', {
    minimumFractionDigits: Math.min(digits, 3),
    maximumFractionDigits: Math.min(digits, 3),
  });
}

/**
 * The lines of a table, as wide as what is in it.
 *
 * @param align for each column, whether it is set to the left or to the right
 */
export function layOut(
  rows: readonly (readonly string[])[],
  align: readonly ('left' | 'right')[],
): string[] {
  const widths = align.map((_, column) => Math.max(...rows.map((row) => lengthOf(row[column]))));
  return rows.map((row) =>
    align
      .map((side, column) => {
        const [cell, width] = [row[column] ?? '', widths[column] ?? 0];
        return side === 'left' ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

function lengthOf(cell = ''): number {
  return cell.length;
}
