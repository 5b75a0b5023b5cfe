/** How the console is tested end to end: the real server, a real browser, one story after the other. */

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    environment: 'node',
    include: ['test/e2e/*.e2e.ts'],
    fileParallelism: false,
    // A record is there when its window has closed, so a story takes tens of seconds.
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
})
