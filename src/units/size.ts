const bytesPerUnit: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/** Reads `512KiB`, `256MiB`, `1.5 GiB` in bytes; `undefined` for anything else. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|TiB)$/.exec(text.trim());
  const factor = bytesPerUnit[match?.[2] ?? ''];
  return match === null || factor === undefined ? undefined : Math.round(Number(match[1]) * factor);
}
