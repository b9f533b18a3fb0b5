import type { Match } from "../finding.ts";
import type { View } from "../text/view.ts";
import { isIban } from "./iban.ts";
import { cardBrand } from "./payment_card.ts";
import { walletOf } from "./wallet_address.ts";

const CARD = /(?<![0-9A-Za-z.])[0-9](?:[ -]?[0-9]){12,18}(?![0-9A-Za-z])/g;
const IBAN =
  /(?<![0-9A-Za-z])[A-Z]{2}[0-9]{2}(?: ?[0-9A-Z]{4}){2,7}(?: ?[0-9A-Z]{1,3})?(?![0-9A-Za-z])/g;
const WALLET =
  /(?<![0-9A-Za-z])(?:0x[0-9a-fA-F]{40}|(?:bc1|tb1|ltc1)[02-9ac-hj-np-z]{11,87}|[13LMDX][1-9A-HJ-NP-Za-km-z]{25,34})(?![0-9A-Za-z])/g;

/** Card numbers, bank account numbers and wallet addresses, each with a right checksum. */
export function financialMatches(view: View): Match[] {
  const matches: Match[] = [];
  const add = (found: RegExpExecArray, rule: string, reason: string) =>
    matches.push({
      detector: "financial",
      rule,
      severity: "block",
      reason,
      ...view.origin(found.index, found.index + found[0].length),
      via: view.via,
    });
  for (const found of view.text.matchAll(CARD)) {
    const brand = cardBrand(found[0].replace(/[ -]/g, ""));
    if (brand !== undefined) add(found, "payment-card", `looks like the number of a ${brand} card`);
  }
  for (const found of view.text.matchAll(IBAN)) {
    if (isIban(found[0].replaceAll(" ", ""))) {
      add(found, "iban", "looks like a bank account (IBAN)");
    }
  }
  for (const found of view.text.matchAll(WALLET)) {
    const wallet = walletOf(found[0]);
    if (wallet !== undefined) {
      add(found, "wallet-address", `looks like an address of a ${wallet} wallet`);
    }
  }
  return matches;
}
