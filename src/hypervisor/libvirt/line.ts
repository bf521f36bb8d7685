import { type Connection, connect } from '../../libvirt/index.ts';

/**
 * A connection that is made when it is first needed, and made again when it was lost. Losing one
 * is nothing special: the migrations go on, and what was missed is read again.
 */
export class Line {
  readonly #address: string;
  #connection: Promise<Connection> | undefined;
  #closed = false;

  constructor(address: string) {
    this.#address = address;
  }

  get(): Promise<Connection> {
    this.#connection ??= this.#open();
    return this.#connection;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const connection = await this.#connection?.catch(() => undefined);
    await connection?.close();
  }

  async #open(): Promise<Connection> {
    try {
      const connection = await connect(this.#address);
      if (this.#closed) await connection.close();
      void connection.closed.then(() => this.#forget());
      return connection;
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  #forget(): void {
    this.#connection = undefined;
  }
}
