import type { Page } from 'playwright-core';

/** How a page has kept up, ms. */
export interface Smoothness {
  readonly frames: number;
  readonly frameMs: { readonly p50: number; readonly p95: number; readonly p99: number };
  readonly longestMs: number;
  /** Tasks of more than 50 ms, during which nobody is answered. */
  readonly longTasks: number;
  readonly heapMb: { readonly before: number; readonly after: number };
}

/** From the request for the page to the first tile on it, with nothing cached, ms. */
export async function firstTileMs(page: Page, address: string): Promise<number> {
  await page.goto(address, { waitUntil: 'commit' });
  const at = await page.evaluate(
    `new Promise((resolve) => {
      const look = () => document.querySelector('.tile') === null
        ? requestAnimationFrame(look)
        : resolve(performance.now());
      look();
    })`,
  );
  return Number(at);
}

/** From a key in the search field to what was found on the screen, ms. */
export async function searchMs(page: Page, text: string): Promise<number> {
  const took = await page.evaluate(`(async () => {
    const field = document.querySelector('input[type=search]');
    const began = performance.now();
    field.value = ${JSON.stringify(text)};
    field.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    return performance.now() - began;
  })()`);
  return Number(took);
}

/** Watches every frame for so long. */
export async function smoothnessOf(page: Page, watchedMs: number): Promise<Smoothness> {
  const before = await heapMb(page);
  const { gaps, longTasks }: { gaps: number[]; longTasks: number } = await page.evaluate(
    `new Promise((resolve) => {
      const gaps = [];
      let longTasks = 0;
      new PerformanceObserver((list) => { longTasks += list.getEntries().length; })
        .observe({ type: 'longtask' });
      let last = performance.now();
      const end = last + ${watchedMs};
      const step = () => {
        const now = performance.now();
        gaps.push(now - last);
        last = now;
        if (now < end) requestAnimationFrame(step);
        else resolve({ gaps, longTasks });
      };
      requestAnimationFrame(step);
    })`,
  );
  const sorted = gaps.toSorted((a, b) => a - b);
  const quantile = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return {
    frames: gaps.length,
    frameMs: { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) },
    longestMs: quantile(1),
    longTasks,
    heapMb: { before, after: await heapMb(page) },
  };
}

/** What is still in use after all garbage has gone. */
async function heapMb(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize / 1e6;
}
