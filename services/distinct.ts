/** For statements about many rows of which several share what is long. */

/** Each value once, and for each of all which of them it is, counted from 1, as SQL counts the places of an array. */
export function distinct<T>(all: T[]): { values: T[]; places: number[] } {
  const places = new Map<T, number>();
  for (const each of all) if (!places.has(each)) places.set(each, places.size + 1);
  return { values: [...places.keys()], places: all.map((each) => places.get(each)!) };
}
