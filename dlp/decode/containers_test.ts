import { deepEqual, equal, ok } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { rawView } from "../text/view.ts";
import { DecodeBudget, defaultLimits } from "./budget.ts";
import { decodedViews } from "./decode_tree.ts";
import { joinedMessages } from "./grpc.ts";

const PHRASE = "the quick brown fox jumps over 13 lazy dogs";

function look(bytes: Uint8Array, limits = defaultLimits(bytes.length)) {
  const budget = new DecodeBudget(limits);
  const texts = [...decodedViews(rawView(bytes), budget)].map(({ text }) => text);
  return { texts, budget, opaque: budget.opaque.map(({ kind }) => kind) };
}

const u16 = (value: number) => [value & 0xff, value >> 8 & 0xff];
const u32 = (value: number) => [...u16(value & 0xffff), ...u16(value >>> 16)];

/** A ZIP archive of one file, without its directory: lenient readers need none. */
function zip(data: Uint8Array, method: number, flags = 0, size = data.length): Uint8Array {
  const name = Buffer.from("a.txt");
  const header = [
    0x50,
    0x4b,
    3,
    4,
    ...u16(20),
    ...u16(flags),
    ...u16(method),
    ...u32(0),
    ...u32(0),
  ];
  return Buffer.concat([
    Uint8Array.from([...header, ...u32(size), ...u32(0), ...u16(name.length), 0, 0]),
    name,
    data,
  ]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)]);
}

function png(chunks: readonly Uint8Array[], width = 20, height = 2): Uint8Array {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  const end = chunk("IEND", new Uint8Array(0));
  return Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    chunk("IHDR", head),
    ...chunks,
    end,
  ]);
}

function frame(data: Uint8Array, compressed = 0): Uint8Array {
  const prefix = Buffer.alloc(5, compressed);
  prefix.writeUInt32BE(data.length, 1);
  return Buffer.concat([prefix, data]);
}

const inflated = Buffer.from(`\0${PHRASE}\0`);
const latin = (text: string) => Buffer.from(text, "latin1");
const CONTAINERS: Readonly<Record<string, Uint8Array>> = {
  "a deflated ZIP entry": zip(deflateRawSync(PHRASE), 8),
  "a ZIP entry whose size comes later": zip(deflateRawSync(PHRASE), 8, 8, 0),
  "a ZIP entry that says a wrong size": zip(deflateRawSync(PHRASE), 8, 0, 30),
  "a Zstandard ZIP entry": zip(zstdCompressSync(PHRASE), 93),
  "a ZIP archive behind something else": Buffer.concat([
    latin("#!/bin/sh\n"),
    zip(deflateRawSync(PHRASE), 8),
  ]),
  "a second ZIP entry": Buffer.concat([
    zip(deflateRawSync("x"), 8),
    zip(deflateRawSync(PHRASE), 8),
  ]),
  "gzip in a ZIP entry": zip(deflateRawSync(gzipSync(PHRASE)), 8),
  "pixels of a small PNG image": png([chunk("IDAT", deflateSync(inflated))]),
  "pixels over two chunks": png([
    chunk("IDAT", deflateSync(inflated).subarray(0, 9)),
    chunk("IDAT", deflateSync(inflated).subarray(9)),
  ]),
  "a compressed text of a PNG image": png([
    chunk("zTXt", Buffer.concat([latin("Comment\0\0"), deflateSync(PHRASE)])),
  ]),
  "an international text of a PNG image": png([
    chunk("iTXt", Buffer.concat([latin("Comment\0\x01\0en\0x\0"), deflateSync(PHRASE)])),
  ]),
  "a gRPC message": Buffer.concat([frame(latin("x")), frame(latin(PHRASE))]),
  "two gRPC messages": Buffer.concat([
    frame(latin(PHRASE.slice(0, 20))),
    frame(latin(PHRASE.slice(20))),
  ]),
  "a compressed gRPC message": frame(gzipSync(PHRASE), 1),
  "gzip with something behind it": Buffer.concat([
    gzipSync(PHRASE),
    latin("and more of something"),
  ]),
  "gzip without its end": gzipSync(PHRASE).subarray(0, -6),
  "a gzip part of a multipart body": Buffer.concat([
    latin('--b\r\nContent-Disposition: form-data; name="f"; filename="f.gz"\r\n\r\n'),
    gzipSync(PHRASE),
    latin("\r\n--b--\r\n"),
  ]),
};

for (const [name, bytes] of Object.entries(CONTAINERS)) {
  Deno.test(`decodedViews() looks into ${name}`, () => {
    const found = (texts: readonly string[]) => texts.some((text) => text.includes(PHRASE));
    const { texts, budget } = look(bytes);
    ok(found(texts));
    equal(budget.exhausted, undefined);
    ok(
      found(look(latin(`{"file":"${Buffer.from(bytes).toString("base64")}"}`)).texts),
      "in Base64",
    );
    ok(found(look(latin(`file=${Buffer.from(bytes).toString("hex")}`)).texts), "in hex");
  });
}

