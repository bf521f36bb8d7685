/** Tells what keeps coming back once. */
export class Once {
  readonly #tell: (message: string) => void;
  /** Most migrations have nothing to tell, and thousands run: then there is none. */
  #told: Set<string> | undefined;

  constructor(tell: (message: string) => void) {
    this.#tell = tell;
  }

  tell(message: string): void {
    this.#told ??= new Set();
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#tell(message);
  }
}
