/** What is particular to the API of one kind of forge. Values in, values out. */
export interface Forge {
  /** As `key.provider` in the manifest. */
  readonly provider: string;
  /** As people call it. */
  readonly label: string;
  /** What the token must be allowed to do; part of hints. */
  readonly scope: string;
  /** Whether repositories are always `owner/name`; elsewhere groups nest. */
  readonly flat: boolean;
  /** Base of the API of the forge that serves git on `host`, without a slash at the end. */
  apiBase(host: string): string;
  /** Header fields that every request carries, the token among them. */
  headers(token: string): Readonly<Record<string, string>>;
  /** Path below the base of a repository's deploy keys. */
  keysPath(project: string): string;
  /** Query of one page of the list, from 1. */
  page(number: number): string;
  /** Body that creates a key which may push. */
  creation(title: string, publicKey: string): Readonly<Record<string, string | boolean>>;
  /** Whether a key that the forge describes may push; undefined when it does not say. */
  writable(key: Readonly<Record<string, unknown>>): boolean | undefined;
  /** Whether a refusal's message says that the key or its title is taken. */
  isCollision(status: number, message: string): boolean;
}
