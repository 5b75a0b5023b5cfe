/**
 * Starts the real server with a data folder of its own, on a port that the system chooses.
 *
 * Hides: where the program is, and how it says where it listens.
 * Knows nothing of: browsers.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const ROOT = new URL('../../..', import.meta.url).pathname

/** The program; build it with `cargo build -p natlens`. */
const PROGRAM =
  process.env.NATLENS_BIN ?? join(process.env.CARGO_TARGET_DIR ?? `${ROOT}/target`, 'debug/natlens')

/** What the gateway of `up` has seen, again and again; its windows are 10 s long. */
const RECORDING = join(ROOT, 'fixtures/capture/demo.recording')

/** How long the program may take to listen. Unit: milliseconds. */
const START_MAX = 30_000

/** How long it may take to end. Unit: milliseconds. */
const STOP_MAX = 20_000

export type TestServer = {
  url: string
  /** Signs in `admin`, once. */
  signInLink: string
  /** Runs the program's command line against this server and gives what it prints. */
  natlens(...args: string[]): Promise<string>
  stop(): Promise<void>
}

/** A server with a gateway whose traffic is replayed from a recording. */
export async function startServerWithGateway(): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'natlens-console-'))
  const data = join(folder, 'data')
  const args = [
    'up',
    ...['--replay', RECORDING, '--window-seconds', '10'],
    ...['--state-folder', join(folder, 'agent')],
    ...['--listen', '127.0.0.1:0', '--data-folder', data],
  ]
  const program = spawn(PROGRAM, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const stop = async () => {
    await ended(program)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const { url, signInLink } = await announced(program)
    const natlens = async (...told: string[]) => {
      const key = ['--key-file', join(data, 'admin-key.toml')]
      const { stdout } = await promisify(execFile)(PROGRAM, [...told, ...key], { cwd: folder })
      return stdout
    }
    return { url, signInLink, natlens, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Waits until the program has said where it listens and how to sign in. */
function announced(program: ChildProcess): Promise<{ url: string; signInLink: string }> {
  return new Promise((resolve, reject) => {
    const log: string[] = []
    const fail = (why: string) => reject(new Error(`${PROGRAM}: ${why}\n${log.join('\n')}`))
    const timer = setTimeout(() => fail(`does not listen after ${START_MAX} ms`), START_MAX)
    program.on('error', error =>
      fail(`cannot be started: build it with \`cargo build -p natlens\` (${error})`),
    )
    program.on('exit', code => fail(`ended with ${code}`))

    let url = ''
    const hear = (line: string) => {
      log.push(line)
      url = /^listening on (\S+)/.exec(line)?.[1] ?? url
      const signInLink = /^sign in at (\S+)/.exec(line)?.[1]
      if (url === '' || signInLink === undefined) return
      clearTimeout(timer)
      resolve({ url, signInLink })
    }
    for (const stream of [program.stdout, program.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', hear)
    }
  })
}

/** Asks the program to end, and sees that it does. */
async function ended(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.pid === undefined) return
  const exit = new Promise<void>(resolve => program.once('exit', () => resolve()))
  const timer = setTimeout(() => program.kill('SIGKILL'), STOP_MAX)
  program.kill('SIGTERM')
  await exit
  clearTimeout(timer)
}
