/**
 * Finds all occurrences of a fixed set of ASCII words in one pass, without regard to ASCII case.
 *
 * A dense automaton over the classes of bytes that words use (Aho and Corasick, "Efficient string matching",
 * 1975). States with output have the highest numbers, so the loop compares one number per byte. Four parts of the
 * input are walked at once: each step waits for the table, and four waits overlap.
 */
export interface KeywordAutomaton {
  /**
   * Calls `onHit(word, end)` for every occurrence in the order of their ends: `word` is its index in the list of
   * words, `end` the offset after its last byte.
   */
  search(bytes: Uint8Array, onHit: (word: number, end: number) => void): void;
  readonly states: number;
}

/** Builds the automaton. Words must be non-empty ASCII; together they may have 65,535 different beginnings. */
export function buildAutomaton(words: readonly string[]): KeywordAutomaton {
  const classOf = byteClasses(words);
  const shift = Math.ceil(Math.log2(Math.max(...classOf) + 1)) || 1;
  const trie = buildTrie(words, classOf);
  const { table, outputs, start, firstOutput } = link(trie, shift);
  const longest = Math.max(1, ...words.map(({ length }) => length));
  return {
    states: trie.length,
    search(bytes, onHit) {
      const part = bytes.length >> 2;
      const ends = [part, part * 2, part * 3, bytes.length];
      const hits: [number[], number[], number[], number[]] = [[], [], [], []];
      let a = start, b = start, c = start, d = start;
      for (let index = 0; index < part; index++) {
        a = table[(a << shift) | classOf[bytes[index]!]!]!;
        b = table[(b << shift) | classOf[bytes[index + part]!]!]!;
        c = table[(c << shift) | classOf[bytes[index + part * 2]!]!]!;
        d = table[(d << shift) | classOf[bytes[index + part * 3]!]!]!;
        if (a >= firstOutput) hits[0].push(a, index + 1);
        if (b >= firstOutput) hits[1].push(b, index + part + 1);
        if (c >= firstOutput) hits[2].push(c, index + part * 2 + 1);
        if (d >= firstOutput) hits[3].push(d, index + part * 3 + 1);
      }
      [a, b, c, d].forEach((state, lane) => {
        const found = hits[lane]!;
        for (let index = 0; index < found.length; index += 2) {
          for (const word of outputs[found[index]! - firstOutput]!) onHit(word, found[index + 1]!);
        }
        // What begins in this part and ends in the next one; the last part ends with the input.
        const from = lane === 3 ? part * 4 : ends[lane]!;
        const to = Math.min(bytes.length, lane === 3 ? bytes.length : from + longest - 1);
        let at = state;
        for (let index = from; index < to; index++) {
          at = table[(at << shift) | classOf[bytes[index]!]!]!;
          if (at < firstOutput) continue;
          for (const word of outputs[at - firstOutput]!) {
            if (lane === 3 || index + 1 - words[word]!.length < from) onHit(word, index + 1);
          }
        }
      });
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
