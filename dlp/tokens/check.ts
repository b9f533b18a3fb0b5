import { Buffer } from "node:buffer";
import { crc32 } from "./crc32.ts";
import { randomness } from "./randomness.ts";
import { isBip39, isWif } from "../financial/wallet_keys.ts";

/** What a checksum or a decoded structure says about a candidate. */
export type Verdict = "right" | "wrong" | "not-a-token";

/** A rule of a pattern row beyond its pattern. */
export type CheckName =
  | "crc32-base62"
  | "jwt"
  | "aws-key-id"
  | "wif"
  | "bip39"
  | "pem"
  | "discord"
  | "password";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** The checks by name. The token is the matched text without its surroundings. */
export const CHECKS: Readonly<Record<CheckName, (token: string) => Verdict>> = {
  "crc32-base62": crc32Base62,
  "jwt": jwt,
  "aws-key-id": awsKeyId,
  "wif": (token) => isWif(token) ? "right" : "not-a-token",
  "bip39": (token) => isBip39(token) ? "right" : "not-a-token",
  "pem": pem,
  "password": password,
  "discord": discord,
};

/**
 * Tokens whose last six characters are the CRC-32 of the characters between the prefix and them, in Base62 padded
 * with zeros (https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/).
 */
function crc32Base62(token: string): Verdict {
  const body = token.slice(token.indexOf("_") + 1);
  let value = crc32(body.slice(0, -6));
  let digits = "";
  for (let index = 0; index < 6; index++) {
    digits = BASE62[value % 62]! + digits;
    value = Math.floor(value / 62);
  }
  return digits === body.slice(-6) ? "right" : "wrong";
}

/** RFC 7519: the first segment decodes to a JSON object that names an algorithm. */
function jwt(token: string): Verdict {
  const header = Buffer.from(token.slice(0, token.indexOf(".")), "base64url").toString("utf8");
  return /^\s*\{/.test(header) && /"(?:alg|typ|enc|kid)"\s*:/.test(header)
    ? "right"
    : "not-a-token";
}

/** A bot token begins with the bot's numeric id in Base64 (https://discord.com/developers/docs/reference#authentication). */
function discord(token: string): Verdict {
  const id = Buffer.from(token.slice(0, token.indexOf(".")), "base64url").toString("latin1");
  if (/^[0-9]{15,21}$/.test(id)) return "right";
  return /[0-9]{5}/.test(id) || randomness(token) === "strong" ? "wrong" : "not-a-token";
}

/** Access key ids are base32, and those made since 2019 hold the account number: its top bits are never all set. */
function awsKeyId(token: string): Verdict {
  if (!/^[A-Z0-9]{16,21}$/.test(token) || token.endsWith("EXAMPLE")) return "not-a-token";
  return /^[A-Z2-7]+$/.test(token.slice(4)) ? "right" : "wrong";
}

/** A private key has a body of Base64; "-----BEGIN … -----" in prose or in code that makes keys has none. */
function pem(token: string): Verdict {
  const inner = token.replace(/^-----[^-]+-----/, "").replace(/-----END[^-]+-----$/, "");
  const body = inner.replace(/\\+[nrt]|[\s"'+,\\]/g, (mark) => mark === "+" ? "+" : "")
    .replace(
      /^(?:(?:Proc-Type|DEK-Info|Version|Comment|Charset|Hash):[^=]{1,80}?(?=[A-Za-z0-9+/]{40}))*/,
      "",
    )
    .slice(0, 400);
  const letters = body.replace(/[^A-Za-z0-9+/=]/g, "");
  if (letters.length < 40 || letters.length < body.length * 0.95) return "not-a-token";
  if (new Set(letters).size < 16 || !/[0-9+/]/.test(letters)) return "not-a-token";
  // The first line of a key in a manual: no RSA or DSA key is that short.
  return /BEGIN [RD]SA/.test(token) && letters.length < 250 ? "wrong" : "right";
}

/** A password in a connection string that is not a placeholder. */
function password(token: string): Verdict {
  const value = token.slice(token.lastIndexOf("\u0000") + 1);
  if (
    /^(?:[*x.]+|.{0,3}|\$.*|<.*|\{.*|%[sv]|\[.*|pass(?:word|wd)?|pwd|secret|your.*|example.*|changeme|test|token|user|admin|replace.*|y+|foo|bar|[A-Z_]*_PASSWORD|mypassword)$/i
      .test(value)
  ) {
    return "not-a-token";
  }
  return "right";
}
