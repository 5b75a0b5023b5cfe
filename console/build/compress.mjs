/**
 * Writes `.br` and `.gz` beside every file of `dist` that is worth it.
 *
 * Both are needed: browsers offer brotli only over TLS and to localhost, and many servers stand on a plain LAN.
 */

import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const DIST = new URL('../dist/', import.meta.url).pathname
const COMPRESSIBLE = /\.(?:js|css|html|svg)$/
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } }

const entries = await readdir(DIST, { recursive: true, withFileTypes: true })
const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))

await Promise.all(
  files
    .filter(file => COMPRESSIBLE.test(file))
    .map(async file => {
      const content = await readFile(file)
      await keepIfSmaller(`${file}.br`, content, await promisify(brotliCompress)(content, BROTLI))
      await keepIfSmaller(`${file}.gz`, content, await promisify(gzip)(content, { level: 9 }))
    }),
)

async function keepIfSmaller(file, content, compressed) {
  if (compressed.length < content.length) await writeFile(file, compressed)
}
