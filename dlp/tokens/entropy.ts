/** Shannon entropy of the characters of `text`, in bits per character; 0 for the empty text. */
export function entropy(text: string): number {
  const counts = new Uint16Array(128);
  const others = new Map<string, number>();
  let length = 0;
  for (const char of text) {
    length++;
    const code = char.charCodeAt(0);
    if (code < 128 && length < 65_536) counts[code]!++;
    else others.set(char, (others.get(char) ?? 0) + 1);
  }
  let sum = 0;
  for (const count of counts) if (count > 1) sum += count * Math.log2(count);
  for (const count of others.values()) if (count > 1) sum += count * Math.log2(count);
  return length === 0 ? 0 : Math.log2(length) - sum / length;
}