const OPAQUE: Readonly<Record<string, Uint8Array>> = {
  "bzip2": latin("BZh91AY&SY and then something"),
  "xz": Buffer.from("fd377a585a000004e6d6b4460200210116", "hex"),
  "7z": Buffer.from("377abcaf271c0004aabbccdd000000000000", "hex"),
  "OpenSSL encryption": latin("Salted__\x01\x02\x03\x04\x05\x06\x07\x08abcdefgh"),
  "zip with encryption": zip(latin("something encrypted"), 8, 1),
  "zip with method 14": zip(latin("something packed by LZMA"), 14),
  "pixels of an image": png([chunk("IDAT", deflateSync(Buffer.alloc(99)))], 4000, 4000),
};

for (const [name, bytes] of Object.entries(OPAQUE)) {
  Deno.test(`decodedViews() says that it cannot look into ${name}`, () => {
    deepEqual(look(bytes).opaque, [name]);
    deepEqual(look(latin(`x ${Buffer.from(bytes).toString("base64")} x`)).opaque, [name]);
  });
}

Deno.test("decodedViews() calls nothing opaque that only begins alike", () => {
  for (const text of ["BZh is a prefix", "Salted butter", "PK", "-----BEGIN CERTIFICATE-----"]) {
    deepEqual(look(latin(text)).opaque, []);
  }
});

/** Bytes and pieces that come out, and whether the budget says that something was left. */
function cost(bytes: Uint8Array, limits = defaultLimits(bytes.length)) {
  const { texts, budget } = look(bytes, limits);
  const produced = texts.reduce((sum, { length }) => sum + length, 0);
  ok(produced <= limits.bytes * 2, `${produced} bytes`);
  ok(texts.length <= limits.pieces * 2, `${texts.length} pieces`);
  return budget.exhausted;
}

const zeros = (megabytes: number) => Buffer.alloc(megabytes * 1024 * 1024);
const BOMBS: Readonly<Record<string, () => Uint8Array>> = {
  "a ZIP bomb": () => zip(deflateRawSync(zeros(64)), 8),
  "a ZIP of many bombs": () =>
    Buffer.concat(Array.from({ length: 40 }, () => zip(deflateRawSync(zeros(1)), 8))),
  "nested gzip": () => {
    let bytes: Uint8Array = zeros(16);
    for (let layer = 0; layer < 6; layer++) bytes = gzipSync(bytes);
    return bytes;
  },
  "base64 six times": () => {
    let text = PHRASE.repeat(20);
    for (let layer = 0; layer < 6; layer++) text = Buffer.from(text).toString("base64");
    return latin(text);
  },
  "a Zstandard bomb in base64": () => latin(zstdCompressSync(zeros(64)).toString("base64")),
  "ten thousand runs of base64": () =>
    latin(Array.from({ length: 10_000 }, (_, i) => btoa(`${PHRASE}${i}`)).join(" ")),
};

for (const [name, make] of Object.entries(BOMBS)) {
  Deno.test(`decodedViews() stays within its budget, and says so, for ${name}`, () => {
    ok(cost(make()) !== undefined);
  });
}

Deno.test("decodedViews() takes ZIP entries that share their data for no more than they are", () => {
  const heads = Array.from({ length: 200 }, () => zip(new Uint8Array(0), 8, 8, 0));
  cost(Buffer.concat([...heads, deflateRawSync(zeros(1))]));
});

Deno.test("decodedViews() is not stopped by the depth of JSON", () => {
  const deep = `${"[".repeat(200_000)}"${btoa(PHRASE)}"${"]".repeat(200_000)}`;
  ok(look(latin(deep)).texts.some((text) => text.includes(PHRASE)));
});

Deno.test("containers that are cut off or changed anywhere do not throw", () => {
  const all = Object.values(CONTAINERS);
  fc.assert(
    fc.property(
      fc.nat(all.length - 1),
      fc.nat(400),
      fc.nat(400),
      fc.nat(255),
      (which, to, at, value) => {
        const bytes = Uint8Array.from(all[which]!.subarray(0, Math.max(1, to)));
        bytes[at % bytes.length] = value;
        ok(look(bytes).texts.length < 3_000);
      },
    ),
  );
});

Deno.test("joinedMessages() joins plain and compressed messages in their order", () => {
  const long = "y".repeat(100);
  const body = Buffer.concat([
    frame(latin("a")),
    frame(latin("")),
    frame(latin("packed data"), 1),
    frame(latin(long)),
    frame(latin("unreadable!"), 1),
    frame(latin("few"), 1),
  ]);
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
  const joined = joinedMessages(body, ({ start, end }) => {
    const data = text(body.subarray(start, end));
    return data === "packed data" ? latin("PLAIN") : undefined;
  });
  equal(text(joined!), `aPLAIN${long}few`);
  const nothing = () => undefined;
  for (const broken of ["", "\0\0\0\0", "\0\0\0\0\x02a", "\x02\0\0\0\0", "\0\xff\0\0\0a"]) {
    equal(joinedMessages(latin(broken), nothing), undefined, JSON.stringify(broken));
  }
});
