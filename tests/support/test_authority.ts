import {
  type Authority,
  type CertifiedKey,
  createAuthority,
  createLeafKey,
  issueLeaf,
  loadAuthority,
} from "../../core/certificate.ts";

/** A certificate authority for one test, of the kind that bottles have. */
export class TestAuthority {
  readonly certified: CertifiedKey = createAuthority("Test CA", new Date());
  readonly #authority: Authority = loadAuthority(this.certified);
  readonly #key = createLeafKey();

  /** The root certificate, PEM. */
  get pem(): string {
    return this.certified.certificate;
  }

  /** A server certificate for one name or address. */
  leaf(host: string): CertifiedKey {
    return issueLeaf(this.#authority, this.#key, host, new Date());
  }
}
