/**
 * Finds all occurrences of a fixed set of ASCII words in one pass, without regard to ASCII case.
 *
 * A dense automaton over the classes of bytes that words use (Aho and Corasick, "Efficient string matching",
 * 1975). States with output have the highest numbers, so the loop compares one number per byte.
 */
export interface KeywordAutomaton {
  /**
   * Calls `onHit(word, end)` for every occurrence: `word` is its index in the list of words, `end` the offset
   * after its last byte. Gives the state after the last byte; pass it to go on with the next piece.
   */
  search(bytes: Uint8Array, onHit: (word: number, end: number) => void, state?: number): number;
  readonly states: number;
}

/** Builds the automaton. Words must be non-empty ASCII. */
export function buildAutomaton(words: readonly string[]): KeywordAutomaton {
  const classOf = byteClasses(words);
  const shift = Math.ceil(Math.log2(Math.max(...classOf) + 1)) || 1;
  const trie = buildTrie(words, classOf);
  const { table, outputs, start, firstOutput } = link(trie, shift);
  return {
    states: trie.length,
    search(bytes, onHit, state = start) {
      let at = state;
      for (let index = 0; index < bytes.length; index++) {
        at = table[(at << shift) | classOf[bytes[index]!]!]!;
        if (at >= firstOutput) {
          for (const word of outputs[at - firstOutput]!) onHit(word, index + 1);
        }
      }
      return at;
    },
  };
}

interface Node {
  readonly next: Map<number, number>;
  words: number[];
}

/** A number per byte: 0 for bytes of no word, letters of both cases alike. */
function byteClasses(words: readonly string[]): Uint8Array {
  const classOf = new Uint8Array(256);
  let count = 0;
  for (const word of words) {
    for (const byte of new TextEncoder().encode(word.toLowerCase())) {
      if (classOf[byte] !== 0) continue;
      classOf[byte] = ++count;
      if (byte >= 0x61 && byte <= 0x7a) classOf[byte - 0x20] = count;
    }
  }
  return classOf;
}

function buildTrie(words: readonly string[], classOf: Uint8Array): Node[] {
  const nodes: Node[] = [{ next: new Map(), words: [] }];
  words.forEach((word, index) => {
    let at = 0;
    for (const byte of new TextEncoder().encode(word.toLowerCase())) {
      const cls = classOf[byte]!;
      let to = nodes[at]!.next.get(cls);
      if (to === undefined) {
        to = nodes.push({ next: new Map(), words: [] }) - 1;
        nodes[at]!.next.set(cls, to);
      }
      at = to;
    }
    nodes[at]!.words.push(index);
  });
  return nodes;
}

/** Turns the trie into a complete transition table, renumbered so that states with output come last. */
function link(nodes: Node[], shift: number) {
  const width = 1 << shift;
  const complete = new Int32Array(nodes.length * width);
  const fail = new Int32Array(nodes.length);
  const queue: number[] = [0];
  for (let head = 0; head < queue.length; head++) {
    const at = queue[head]!;
    const node = nodes[at]!;
    if (at !== 0) node.words = [...node.words, ...nodes[fail[at]!]!.words];
    for (let cls = 0; cls < width; cls++) {
      const to = node.next.get(cls);
      const fallback = at === 0 ? 0 : complete[fail[at]! * width + cls]!;
      complete[at * width + cls] = to ?? fallback;
      if (to === undefined) continue;
      fail[to] = fallback;
      queue.push(to);
    }
  }
  const silent = nodes.flatMap((node, index) => node.words.length === 0 ? [index] : []);
  const speaking = nodes.flatMap((node, index) => node.words.length === 0 ? [] : [index]);
  const order = [...silent, ...speaking];
  const renamed = new Int32Array(nodes.length);
  order.forEach((old, now) => renamed[old] = now);
  const table = new Uint16Array(nodes.length * width);
  order.forEach((old, now) => {
    for (let cls = 0; cls < width; cls++) {
      table[now * width + cls] = renamed[complete[old * width + cls]!]!;
    }
  });
  return {
    table,
    outputs: speaking.map((index) => nodes[index]!.words),
    start: renamed[0]!,
    firstOutput: silent.length,
  };
}
