import { defineConfig } from 'vite';

/** The dashboard. All of it is served by `drover serve`, and nothing is loaded from elsewhere. */
export default defineConfig({
  root: 'src/web',
  base: '/',
  // What a page would have within itself our own policy forbids.
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2023',
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});
