/** How the console is built and how its unit tests run. */

import optimizeLocales from '@react-aria/optimize-locales-plugin'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

/** Where `npm run dev` finds a server; the console itself always talks to its own origin. */
const SERVER = process.env.NATLENS_SERVER ?? 'http://127.0.0.1:8860'

// The server takes changes from its own origin only: it compares `Origin` with `Host`, so the browser's `Host` must stay.
const PROXY = { '/api': { target: SERVER, changeOrigin: false } }

export default defineConfig({
  plugins: [
    react(),
    // Without this, react-aria brings its words in more than thirty languages.
    { ...optimizeLocales.vite({ locales: ['en-US', 'zh-CN'] }), enforce: 'pre' },
  ],
  build: {
    // The oldest browsers that know `light-dark()` and `@property`.
    target: ['chrome123', 'firefox128', 'safari17.5'],
    // For `build/budgets.mjs`.
    manifest: true,
    chunkSizeWarningLimit: 800,
    // The policy of the server allows no `data:` addresses.
    assetsInlineLimit: 0,
  },
  server: { proxy: PROXY },
  preview: { proxy: PROXY },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/testing/setup.ts'],
    restoreMocks: true,
  },
})
