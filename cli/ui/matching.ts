/**
 * Which of some texts match what was typed, as indices, best first: those that begin with it, those that hold it,
 * those that hold its characters in order. Upper and lower case are the same; everything matches an empty query.
 */
export function matching(texts: readonly string[], query: string): number[] {
  const wanted = query.trim().toLowerCase();
  return texts
    .map((text, index) => ({ index, rank: rankOf(text.toLowerCase(), wanted) }))
    .filter(({ rank }) => rank >= 0)
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .map(({ index }) => index);
}

function rankOf(text: string, query: string): number {
  if (text.startsWith(query)) return 0;
  if (text.includes(query)) return 1;
  let at = 0;
  for (const character of query) {
    const found = text.indexOf(character, at);
    if (found < 0) return -1;
    at = found + character.length;
  }
  return 2;
}
