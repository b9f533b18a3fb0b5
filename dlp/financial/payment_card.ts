/** Issuer ranges (ISO/IEC 7812-1): first and last prefix, both included, and the lengths in use. */
const RANGES:
  readonly (readonly [brand: string, from: string, to: string, lengths: readonly number[]])[] = [
    ["Visa", "4", "4", [13, 16, 19]],
    ["Mastercard", "51", "55", [16]],
    ["Mastercard", "2221", "2720", [16]],
    ["American Express", "34", "34", [15]],
    ["American Express", "37", "37", [15]],
    ["Discover", "6011", "6011", [16, 19]],
    ["Discover", "644", "659", [16, 19]],
    ["Diners Club", "300", "305", [14]],
    ["Diners Club", "36", "36", [14]],
    ["Diners Club", "38", "39", [14, 16]],
    ["JCB", "3528", "3589", [16, 19]],
    ["UnionPay", "62", "62", [16, 17, 18, 19]],
    ["Maestro", "5018", "5018", [12, 13, 14, 15, 16, 17, 18, 19]],
    ["Maestro", "6759", "6763", [12, 13, 14, 15, 16, 17, 18, 19]],
  ];

/** The brand of a card number with a right check digit; undefined when it is none. Digits only. */
export function cardBrand(digits: string): string | undefined {
  if (new Set(digits).size < 3 || !isLuhn(digits)) return undefined;
  for (const [brand, from, to, lengths] of RANGES) {
    const prefix = digits.slice(0, from.length);
    if (prefix >= from && prefix <= to && lengths.includes(digits.length)) return brand;
  }
  return undefined;
}

/** The check digit of ISO/IEC 7812-1, annex B. */
export function isLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = digits.charCodeAt(digits.length - 1 - index) - 0x30;
    const doubled = digit * 2;
    sum += index % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
