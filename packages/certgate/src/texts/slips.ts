/**
 * The number of typing mistakes between two words: characters that were changed, lost, added or swapped with their
 * neighbour (optimal string alignment). Undefined if there are more than `maximum`. To save time, it computes only the
 * part of the table that is within `maximum` of the diagonal.
 */
export function countSlips(one: string, other: string, maximum: number): number | undefined {
  const far = maximum + 1;
  let before: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const current = Array.from<number>({ length: other.length + 1 }).fill(far);
    if (row <= maximum) current[0] = row;
    let least = current[0] ?? far;
    for (let column = Math.max(1, row - maximum); column <= Math.min(other.length, row + maximum); column += 1) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      const cost = Math.min(
        (last[column] ?? far) + 1,
        (current[column - 1] ?? far) + 1,
        (last[column - 1] ?? far) + (isSame ? 0 : 1),
        isSwapped ? (before[column - 2] ?? far) + 1 : far,
      );
      current[column] = cost;
      least = Math.min(least, cost);
    }
    if (least > maximum) return undefined;
    before = last;
    last = current;
  }
  const slips = last[other.length] ?? far;
  return slips > maximum ? undefined : slips;
}
