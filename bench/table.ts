/** Numbers and tables in plain text. */

/** Shows three digits or more, as a person reads them: 0.123, 1.23, 12.3, 123, 12,345. */
export function showNumber(number: number): string {
  const digits = number === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(number))));
  return number.toLocaleString('en', {
    minimumFractionDigits: Math.min(digits, 3),
    maximumFractionDigits: Math.min(digits, 3),
  });
}

/**
 * The lines of a table. Each column is as wide as its widest cell.
 *
 * @param align the side to which each column is aligned
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
