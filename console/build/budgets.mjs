/**
 * Fails when a page asks the browser for more than its budget.
 *
 * Reads Vite's manifest: a page is the entry, its own chunk, and all that they import at once.
 */

import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

const DIST = new URL('../dist/', import.meta.url).pathname

/** Unit: kB of 1000 bytes, gzip. */
const PAGES = [
  { page: 'list', chunk: 'src/pages/flow-logs/flow-logs-page.tsx', budget: 220 },
  { page: 'search', chunk: 'src/pages/search/search-page.tsx', budget: 370 },
]
const LAZY_CHUNK_BUDGET = 260

/** All files together. Unit: kB of 1000 bytes, brotli. */
const TOTAL_BUDGET = 800

const manifest = JSON.parse(await readFile(join(DIST, '.vite/manifest.json'), 'utf8'))
const failures = []

for (const { page, chunk, budget } of PAGES) {
  const files = new Set([...filesOf('index.html'), ...filesOf(chunk)])
  await check(`${page} page, gzip`, await sum([...files], '.gz'), budget)
}
for (const { file, isDynamicEntry } of Object.values(manifest)) {
  if (isDynamicEntry) await check(`${file}, gzip`, await sum([file], '.gz'), LAZY_CHUNK_BUDGET)
}
const all = (await readdir(DIST, { recursive: true })).filter(file => file.endsWith('.br'))
await check('everything, brotli', await sum(all, ''), TOTAL_BUDGET)

// Only this check needs the manifest; the server would otherwise offer it.
await rm(join(DIST, '.vite'), { recursive: true })

if (failures.length > 0) {
  console.error(`over budget: ${failures.join('; ')}`)
  process.exitCode = 1
}

/** The files that one chunk needs before it runs. */
function filesOf(key, seen = new Set()) {
  const chunk = manifest[key]
  if (chunk === undefined) throw new Error(`no chunk '${key}' in the manifest: name the page's file here`)
  if (seen.has(key)) return []
  seen.add(key)
  const imported = (chunk.imports ?? []).flatMap(next => filesOf(next, seen))
  return [chunk.file, ...(chunk.css ?? []), ...imported]
}

/** Unit: kB. A file that is too small to compress counts as it is. */
async function sum(files, suffix) {
  let bytes = 0
  for (const file of files) {
    const content = await readFile(join(DIST, file + suffix)).catch(() => readFile(join(DIST, file)))
    bytes += content.length
  }
  return bytes / 1000
}

async function check(name, used, budget) {
  console.log(`${name}: ${used.toFixed(0)} of ${budget} kB`)
  if (used > budget) failures.push(`${name} ${used.toFixed(0)} kB > ${budget} kB`)
}
