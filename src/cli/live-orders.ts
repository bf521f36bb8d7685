import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, configPath, loadConfig } from '../fleet/config.ts';
import { takeOrder } from '../journal/orders.ts';
import type { Orders } from '../migration/service.ts';
import type { Importance } from '../policy/vocabulary.ts';

/** How often somebody's word and the config file are looked for. */
const lookMs = 500;

/** What is ordered while a migration runs: by `drover importance`, and by the config file. */
export class LiveOrders {
  readonly #id: string;
  readonly #configFlag: string | undefined;
  readonly #tell: (message: string) => void;
  readonly #end = new AbortController();
  #importance: Importance | undefined;
  #config: Config | undefined;
  #changedMs: number | undefined;
  #told = '';

  constructor(id: string, configFlag: string | undefined, tell: (message: string) => void) {
    this.#id = id;
    this.#configFlag = configFlag;
    this.#tell = tell;
  }

  now(): Orders {
    return { importance: this.#importance, config: this.#config };
  }

  /** Looks until `stop`. What cannot be read is told, and what was ordered before holds. */
  async watch(): Promise<void> {
    while (!this.#end.signal.aborted) {
      try {
        await this.#look();
      } catch (error) {
        this.#tellOnce(error instanceof Error ? error.message : String(error));
      }
      await sleep(lookMs, undefined, { signal: this.#end.signal }).catch(() => undefined);
    }
  }

  stop(): void {
    this.#end.abort();
  }

  async #look(): Promise<void> {
    const importance = await takeOrder(this.#id);
    if (importance !== undefined) {
      this.#importance = importance;
      this.#tell(`The importance is ${importance} now.`);
    }
    const path = await configPath(this.#configFlag);
    if (path === undefined) return;
    const { mtimeMs } = await stat(path);
    const changed = this.#changedMs !== undefined && this.#changedMs !== mtimeMs;
    this.#changedMs = mtimeMs;
    if (!changed) return;
    this.#config = await loadConfig(this.#configFlag);
    this.#tell(`${path} has changed: what it says of the hosts holds from now on.`);
  }

  #tellOnce(message: string): void {
    if (message === this.#told) return;
    this.#told = message;
    this.#tell(message);
  }
}
