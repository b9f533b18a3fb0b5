/** Lets what else the process does have its turn: the bottle's requests go through it too. */
export function breath(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
